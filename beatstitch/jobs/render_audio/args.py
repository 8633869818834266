"""What the work is asked with."""

from dataclasses import dataclass

from beatstitch.render.order import SongOrder


@dataclass(frozen=True, slots=True)
class Args:
    """The song of a project's film."""

    project_id: str
    order: SongOrder
