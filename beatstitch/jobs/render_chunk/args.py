"""What the work is asked with: a chunk of a plan, whole, so that no plan has to be made again."""

from dataclasses import dataclass

from beatstitch.render.order import ChunkOrder


@dataclass(frozen=True, slots=True)
class Args:
    """A chunk of a project's film, and the fingerprint of the FFmpeg that it was planned for."""

    project_id: str
    order: ChunkOrder
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """How large the file is that was kept, and its SHA-256. `is_told` where a decoder told of
    damage in one of its clips, which shows broken pictures then."""

    size_bytes: int
    sha256: str
    is_told: bool = False
