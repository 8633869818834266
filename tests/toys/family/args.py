"""What a family is asked with."""

from dataclasses import dataclass

from pydantic import BaseModel


class Args(BaseModel, extra="forbid"):
    """The parts to be said, and a key that each of them reads from."""

    parts: list[str]
    source_key: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """Files of the parts that are to be joined."""

    inputs: tuple[str, ...]
    key: str


@dataclass(frozen=True, slots=True)
class Joined:
    """What came of it."""

    text: str
