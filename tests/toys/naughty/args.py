"""Which of the tricks."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel


class Args(BaseModel, extra="forbid"):
    """The name of a trick, and a file outside that it may leave a mark in."""

    trick: str
    mark: str = ""
    media_s: float = 0


@dataclass(frozen=True, slots=True)
class Ticket:
    """The same, for the child."""

    trick: str
    mark: Path
    media_s: float
    inputs: tuple[str, ...] = ()
