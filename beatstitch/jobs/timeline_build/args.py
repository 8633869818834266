"""What the work is asked with and what it answers."""

from dataclasses import dataclass

from beatstitch.timeline.choose import Medium
from beatstitch.timeline.keep import Locked
from beatstitch.timeline.settings import TimelineSettings


@dataclass(frozen=True, slots=True)
class Args:
    """The project whose timeline is to be made anew from its current song, media and settings."""

    project_id: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """Everything the timeline is made of, and where it is kept. Of `set_aside` only the segments
    show something that are `locked` in the timeline before."""

    project_id: str
    grid_key: str
    grid_checksum: str
    media: tuple[Medium, ...]
    media_fingerprint: str
    settings: TimelineSettings
    edl_prefix: str
    generated_at: str
    locked: Locked | None = None
    set_aside: tuple[Medium, ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """The storage keys that have to be at hand."""
        return (self.grid_key,)


@dataclass(frozen=True, slots=True)
class Built:
    """The EDL as it was kept: its hash, its key, and what people are told of it."""

    edl_hash: str
    edl_key: str
    segment_count: int
    total_duration_us: int
    warnings: tuple[str, ...]
