"""What the end of an attempt comes to: rows and storage are written here, and nowhere else.

Kept files get their final names first; then one transaction writes the result's rows and ends the
job. A fault at any place before its commit leaves a job that can be done again.
"""

import contextlib
import json
import logging
import random
import signal
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from beatstitch import queue
from beatstitch.db import base
from beatstitch.db.jobs import Job
from beatstitch.errors import BeatstitchError, Cancelled, NotFound
from beatstitch.queue import Claim, Fault, Instant, LeaseLost, Line
from beatstitch.queue.kind import Kind
from beatstitch.worker import wire
from beatstitch.worker.attempt import Attempt, Ground
from beatstitch.worker.child import DISK_FULL, FULL, INTERNAL, TRANSIENT
from beatstitch.worker.failpoint import failpoint

log = logging.getLogger(__name__)
CRASHES = {-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGILL, -signal.SIGFPE}


def conclude(attempt: Attempt, code: int, ground: Ground, at: Instant, rng: random.Random) -> None:
    """Write what a child that has ended leaves: its result, its fault, or that it was stopped.

    `code` is its exit code, or minus the signal that killed it. Raises Unavailable when the
    database is locked: then nothing was written, and it may be called again.
    """
    lease = attempt.lease
    try:
        if attempt.is_done and attempt.ending in (None, "leave"):
            settle(attempt, ground, at)
            log.info("job done", extra={"seconds": (at.boot_ms - attempt.began_ms) / 1000})
        elif attempt.ending == "cancel":
            stop(attempt.claim, at)
        elif attempt.ending == "leave":
            queue.give_back(lease, at)
            log.info("job given back")
        elif attempt.ending == "lost":
            log.warning("attempt thrown away: its lease was lost")
        else:
            fail(attempt.claim, _fault(attempt, code), at, rng, attempt.lines)
    except LeaseLost:
        log.warning("attempt thrown away: the job was claimed again")
    except Cancelled:
        stop(attempt.claim, at)
    except BeatstitchError as fault:
        if fault.code == "database_busy":
            raise
        fail(attempt.claim, fault_of(fault), at, rng, attempt.lines)
    except Exception as fault:
        log.exception("the result cannot be settled")
        fail(attempt.claim, fault_of(fault), at, rng, attempt.lines)


def settle(attempt: Attempt, ground: Ground, at: Instant) -> None:
    """Move what was kept into the storage, then end the job together with its result's rows; one
    whose parts turned out to be unfit waits for new ones instead."""
    result = _result_of(attempt.rows).validate_json(wire.result_file(attempt.folder).read_bytes())
    scratch = wire.scratch(attempt.folder).resolve()
    kept: dict[str, str] = json.loads(wire.kept_file(attempt.folder).read_bytes())
    for key, path in kept.items():
        file = Path(path)
        # Once stored it is gone from here; a second try after a locked database goes on from there.
        if file.exists():
            ground.storage.put(_inside(file, scratch), key)
    failpoint("kept")
    with base.transaction():
        summary = attempt.rows.settle(attempt.claim.job, attempt.ticket, result)
        queue.note(attempt.lease, attempt.lines)
        if isinstance(summary, queue.FanOut):
            queue.fan_out(attempt.lease, summary, ground.kinds, at)
        else:
            queue.finish(attempt.lease, summary, at)
        failpoint("settled")
    failpoint("committed")


@cache
def _result_of(rows: ModuleType) -> TypeAdapter[Any]:
    types: dict[str, Any] = get_type_hints(rows.settle)
    return TypeAdapter(types["result"])


def _inside(file: Path, scratch: Path) -> Path:
    if file.is_symlink() or not file.resolve().is_relative_to(scratch):
        raise ValueError(f"the handler kept what is not its own: {file}")
    return file


def fail(claim: Claim, fault: Fault, at: Instant, rng: random.Random, lines: list[Line]) -> None:
    """Write that the attempt went wrong; the lease may be lost, then somebody else has the job."""
    try:
        with base.transaction():
            queue.note(claim.lease, [*lines, Line(at.stamp(), "ERROR", fault.message)])
            job = queue.fail(claim.lease, fault, at, rng)
    except LeaseLost:
        log.warning("attempt thrown away: the job was claimed again")
        return
    log.warning(
        "job failed" if job.status == "failed" else "job will be tried again",
        extra={"code": fault.code, "faults": job.faults, "status": job.status},
    )


def stop(claim: Claim, at: Instant) -> None:
    """Write that the job is cancelled, unless somebody else has it."""
    with contextlib.suppress(LeaseLost):
        queue.stop(claim.lease, at)
        log.info("job cancelled")


def fault_of(error: Exception) -> Fault:
    """What an error of a handler, or on the way to it, means to its job."""
    if isinstance(error, BeatstitchError):
        return Fault(error.code, error.message, isinstance(error, TRANSIENT))
    if isinstance(error, OSError) and error.errno in FULL:
        return Fault(*DISK_FULL, is_transient=True)
    return Fault(*INTERNAL, is_transient=False)


def _fault(attempt: Attempt, code: int) -> Fault:
    limit_s = attempt.time_limit_s
    if attempt.ending == "timeout" or code == -signal.SIGXCPU:
        return Fault("timeout", f"This took longer than the {limit_s:.0f} s it may take.", False)
    if attempt.ending == "stall":
        return Fault("stalled", f"Nothing moved for {attempt.kind.stall_s:.0f} s.", False)
    if attempt.fault is not None:
        return attempt.fault
    if code in CRASHES:
        return Fault("crashed", "The program that ran this job crashed.", False)
    return Fault("child_lost", "The process that ran this job was killed.", True)


def settle_failures(kinds: Collection[Kind]) -> None:
    """Tell the rows of jobs that failed or were cancelled, whoever ended them."""
    for job in queue.unsettled(kinds):
        kind = next(kind for kind in kinds if kind.name == job.kind)
        with base.transaction():
            if not queue.mark_settled(job):
                continue
            try:
                with base.transaction():
                    _give_up(kind, job)
            except NotFound:  # what it would have told has been deleted
                log.debug("nobody left to tell", extra={"job_id": job.id})
            except Exception:
                log.exception("the rows of a failed job cannot be told", extra={"job_id": job.id})


def _give_up(kind: Kind, job: Job) -> None:
    give_up: Callable[[Job], None] | None = getattr(kind.module("rows"), "give_up", None)
    if give_up is not None:
        give_up(job)
