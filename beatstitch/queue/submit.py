"""The asker's side: put a job into the queue, or one that failed back into it."""

from collections.abc import Mapping

from peewee import IntegrityError

from beatstitch.db import base, jobs
from beatstitch.db.jobs import ENDED, LIVE, Job
from beatstitch.errors import Conflict
from beatstitch.queue import order, wake
from beatstitch.queue.clock import Instant
from beatstitch.queue.kind import Kind

STOPPED_WITHIN_S = 2
"""How long a worker takes to stop what it has in hand."""


def submit(
    kind: Kind,
    args: Mapping[str, object],
    *,
    at: Instant,
    user_id: str | None = None,
    project_id: str | None = None,
    unique_key: str | None = None,
    request_id: str | None = None,
) -> Job:
    """Queue a job, in the caller's transaction if there is one; workers wake when it commits.

    Raises Invalid for arguments that the kind doesn't take, and Conflict with `existing_job_id`
    when a job with this `unique_key` has not ended yet.
    """
    checked = kind.check(args)
    try:
        with base.transaction():
            job = Job.create(
                kind=kind.name,
                args=checked,
                user_id=user_id,
                project_id=project_id,
                unique_key=unique_key,
                request_id=request_id,
                run_at_ms=0,
                due_ms=order.place(kind, user_id, at.wall_ms),
                max_attempts=kind.max_attempts,
                created_at=at.stamp(),
            )
            wake.workers()
    except IntegrityError as taken:
        raise _under_way(unique_key) from taken
    return job


def retry(job_id: str, kinds: Mapping[str, Kind], at: Instant) -> Job:
    """Queue a failed or cancelled job again, with all its attempts, as if it was asked for now.

    Raises NotFound, and Conflict when it is not in such a state, belongs to a parent, is of a kind
    that only a newer version knows, or another job with its unique key is under way.
    """
    again = (Job.id == job_id) & Job.status.in_(("failed", "cancelled")) & Job.parent.is_null()
    job = jobs.by_id(job_id)
    kind = kinds.get(job.kind)
    if kind is None:
        raise Conflict(
            "newer_kind",
            "This job is of a newer version of BeatStitch, which can try it again.",
        )
    try:
        with base.transaction():
            changed = (
                Job.update(
                    status="queued",
                    run_at_ms=0,
                    due_ms=order.place(kind, job.user_id, at.wall_ms),
                    faults=0,
                    fan_outs=0,
                    fingerprint=None,
                    cancel_requested=False,
                    is_settled=False,
                    progress_percent=0,
                    progress_message=None,
                    stage=None,
                    error_code=None,
                    error_message=None,
                    started_at=None,
                    finished_at=None,
                )
                .where(again)
                .execute()
            )
            wake.workers()
    except IntegrityError as taken:
        raise _under_way(job.unique_key) from taken
    if not changed:
        raise Conflict(
            "not_retryable",
            f"This job is {_shown(job)}; only failed and cancelled jobs can be tried again.",
            status=_shown(job),
            retryable_statuses=["failed", "cancelled"],
        )
    return jobs.by_id(job_id)


def _under_way(unique_key: str | None) -> Conflict:
    existing = Job.get_or_none((Job.unique_key == unique_key) & Job.status.in_(LIVE))
    if existing is not None and existing.cancel_requested:
        # Not at once: what the old job's end means to its rows would be written over the new one's.
        return Conflict(
            "conflict",
            "The same work is just being stopped; ask again in two seconds.",
            existing_job_id=existing.id,
            retry_after_seconds=STOPPED_WITHIN_S,
        )
    return Conflict(
        "conflict",
        "The same work is under way already; wait for it or cancel it first.",
        existing_job_id=existing.id if existing else None,
    )


def _shown(job: Job) -> str:
    if job.parent_id is not None and job.status in ENDED:
        return "a part of another job"
    return "running" if job.status == "waiting" else job.status
