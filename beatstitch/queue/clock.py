"""One moment by the two clocks that the queue reads.

The wall clock orders and stamps; it may step. The boot clock (CLOCK_BOOTTIME) never steps and runs
on in sleep, so leases are counted in it; it starts anew with each boot, which the boot id tells.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment: wall time in ms since 1970, and ms since the boot named by `boot_id`."""

    wall_ms: int
    boot_ms: int
    boot_id: str

    def stamp(self) -> datetime:
        """The wall time for people."""
        return datetime.fromtimestamp(self.wall_ms / 1000, UTC)


def now() -> Instant:
    """This moment."""
    return Instant(
        time.time_ns() // 1_000_000,
        time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
        _boot_id(),
    )


@cache
def _boot_id() -> str:
    return _BOOT_ID.read_text().strip()
