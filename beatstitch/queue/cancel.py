"""The asker's side: stop a job, whatever state it is in."""

from peewee import Case, Expression

from beatstitch.db import base, jobs
from beatstitch.db.jobs import LIVE, Job
from beatstitch.errors import Conflict
from beatstitch.queue import aftermath, wake
from beatstitch.queue.clock import Instant

CANCELLABLE = ("queued", "running")  # as shown: a parent that waits is shown as running


def cancel(job_id: str, at: Instant) -> Job:
    """Cancel the job, its children included; gives the row as it is then.

    What is queued or waiting is cancelled at once; a running job is told to stop, and its worker
    ends it within two seconds. Raises NotFound, and Conflict when the job has ended already.
    """
    with base.transaction():
        rows = _cancel(Job.id == job_id, at)
        job = jobs.by_id(job_id)
    if not rows:
        raise Conflict(
            "not_cancellable",
            f"This job is {job.status} already; only queued and running jobs can be cancelled.",
            status=job.status,
            cancellable_statuses=list(CANCELLABLE),
        )
    return job


def cancel_project(project_id: str, at: Instant) -> None:
    """Cancel every job of the project: it is being deleted."""
    with base.transaction():
        _cancel((Job.project_id == project_id) & Job.parent.is_null(), at)


def _cancel(which: Expression, at: Instant) -> list[Job]:
    is_running = Job.status == "running"
    changed = (
        Job.update(
            status=Case(None, [(is_running, "running")], "cancelled"),
            finished_at=Case(None, [(is_running, None)], at.wall_ms),
            cancel_requested=True,
        )
        .where(which & Job.status.in_(LIVE))
        .returning(Job)
    )
    rows: list[Job] = list(changed.execute())
    for row in rows:
        if row.status == "cancelled":
            aftermath.of(row, at)
    wake.workers()
    return rows
