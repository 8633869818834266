"""The jobs table, which is the queue, and the small tables around it.

Here are the columns and the questions that only read. Every change of a job's status is made by
`queue/`, in one guarded statement each.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from peewee import (
    AutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    CompositeKey,
    Expression,
    FloatField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
)

from beatstitch.db import base
from beatstitch.errors import NotFound

Status = Literal["queued", "running", "waiting", "complete", "failed", "cancelled"]
LIVE: tuple[Status, ...] = ("queued", "running", "waiting")
ENDED: tuple[Status, ...] = ("complete", "failed", "cancelled")


class Job(base.Row):
    """One piece of work and how far it has come.

    Order: the smallest `due_ms` first: the wall time of asking plus the band's step. Not before
    `run_at_ms` (0 is at once), which only a retry sets.
    `attempt` rises with every claim and is what fences a writer off; `faults` counts the attempts
    that went wrong, and at `max_attempts` the job has failed. A lease ends at `lease_until_ms` of
    the boot clock of the boot `lease_boot`, so no step of the wall clock can end or prolong it.
    A parent that has fanned out is `waiting`; `parent` is null for what a person asked for.
    A job with a `fingerprint` is for workers whose FFmpeg has the same one.
    `weight` is a child's part of its parent's `total_weight`, of which `done_weight` needed no
    child. `is_settled`: what its end means to other rows has been written there.
    """

    id = CharField(max_length=36, primary_key=True, default=base.new_id)
    kind = TextField()
    args: base.Column[dict[str, object]] = JSONField(default=dict)
    user_id = CharField(max_length=36, null=True)
    project_id = CharField(max_length=36, null=True, index=True)
    parent = ForeignKeyField("self", on_delete="CASCADE", null=True, backref="+")
    parent_id: str | None
    unique_key = TextField(null=True)
    request_id = TextField(null=True)
    fingerprint = TextField(null=True)

    status: base.Column[Status] = base.WordField(default="queued")
    run_at_ms = BigIntegerField()
    due_ms = BigIntegerField()
    attempt = IntegerField(default=0)
    faults = IntegerField(default=0)
    max_attempts = IntegerField()
    fan_outs = IntegerField(default=0)
    cancel_requested = BooleanField(default=False)
    is_settled = BooleanField(default=False)
    lease_owner = TextField(null=True)
    lease_boot = TextField(null=True)
    lease_until_ms = BigIntegerField(null=True)

    stage = TextField(null=True)
    progress_percent = IntegerField(default=0)
    progress_message = TextField(null=True)
    weight = BigIntegerField(default=0)
    done_weight = BigIntegerField(default=0)
    total_weight = BigIntegerField(default=0)
    result: base.Column[dict[str, object] | None] = JSONField(null=True)
    error_code = TextField(null=True)
    error_message = TextField(null=True)

    created_at: base.Column[datetime] = base.MomentField(default=base.utc_now)
    started_at: base.Column[datetime | None] = base.MomentField(null=True)
    finished_at: base.Column[datetime | None] = base.MomentField(null=True)

    class Meta:
        constraints = (Check("(status = 'running') = (lease_owner IS NOT NULL)"),)


Job.add_index(Job.index(Job.due_ms, Job.id, where=Job.status == "queued", name="job_ready"))
Job.add_index(Job.index(Job.lease_until_ms, where=Job.status == "running", name="job_leased"))
Job.add_index(
    Job.index(Job.unique_key, unique=True, where=Job.status.in_(LIVE), name="job_unique_live")
)
Job.add_index(
    Job.index(
        Job.id,
        where=Job.status.in_(("failed", "cancelled")) & ~Job.is_settled,
        name="job_unsettled",
    )
)
Job.add_index(Job.index(Job.user_id, Job.status, name="job_user_status"))
Job.add_index(Job.index(Job.finished_at, where=Job.finished_at.is_null(False), name="job_ended"))


class JobWait(base.Row):
    """`parent` waits for `child`. A child that several parents asked for is made once."""

    parent = ForeignKeyField(Job, on_delete="CASCADE", backref="+", index=False)
    child = ForeignKeyField(Job, on_delete="CASCADE", backref="+")

    class Meta:
        primary_key = CompositeKey("parent", "child")


class JobLine(base.Row):
    """A line of a job's log, for the person who asked for the job: no paths, no tool's words."""

    id = AutoField()
    job = ForeignKeyField(Job, on_delete="CASCADE", backref="+")
    job_id: str
    attempt = IntegerField()
    level = TextField()
    text = TextField()
    at: base.Column[datetime] = base.MomentField()


class JobTotal(base.Row):
    """How many jobs of a kind have ended how, and how long they ran: survives pruning."""

    kind = TextField()
    status: base.Column[Status] = base.WordField()
    count = BigIntegerField()
    seconds: base.Column[float] = FloatField()

    class Meta:
        primary_key = CompositeKey("kind", "status")


class Recurring(base.Row):
    """The last slot of time for which a recurring job was submitted."""

    name = TextField(primary_key=True)
    last_slot = BigIntegerField()

    class Meta:
        table_name = "recurring"


def by_id(job_id: str) -> Job:
    """The job. Raises NotFound."""
    job = Job.get_or_none(Job.id == job_id)
    if job is None:
        raise missing()
    return job


def of_user(user_id: str, job_id: str) -> Job:
    """The job, if this user asked for it. Raises NotFound otherwise."""
    job = Job.get_or_none((Job.id == job_id) & (Job.user_id == user_id))
    if job is None:
        raise missing()
    return job


def missing() -> NotFound:
    """What a job that is not there, or not yours, answers."""
    return NotFound("not_found", "There is no such job.", resource_type="job")


def page(
    limit: int,
    *,
    user_id: str | None = None,
    statuses: Sequence[Status] = (),
    kind: str | None = None,
    project_id: str | None = None,
    parent_id: str | None = None,
    before: str | None = None,
) -> list[Job]:
    """Jobs, newest first, from the one after `before` (an id) onward.

    Children are shown only when their parent is named.
    """
    wanted = _filter(user_id, statuses, kind, project_id, parent_id)
    if before is not None:
        wanted &= Job.id < before
    found = list(Job.select().where(wanted).order_by(Job.id.desc()).limit(limit))
    if found and parent_id is not None:
        parent = by_id(parent_id)
        for job in found:
            job.parent = parent  # or each is asked for it, one statement a part
    return found


def live_or_ended_since(user_id: str, moment: datetime, limit: int) -> list[Job]:
    """What the user asked for and has ended since then, and what has not ended, oldest first; of
    more than `limit` the newest ends, and what is under way or next to be."""
    mine = (Job.user_id == user_id) & Job.parent.is_null()
    ended = mine & (Job.finished_at >= moment)
    newest = list(Job.select().where(ended).order_by(Job.finished_at.desc()).limit(limit))
    sooner = (Job.status == "queued", Job.due_ms, Job.id)
    live = Job.select().where(mine & Job.status.in_(LIVE)).order_by(*sooner).limit(limit)
    return sorted((*newest, *live), key=lambda job: job.id)


def count(
    *,
    user_id: str | None = None,
    statuses: Sequence[Status] = (),
    kind: str | None = None,
    project_id: str | None = None,
    parent_id: str | None = None,
) -> int:
    """How many jobs `page` would go through."""
    wanted = _filter(user_id, statuses, kind, project_id, parent_id)
    return int(Job.select().where(wanted).count())


def _filter(
    user_id: str | None,
    statuses: Sequence[Status],
    kind: str | None,
    project_id: str | None,
    parent_id: str | None,
) -> Expression:
    wanted = Job.parent.is_null() if parent_id is None else Job.parent == parent_id
    if user_id is not None:
        wanted &= Job.user_id == user_id
    if statuses:
        wanted &= Job.status.in_(_with_waiting(statuses))
    if kind is not None:
        wanted &= Job.kind == kind
    if project_id is not None:
        wanted &= Job.project_id == project_id
    return wanted


def _with_waiting(statuses: Sequence[Status]) -> set[Status]:
    """A parent that waits for its children is shown as running, so asking for one finds both."""
    return {*statuses, "waiting"} if "running" in statuses else set(statuses)


def live_of_project(project_id: str, kinds: Sequence[str] = ()) -> list[Job]:
    """The project's jobs that have not ended, children left out, oldest first."""
    wanted = (Job.project_id == project_id) & Job.status.in_(LIVE) & Job.parent.is_null()
    if kinds:
        wanted &= Job.kind.in_(kinds)
    return list(Job.select().where(wanted).order_by(Job.id))


def done_parts(parent_id: str, since: datetime | None) -> set[str | None]:
    """The unique keys of the job's parts that were done since then."""
    done = (Job.parent == parent_id) & (Job.status == "complete")
    if since is not None:
        done &= Job.finished_at >= since
    return {part.unique_key for part in Job.select(Job.unique_key).where(done)}


def lines(job_id: str, limit: int) -> list[JobLine]:
    """The last lines of the job's log, oldest first, those of its children included."""
    family = Job.select(Job.id).where((Job.id == job_id) | (Job.parent == job_id))
    newest = (
        JobLine.select().where(JobLine.job.in_(family)).order_by(JobLine.id.desc()).limit(limit)
    )
    return list(newest)[::-1]
