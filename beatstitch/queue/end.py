"""How an attempt ends: finished, failed, stopped or given back.

Each is one guarded statement; what it means to others is written in the same transaction.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from peewee import Case

from beatstitch.db import base
from beatstitch.db.jobs import ENDED, Job
from beatstitch.errors import Cancelled
from beatstitch.queue import aftermath
from beatstitch.queue.clock import Instant
from beatstitch.queue.lease import Lease, LeaseLost

RETRY_BASE_MS = 2_000
RETRY_CAP_MS = 300_000
LEASE_CLEARED: Mapping[str, None] = {
    "lease_owner": None,
    "lease_boot": None,
    "lease_until_ms": None,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an attempt failed. Only a transient fault is worth another attempt."""

    code: str
    message: str
    is_transient: bool


def finish(lease: Lease, result: Mapping[str, object] | None, at: Instant) -> None:
    """The job is complete. Call it in the transaction that writes the result's rows.

    Raises LeaseLost, and Cancelled when somebody has asked the job to stop: then roll back.
    """
    with base.transaction():
        done = (
            Job.update(
                status="complete",
                result=None if result is None else dict(result),
                progress_percent=100,
                error_code=None,
                error_message=None,
                finished_at=at.stamp(),
                is_settled=True,
                **LEASE_CLEARED,
            )
            .where(lease.is_held() & ~Job.cancel_requested)
            .returning(*aftermath.MATTERS)
        )
        rows = list(done.execute())
        if not rows:
            if Job.select().where(lease.is_held()).exists():
                raise Cancelled("cancelled", "The job was cancelled.")
            raise LeaseLost(lease)
        aftermath.of(rows[0], at)


def fail(lease: Lease, fault: Fault, at: Instant, rng: random.Random) -> Job:
    """The attempt went wrong: the job waits for its next attempt, or has failed.

    Gives the row as it is then. Raises LeaseLost.
    """
    job = Job.get_or_none(lease.is_held())
    if job is None:
        raise LeaseLost(lease)
    faults = job.faults + 1
    otherwise = "queued" if fault.is_transient and faults < job.max_attempts else "failed"
    return _end(
        lease,
        at,
        status=Case(None, [(Job.cancel_requested, "cancelled")], otherwise),
        faults=faults,
        error_code=fault.code,
        error_message=fault.message,
        run_at_ms=at.wall_ms + delay_ms(faults, rng),
    )


def stop(lease: Lease, at: Instant) -> Job:
    """The attempt ended because somebody asked for it: the job is cancelled. Raises LeaseLost."""
    return _end(lease, at, status="cancelled", cancel_requested=True)


def give_back(lease: Lease, at: Instant) -> Job:
    """The worker leaves: the job is queued again, and no fault is counted. Raises LeaseLost."""
    status = Case(None, [(Job.cancel_requested, "cancelled")], "queued")
    return _end(lease, at, status=status, run_at_ms=0)


def delay_ms(faults: int, rng: random.Random) -> int:
    """How long to wait after that many faults: jittered, doubling, at most RETRY_CAP_MS."""
    most = min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** (faults - 1))
    return int(rng.uniform(RETRY_BASE_MS / 2, most))


def _end(lease: Lease, at: Instant, **columns: object) -> Job:
    with base.transaction():
        changed = Job.update(**columns, **LEASE_CLEARED).where(lease.is_held()).returning(Job)
        rows: list[Job] = list(changed.execute())
        if not rows:
            raise LeaseLost(lease)
        (job,) = rows
        if job.status in ENDED:
            close(job, at)
        return job


def close(job: Job, at: Instant) -> None:
    """Stamp a job whose status has just become an ended one, and write the consequences."""
    job.finished_at = at.stamp()
    job.save(only=[Job.finished_at])
    aftermath.of(job, at)
