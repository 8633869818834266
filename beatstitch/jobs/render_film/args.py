"""What the work is asked with, and the ticket of the join."""

from dataclasses import dataclass
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
class Ticket:
    """A film whose chunks and song are there, and where it and its sync report are kept."""

    order: FilmOrder
    film_key: str
    report_key: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The storage keys that have to be at hand."""
        return self.order.inputs

    @property
    def media_s(self) -> float:
        """The length of the film in seconds."""
        return float(self.order.plan.duration_s)


@dataclass(frozen=True, slots=True)
class Joined:
    """A film as it was kept: its size, and what was measured of it."""

    size_bytes: int
    report: SyncReport
