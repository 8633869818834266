"""What the end of a job means to others: its parents, its children, the totals.

Called inside the transaction that ends the job, by whatever ended it.
"""

from peewee import Case

from beatstitch.db.jobs import LIVE, Job, JobTotal
from beatstitch.queue import family, wake
from beatstitch.queue.clock import Instant

MATTERS = (
    *(Job.id, Job.kind, Job.status, Job.started_at, Job.finished_at),
    *(Job.error_code, Job.error_message),
)
"""What has to be known of a job for that."""


def of(job: Job, at: Instant) -> None:
    """Write the consequences of `job` (as it is now) having ended.

    A part that is done brings its parents further. A part that failed or was cancelled ends them
    the same way, and the end of a parent ends those of its children that nobody else waits for.
    """
    _count(job)
    if job.status == "complete":
        family.part_done(job.id)
        return
    wake.workers()
    close_children(job.id, at)
    for parent in family.waiting_for(job.id):
        ended = (
            Job.update(
                status=job.status,
                error_code=job.error_code,
                error_message=job.error_message,
                finished_at=at.stamp(),
            )
            .where((Job.id == parent.id) & (Job.status == "waiting"))
            .returning(Job)
        )
        for row in list(ended.execute()):
            of(row, at)


def close_children(parent_id: str, at: Instant) -> None:
    """Cancel what is queued of the parent's children, and ask what runs to stop, in one statement.

    The unique key goes at once, so that the same work can be asked for anew.
    """
    is_running = Job.status == "running"
    closed = (
        Job.update(
            status=Case(None, [(is_running, "running")], "cancelled"),
            finished_at=Case(None, [(is_running, None)], at.wall_ms),
            cancel_requested=True,
            unique_key=None,
        )
        .where(Job.id.in_(family.children_of_nobody_else(parent_id)) & Job.status.in_(LIVE))
        .returning(Job)
    )
    for row in list(closed.execute()):
        if row.status == "cancelled":
            of(row, at)


def _count(job: Job) -> None:
    began, ended = job.started_at, job.finished_at
    seconds = (ended - began).total_seconds() if began and ended else 0.0
    JobTotal.insert(kind=job.kind, status=job.status, count=1, seconds=seconds).on_conflict(
        conflict_target=[JobTotal.kind, JobTotal.status],
        update={JobTotal.count: JobTotal.count + 1, JobTotal.seconds: JobTotal.seconds + seconds},
    ).execute()
