"""A text beside a command: what FFmpeg reads from a file and not from what it is told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A text that FFmpeg reads from a file beside its outputs."""

    name: str
    content: str

    @property
    def place(self) -> str:
        """What stands in a filter graph until its folder is known."""
        return f"<{self.name}>"
