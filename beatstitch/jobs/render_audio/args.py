"""What the work is asked with."""

from dataclasses import dataclass

from beatstitch.render.order import SongOrder


@dataclass(frozen=True, slots=True)
class Args:
    """The song of a project's film."""

    project_id: str
    order: SongOrder


@dataclass(frozen=True, slots=True)
class Rendered:
    """How large the file is that was kept, and its SHA-256."""

    size_bytes: int
    sha256: str
