"""What others left behind: leases of dead workers, ends that nobody has settled, old rows."""

from collections.abc import Collection
from datetime import datetime

from peewee import Case, Expression, ModelUpdate

from beatstitch.db import base
from beatstitch.db.jobs import ENDED, Job
from beatstitch.queue import wake
from beatstitch.queue.clock import Instant
from beatstitch.queue.end import LEASE_CLEARED, RETRY_CAP_MS, close
from beatstitch.queue.kind import BATCH_STEP_MS, Kind
from beatstitch.queue.lease import LEASE_MS
from beatstitch.queue.watch import Watch

LOST_CODE = "worker_lost"
LOST_MESSAGE = "The worker that ran this job stopped without a word."
_BATCH = 500


def reap_expired(at: Instant, strangers: Watch | None = None) -> list[Job]:
    """Take back every job whose lease has ended; gives their rows.

    A lease of another boot is of an earlier one, so it has ended; but where the database is shared
    it may be another machine's. Those are ended by what `strangers` has seen of them: one that was
    not renewed for LEASE_MS. Also brings near what a step of the wall clock has thrown far into
    the future.
    """
    is_stranger = Job.lease_boot != at.boot_id
    ended = ~is_stranger & (Job.lease_until_ms < at.boot_ms)
    if not base.is_shared():
        ended |= is_stranger
    elif strangers is not None:
        ended |= _stood_still(is_stranger, strangers, at)
    _bring_near(at)
    return _take_back(ended, at)


def _bring_near(at: Instant) -> None:
    queued = Job.status == "queued"
    for column, far_ms, near_ms in (
        (Job.run_at_ms, at.wall_ms + RETRY_CAP_MS, 0),
        (Job.due_ms, at.wall_ms + 2 * BATCH_STEP_MS, at.wall_ms + BATCH_STEP_MS),
    ):
        far = queued & (column > far_ms)
        if Job.select().where(far).exists():
            with base.transaction():
                Job.update({column: near_ms}).where(far).execute()


def _stood_still(which: Expression, strangers: Watch, at: Instant) -> Expression:
    """That the job's lease is one of those that nobody has renewed for LEASE_MS."""
    running = Job.select(Job.id, Job.attempt, Job.lease_until_ms).where(
        (Job.status == "running") & which
    )
    looks = {row.id: (row.attempt, row.lease_until_ms) for row in running}
    ended: Expression = Job.id.in_(())
    for job_id, ms in strangers.unchanged_ms(looks, at).items():
        attempt, until_ms = looks[job_id]
        if ms > LEASE_MS:
            ended |= (
                (Job.id == job_id) & (Job.attempt == attempt) & (Job.lease_until_ms == until_ms)
            )
    return ended


def reap_owner(owner: str, at: Instant) -> list[Job]:
    """Take back the jobs of a worker that is known to be dead; gives their rows."""
    return _take_back(Job.lease_owner == owner, at)


def _take_back(which: Expression, at: Instant) -> list[Job]:
    """A lost worker counts as a fault: a job that kills its workers must not do so for ever."""
    lost = (Job.status == "running") & which
    if not Job.select().where(lost).exists():
        return []
    is_used_up = Job.faults + 1 >= Job.max_attempts
    taken = (
        Job.update(
            status=Case(
                None, [(Job.cancel_requested, "cancelled"), (is_used_up, "failed")], "queued"
            ),
            faults=Job.faults + 1,
            error_code=LOST_CODE,
            error_message=LOST_MESSAGE,
            run_at_ms=0,
            **LEASE_CLEARED,
        )
        .where(lost)
        .returning(Job)
    )
    return _told(taken, at)


def requeue_running(at: Instant) -> list[Job]:
    """Give back every job that runs, for a database whose workers are of another life; gives their
    rows. No fault is counted: nothing went wrong with them."""
    taken = (
        Job.update(
            status=Case(None, [(Job.cancel_requested, "cancelled")], "queued"),
            run_at_ms=0,
            **LEASE_CLEARED,
        )
        .where(Job.status == "running")
        .returning(Job)
    )
    return _told(taken, at)


def _told(taken: ModelUpdate, at: Instant) -> list[Job]:
    """Carry out the statement and what it means to others; gives the rows that it has met."""
    with base.transaction():
        rows: list[Job] = list(taken.execute())
        for row in rows:
            if row.status in ENDED:
                close(row, at)
        wake.workers()
    return rows


def unsettled(kinds: Collection[Kind], limit: int = 50) -> list[Job]:
    """Jobs that failed or were cancelled, and whose end no handler has written to its rows yet."""
    ended = Job.status.in_(("failed", "cancelled")) & ~Job.is_settled
    known = Job.kind.in_([kind.name for kind in kinds])
    return list(Job.select().where(ended & known).order_by(Job.id).limit(limit))


def mark_settled(job: Job) -> bool:
    """Claim the settling of an ended job, in the caller's transaction; False if another did it."""
    with base.transaction():
        mine = (Job.id == job.id) & Job.status.in_(("failed", "cancelled")) & ~Job.is_settled
        return bool(Job.update(is_settled=True).where(mine).execute())


def prune(before: datetime) -> int:
    """Remove jobs that ended before then, children with their parents; gives how many parents.

    In batches, so that nobody waits long for the database.
    """
    old = Job.status.in_(ENDED) & Job.parent.is_null() & (Job.finished_at < before)
    removed = 0
    while True:
        batch = Job.select(Job.id).where(old).limit(_BATCH)
        with base.transaction():
            count = int(Job.delete().where(Job.id.in_(batch)).execute())
        removed += count
        if count < _BATCH:
            return removed
