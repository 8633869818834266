"""What an echo is asked with."""

from pydantic import BaseModel


class Args(BaseModel, extra="forbid"):
    """A text, and how often to say it."""

    text: str = "hello"
    times: int = 1
