"""What the work is asked with and what it answers."""

from dataclasses import dataclass

from beatstitch.render.mezzanine import MezzanineOrder


@dataclass(frozen=True, slots=True)
class Args:
    """Parts of a clip of a project, for one of its films."""

    project_id: str
    order: MezzanineOrder


@dataclass(frozen=True, slots=True)
class Made:
    """How large the file is that was kept, and its SHA-256."""

    size_bytes: int
    sha256: str
