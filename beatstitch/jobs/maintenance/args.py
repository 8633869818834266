"""What the work is asked with: nothing; and its ticket, which says what was tidied."""

from dataclasses import dataclass

from beatstitch.inventory.age import Aged
from beatstitch.inventory.sweep import Swept


@dataclass(frozen=True, slots=True)
class Args:
    """Nothing to choose."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What has been removed."""

    jobs: int
    tokens: int
    deeds: int
    answers: int
    uploads: int
    aged: Aged
    swept: Swept
    inputs: tuple[str, ...] = ()
