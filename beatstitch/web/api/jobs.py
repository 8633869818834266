"""Jobs: see them, wait for them, stop them, try them again."""

from flask import Blueprint, Response, request

from beatstitch import queue
from beatstitch.db import jobs
from beatstitch.jobs.kinds import KINDS
from beatstitch.web import guard, waiting
from beatstitch.web.openapi import answers
from beatstitch.web.pages import cut
from beatstitch.web.shapes.jobs import (
    JobList,
    JobShown,
    JobsQuery,
    Line,
    LinesQuery,
    Log,
    WaitQuery,
)

blueprint = Blueprint("jobs", __name__, url_prefix="/api/jobs")


@blueprint.get("")
@answers({200: JobList})
def list_jobs(query: JobsQuery) -> JobList:
    """My jobs, newest first."""
    user_id = guard.caller().id
    newest = jobs.page(
        query.limit + 1,
        user_id=user_id,
        statuses=query.status,
        kind=query.job_type,
        project_id=query.project_id,
        parent_id=query.parent_id,
        before=query.cursor,
    )
    total = jobs.count(
        user_id=user_id,
        statuses=query.status,
        kind=query.job_type,
        project_id=query.project_id,
        parent_id=query.parent_id,
    )
    page, next_cursor = cut(newest, query.limit)
    return JobList(items=[JobShown.of(job) for job in page], next_cursor=next_cursor, total=total)


@blueprint.get("/<job_id>")
@answers({200: JobShown})
def get_job(job_id: str, query: WaitQuery) -> JobShown:
    """One job; with `wait`, not before it has ended or so many seconds have passed."""
    job = guard.job(job_id)
    return JobShown.of(waiting.until_end(job, guard.caller().id, query.wait))


@blueprint.get("/<job_id>/events")
@answers({200: None}, file="text/event-stream", is_stored=False)
def job_events(job_id: str) -> Response:
    """The job's progress as Server-Sent Events: `progress`, and `end` as the last."""
    job = guard.job(job_id)
    return waiting.stream(job, guard.caller().id, request.headers.get("Last-Event-ID"))


@blueprint.get("/<job_id>/logs")
@answers({200: Log})
def job_log(job_id: str, query: LinesQuery) -> Log:
    """The last lines of the job's log, those of its parts included."""
    job = guard.job(job_id)
    return Log(job_id=job.id, lines=[Line.of(row) for row in jobs.lines(job.id, query.lines)])


@blueprint.post("/<job_id>/cancel")
@answers({200: JobShown}, refuses=(409,))
def cancel_job(job_id: str) -> JobShown:
    """Stop the job. One that is running ends within two seconds."""
    return JobShown.of(queue.cancel(guard.job(job_id).id, queue.now()))


@blueprint.delete("/<job_id>")
@answers({200: JobShown}, refuses=(409,))
def delete_job(job_id: str) -> JobShown:
    """The same as cancel."""
    return JobShown.of(queue.cancel(guard.job(job_id).id, queue.now()))


@blueprint.post("/<job_id>/retry")
@answers({200: JobShown}, refuses=(409,))
def retry_job(job_id: str) -> JobShown:
    """Put a job that failed or was cancelled into the queue again."""
    return JobShown.of(queue.retry(guard.job(job_id).id, KINDS, queue.now()))
