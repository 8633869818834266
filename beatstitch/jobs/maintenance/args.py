"""What the work is asked with: nothing; and its ticket, which says what was tidied."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Args:
    """Nothing to choose."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What has been removed."""

    jobs: int
    tokens: int
    inputs: tuple[str, ...] = ()
