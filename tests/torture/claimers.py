"""Many processes on one queue, with or without somebody who kills them: figures for people.

`python tests/torture/claimers.py kills [sqlite|postgresql [JOBS [CLAIMERS]]]` kills and freezes
claimers at random until all jobs are done, and prints what was lost (nothing), done twice (nothing)
and refused. `make bench-queue` measures how fast they are.
"""

import os
import random
import signal
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.context import ForkProcess as Process
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from peewee import BigIntegerField, IntegerField, TextField

from beatstitch import queue
from beatstitch.db import base, schema
from beatstitch.db.jobs import Job
from beatstitch.errors import Unavailable
from beatstitch.queue import LeaseLost, presence
from moments import KINDS, PROBE
from postgres import cluster

JOBS_A_LIFE = 3
LOOK_EVERY_S = 0.01
WORK_S = 0.02
SHORT_LEASE_MS = 1_000
REAP_EVERY_S = 0.25
FROZEN_SHARE = 0.2
FROZEN_S = 2.5 * SHORT_LEASE_MS / 1000


class Done(base.Row):
    """One accepted result."""

    job_id = TextField()
    attempt = IntegerField()
    claimed_ms = BigIntegerField()


class Refused(base.Row):
    """One result that came too late."""

    job_id = TextField()


def work(url: str, place: Path, lease_ms: int, work_s: float) -> None:
    """Claim and finish until nothing is left to claim or to wait for."""
    for module in ("lease", "claim"):
        import_module(f"beatstitch.queue.{module}").LEASE_MS = lease_ms
    base.connect(url, place)
    owner = presence.new_owner()
    here = presence.Presence(owner)
    next_reap = 0.0
    while Job.select().where(Job.status.in_(("queued", "running"))).exists():
        try:
            if time.monotonic() >= next_reap:
                next_reap = time.monotonic() + REAP_EVERY_S
                _reap()
            taken = queue.claim(owner, tuple(KINDS.values()), queue.now())
            if taken is not None:
                time.sleep(work_s)
                _finish(taken)
        except Unavailable:  # somebody was frozen inside a transaction
            continue
        if taken is None:
            time.sleep(0.02)
    here.close()


def _reap() -> None:
    queue.reap_expired(queue.now())
    for dead in presence.dead():
        queue.reap_owner(dead, queue.now())
        presence.bury(dead)


def _finish(taken: queue.Claim) -> None:
    claimed_ms = queue.now().wall_ms
    try:
        with base.transaction():
            Done.create(job_id=taken.job.id, attempt=taken.lease.attempt, claimed_ms=claimed_ms)
            queue.finish(taken.lease, None, queue.now())
    except LeaseLost:
        with base.transaction():
            Refused.create(job_id=taken.job.id)


@dataclass(frozen=True, slots=True)
class Toll:
    """What a run with kills came to."""

    jobs: int
    kills: int
    freezes: int
    lost: int
    twice: int
    again: int
    refused: int
    recovery_ms: tuple[int, ...]
    seconds: float


def kills(url: str, place: Path, jobs: int, claimers: int, dice: random.Random) -> Toll:
    """Kill or freeze a random claimer again and again until every job is done.

    The process is connected to an empty queue at `url`.
    """
    fill(jobs, max_attempts=1_000_000)
    began = time.monotonic()
    killed = freezes = 0
    held: dict[str, int] = {}
    processes = [start(url, place, SHORT_LEASE_MS, WORK_S) for _ in range(claimers)]
    frozen: dict[int, float] = {}
    while left := _left():
        # Not by the clock: on a machine with other things to do nobody would live long enough.
        target = max(0, left - dice.randrange(1, JOBS_A_LIFE * claimers))
        while _left() > target:
            time.sleep(LOOK_EVERY_S)
            _thaw(processes, frozen)
        index = dice.randrange(claimers)
        victim = processes[index]
        if index in frozen or not victim.is_alive():
            continue
        if dice.random() < FROZEN_SHARE:
            os.kill(_pid(victim), signal.SIGSTOP)
            frozen[index] = time.monotonic() + FROZEN_S
            freezes += 1
            continue
        victim.kill()
        now_ms = queue.now().wall_ms
        victim.join()
        held.update(dict.fromkeys(_held_by(_pid(victim)), now_ms))
        killed += 1
        processes[index] = start(url, place, SHORT_LEASE_MS, WORK_S)
    for index in frozen:
        os.kill(_pid(processes[index]), signal.SIGCONT)
    for process in processes:
        process.join()
    return _toll(jobs, killed, freezes, held, time.monotonic() - began)


