"""What the work is asked with, and the ticket of the join."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from beatstitch.render.order import FilmOrder
from beatstitch.render.sync import SyncReport
from beatstitch.render.target import AS_PLANNED, Target


@dataclass(frozen=True, slots=True)
class Args:
    """A project's timeline, by its hash, what for, and how the film is delivered."""

    project_id: str
    edl_hash: str
    job_type: Literal["preview", "final"]
    target: Target = AS_PLANNED


@dataclass(frozen=True, slots=True)
class Origin:
    """One file that a film was made of: its id, the name people know it by, its SHA-256."""

    id: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Origins:
    """What a film comes from, to be written down beside it under `key`. `grid_key` is None for a
    timeline whose beat grid is no longer kept."""

    key: str
    edl_key: str
    grid_key: str | None
    song: Origin
    media: tuple[Origin, ...]
    target: Target

    @property
    def inputs(self) -> tuple[str, ...]:
        """The storage keys that have to be at hand."""
        return tuple(filter(None, (self.edl_key, self.grid_key)))


@dataclass(frozen=True, slots=True)
class Ticket:
    """A film whose chunks and song are there, and where it and its sync report are kept.

    `sha256` says what is known of their files, by storage key.
    """

    order: FilmOrder
    film_key: str
    report_key: str
    origins: Origins | None = None
    sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The storage keys that have to be at hand."""
        return (*self.order.inputs, *(self.origins.inputs if self.origins else ()))

    @property
    def media_s(self) -> float:
        """The length of the film in seconds."""
        return float(self.order.plan.duration_s)


@dataclass(frozen=True, slots=True)
class Joined:
    """A film as it was kept: its size, and what was measured of it."""

    size_bytes: int
    report: SyncReport


@dataclass(frozen=True, slots=True)
class Spoiled:
    """No film was made, for these parts of it, by name, aren't any more what was kept."""

    names: tuple[str, ...]
