"""Moments for tests of what reads the clock, and jobs that stand in the queue."""

import random
from collections.abc import Mapping
from dataclasses import replace

from beatstitch import queue
from beatstitch.db.jobs import Job
from beatstitch.queue import Claim, Instant, Kind

DICE = random.Random(1)  # noqa: S311 - no secret hangs on it
START = Instant(wall_ms=1_800_000_000_000, boot_ms=5_000_000, boot_id="boot-1")

PREVIEW = Kind("preview", "toys.echo", "interactive", "light", 10, 3, per_user=2)
FINAL = Kind("final", "toys.echo", "batch", "light", 10, 3, per_user=2)
CHUNK = Kind("chunk", "toys.echo", "batch", "heavy", 10, 3)
PROBE = Kind("probe", "toys.echo", "interactive", "light", 10, 2)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (PREVIEW, FINAL, CHUNK, PROBE)}


def after(seconds: float) -> Instant:
    """That long after START, by both clocks."""
    ms = round(seconds * 1000)
    return replace(START, wall_ms=START.wall_ms + ms, boot_ms=START.boot_ms + ms)


def submitted(
    kind: Kind = PROBE, seconds: float = 0, user: str | None = None, key: str | None = None
) -> Job:
    """A queued job."""
    return queue.submit(kind, {}, at=after(seconds), user_id=user, unique_key=key)


def claimed(
    seconds: float = 0, owner: str = "worker-1", kinds: tuple[Kind, ...] = tuple(KINDS.values())
) -> Claim:
    """The next job, claimed."""
    claim = queue.claim(owner, kinds, after(seconds))
    assert claim is not None
    return claim


def fresh(job: Job | str) -> Job:
    """The row as it is now."""
    return Job.get_by_id(job if isinstance(job, str) else job.id)
