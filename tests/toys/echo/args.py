"""What an echo is asked with, its ticket and its result."""

from dataclasses import dataclass

from pydantic import BaseModel


class Args(BaseModel, extra="forbid"):
    """A text, and how often to say it."""

    text: str = "hello"
    times: int = 1
    source_key: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the child needs: the words, where to keep them, and a file to read them from, if any."""

    text: str
    times: int
    key: str
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Echo:
    """How many bytes were kept, who wrote them, and when that began (wall clock)."""

    size: int
    pid: int
    began_ms: float
