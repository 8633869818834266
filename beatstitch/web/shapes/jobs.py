"""Jobs of every kind, as one resource."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field

from beatstitch.db.jobs import Job, JobLine
from beatstitch.jobs.kinds import KINDS
from beatstitch.web.openapi import Moment, Query, Shown
from beatstitch.web.pages import PageQuery

ShownStatus = Literal["queued", "running", "complete", "failed", "cancelled"]
MAX_WAIT_S = 30
_PRIORITY = {"interactive": 1, "batch": 2}
_ETA_FROM_PERCENT = 3  # before that, a guess at the end would be noise


def shown_status(job: Job) -> ShownStatus:
    """The word that people see: a parent that waits for its parts is running."""
    return "running" if job.status == "waiting" else job.status


class JobLinks(Shown):
    """Where to go from a job."""

    self: str
    events: str
    logs: str
    cancel: str | None
    project: str | None
    output: str | None


class JobShown(Shown):
    """A piece of work: a smaller `priority` goes first, and a part has that of its
    parent; `attempts` counts every start."""

    id: str
    project_id: str | None
    job_type: str
    status: ShownStatus
    priority: int
    progress_percent: int
    progress_message: str | None
    stage: str | None
    eta_seconds: int | None
    attempts: int
    edl_hash: str | None
    output_url: str | None
    file_size: int | None
    error_code: str | None
    error_message: str | None
    created_at: Moment
    started_at: Moment | None
    completed_at: Moment | None
    links: JobLinks

    @staticmethod
    def of(job: Job) -> "JobShown":
        """From the row."""
        result = job.result or {}
        output = _output_url(job)
        has_failed = job.status == "failed"
        return JobShown(
            id=job.id,
            project_id=job.project_id,
            job_type=job.kind,
            status=shown_status(job),
            priority=_priority(job),
            progress_percent=job.progress_percent,
            progress_message=job.progress_message,
            stage=job.stage,
            eta_seconds=_eta_s(job),
            attempts=job.attempt,
            edl_hash=_text(job.args.get("edl_hash") or result.get("edl_hash")),
            output_url=output,
            file_size=_number(result.get("file_size")),
            error_code=job.error_code if has_failed else None,
            error_message=job.error_message if has_failed else None,
            created_at=job.created_at,
            started_at=job.started_at,
            completed_at=job.finished_at,
            links=JobLinks(
                self=url(job.id),
                events=f"{url(job.id)}/events",
                logs=f"{url(job.id)}/logs",
                cancel=f"{url(job.id)}/cancel" if job.finished_at is None else None,
                project=f"/api/projects/{job.project_id}" if job.project_id else None,
                output=output,
            ),
        )


class JobList(Shown):
    """A page of jobs, newest first."""

    items: list[JobShown]
    next_cursor: str | None
    total: int


class JobsQuery(PageQuery):
    """Which jobs. Parts of other jobs are shown only when their parent is named."""

    status: Annotated[list[ShownStatus], Field(default_factory=list)]
    job_type: str | None = None
    project_id: str | None = None
    parent_id: str | None = None


class WaitQuery(Query):
    """How long to wait for the job's end before answering."""

    wait: Annotated[float, Field(ge=0, le=MAX_WAIT_S)] = 0


class BeginningQuery(Query):
    """How long to wait for the film's beginning before answering."""

    wait: Annotated[float, Field(ge=0, le=MAX_WAIT_S)] = 0


class LinesQuery(Query):
    """How many lines of a log."""

    lines: Annotated[int, Field(ge=1, le=1000)] = 100


class Line(Shown):
    """One line of a job's log."""

    at: Moment
    level: str
    text: str
    attempt: int

    @staticmethod
    def of(row: JobLine) -> "Line":
        """From the row."""
        return Line(at=row.at, level=row.level, text=row.text, attempt=row.attempt)


class Log(Shown):
    """The last lines of a job's log, oldest first."""

    job_id: str
    lines: list[Line]


def url(job_id: str) -> str:
    """Where a job is found."""
    return f"/api/jobs/{job_id}"


def _priority(job: Job) -> int:
    """Its band's, and of a part its parent's, in whose place it stands; that of a newer version's
    kind is not known here, and taken to be batch."""
    kind = KINDS.get(job.kind if job.parent_id is None else job.parent.kind)
    return _PRIORITY["batch" if kind is None else kind.band]


def _output_url(job: Job) -> str | None:
    output_id = (job.result or {}).get("output_id")
    return f"/api/projects/{job.project_id}/outputs/{output_id}" if output_id else None


def _eta_s(job: Job) -> int | None:
    """What is left, if it goes on as it went so far."""
    if shown_status(job) != "running" or not job.started_at:
        return None
    if job.progress_percent < _ETA_FROM_PERCENT:
        return None
    passed_s = (datetime.now(UTC) - job.started_at).total_seconds()
    return round(passed_s * (100 - job.progress_percent) / job.progress_percent)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
