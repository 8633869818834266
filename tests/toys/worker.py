"""A worker of toys, as a process: `python -m toys.worker DATABASE_URL PLACE STORAGE [WISHES]`."""

import json
import sys
from pathlib import Path

from beatstitch import logs
from beatstitch.db import base
from beatstitch.queue import Kind
from beatstitch.storage import LocalStorage
from beatstitch.worker.attempt import Ground
from beatstitch.worker.loop import Worker

GIB = 1024**3
ECHO = Kind("echo", "toys.echo", "interactive", "light", 20, 3)
SLOW_ECHO = Kind("slow_echo", "toys.echo", "batch", "light", 20, 3)
FAMILY = Kind("family", "toys.family", "interactive", "light", 20, 3, per_user=2)
NAUGHTY = Kind(
    "naughty", "toys.naughty", "interactive", "heavy", 20, 2, stall_s=10, memory_bytes=2 * GIB
)
HASTY = Kind(
    "hasty", "toys.naughty", "interactive", "heavy", 2, 2, per_media_s=1, memory_bytes=2 * GIB
)
QUIET = Kind("quiet", "toys.naughty", "interactive", "heavy", 20, 2, stall_s=0.5)
KINDS = {kind.name: kind for kind in (ECHO, SLOW_ECHO, FAMILY, NAUGHTY, HASTY, QUIET)}


def main(url: str, place: str, storage: str, settings: str = "{}") -> None:
    """Work until told to stop."""
    wishes = {"light": 2, "heavy": 2, "grace_s": 5.0, **json.loads(settings)}
    logs.start("INFO")
    base.connect(url, Path(place))
    ground = Ground(LocalStorage(Path(storage)), Path(storage) / "attempts", KINDS)
    slots = {"light": wishes["light"], "heavy": wishes["heavy"]}
    Worker(ground, slots, grace_s=wishes["grace_s"]).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