def _toll(jobs: int, killed: int, freezes: int, held: dict[str, int], seconds: float) -> Toll:
    accepted = [(row.job_id, row.claimed_ms) for row in Done.select()]
    again = sum(row.attempt - 1 for row in Job.select())
    recovery = [at - held[job] for job, at in accepted if job in held and at >= held[job]]
    return Toll(
        jobs=jobs,
        kills=killed,
        freezes=freezes,
        lost=Job.select().where(Job.status != "complete").count(),
        twice=len(accepted) - len({job_id for job_id, _ in accepted}),
        again=again,
        refused=Refused.select().count(),
        recovery_ms=tuple(sorted(recovery)),
        seconds=seconds,
    )


def _held_by(pid: int) -> list[str]:
    mine = (Job.status == "running") & Job.lease_owner.contains(f"-{pid}-")
    return [job.id for job in Job.select(Job.id).where(mine)]


def _pid(process: Process) -> int:
    assert process.pid is not None
    return process.pid


def _thaw(processes: list[Process], frozen: dict[int, float]) -> None:
    for index in [index for index, until in frozen.items() if time.monotonic() >= until]:
        os.kill(_pid(processes[index]), signal.SIGCONT)
        del frozen[index]


def _left() -> int:
    return Job.select().where(Job.status != "complete").count()


def fill(jobs: int, max_attempts: int) -> None:
    """Put that many jobs into the queue."""
    with base.transaction():
        base.database.create_tables([Done, Refused])
        for _ in range(jobs):
            queue.submit(PROBE, {}, at=queue.now())
        Job.update(max_attempts=max_attempts).execute()


def start(url: str, place: Path, lease_ms: int, work_s: float) -> Process:
    """A process that works until nothing is left."""
    base.disconnect()  # a connection must not be carried over a fork
    process = get_context("fork").Process(target=work, args=(url, place, lease_ms, work_s))
    process.start()
    return process


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[str]:
    """The process is connected to an empty queue of this kind, durable as in earnest."""
    with ExitStack() as house:
        if kind == "postgresql":
            url = house.enter_context(cluster(is_durable=True)).new(is_empty=True)
        else:
            url = f"sqlite:///{folder}/beatstitch.db"
        base.connect(url, folder)
        schema.upgrade()
        yield url
        base.disconnect()


def main(_: str, kind: str = "sqlite", jobs: str = "10000", claimers: str = "16") -> None:
    """See the top of the file."""
    seed = int.from_bytes(os.urandom(4))
    with TemporaryDirectory() as folder, opened(kind, Path(folder)) as url:
        _say(f"{kind}, seed {seed}")
        dice = random.Random(seed)  # noqa: S311 - no secret
        toll = kills(url, Path(folder), int(jobs), int(claimers), dice)
        times = toll.recovery_ms or (0,)
        _say(f"{toll.jobs} jobs, {toll.kills} kills, {toll.freezes} freezes, {toll.seconds:.0f} s")
        _say(f"lost {toll.lost}, twice {toll.twice}, again {toll.again}, refused {toll.refused}")
        _say(f"recovery p50 {statistics.median(times):.0f}, max {times[-1]} ms")
    if toll.lost or toll.twice:
        sys.exit(1)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
