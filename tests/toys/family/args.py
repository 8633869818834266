"""What a family is asked with."""

from dataclasses import dataclass

from pydantic import BaseModel


class Args(BaseModel, extra="forbid"):
    """The parts to be said, and which kind of job says them."""

    parts: list[str]
    kind: str = "echo"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Files of the parts that are to be joined."""

    inputs: tuple[str, ...]
    key: str


@dataclass(frozen=True, slots=True)
class Joined:
    """What came of it."""

    text: str
