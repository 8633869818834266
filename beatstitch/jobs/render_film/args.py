"""What the work is asked with, and the ticket of the join."""

from dataclasses import dataclass
from typing import Literal

from beatstitch.render.order import FilmOrder


@dataclass(frozen=True, slots=True)
class Args:
    """A project's timeline, by its hash, and what for."""

    project_id: str
    edl_hash: str
    job_type: Literal["preview", "final"]


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
