"""What those see who look after the service."""

from typing import Annotated

from pydantic import Field

from beatstitch.db.audit import Action, AuditEvent
from beatstitch.queue.presence import Tools
from beatstitch.web.openapi import Body, Moment, Shown
from beatstitch.web.pages import PageQuery


class WorkerShown(Shown):
    """A worker of this machine: what it has to work with. None is what it has not said."""

    sandbox: str | None
    ffmpeg: str | None
    light_slots: int
    heavy_slots: int

    @staticmethod
    def of(tools: Tools) -> "WorkerShown":
        """From what it says of itself."""
        return WorkerShown(
            sandbox=tools.sandbox,
            ffmpeg=tools.ffmpeg,
            light_slots=tools.light_slots,
            heavy_slots=tools.heavy_slots,
        )


class WorkerList(Shown):
    """The workers of this machine, and how many there are on all."""

    items: list[WorkerShown]
    total: int


class StorageShown(Shown):
    """The data disk, and what of it counts for users or can be made again."""

    free_bytes: int
    total_bytes: int
    user_bytes: int
    cache_bytes: int


class Stats(Shown):
    """How many there are; `jobs_ended` are counted since the database was made."""

    users: int
    projects: int
    media: int
    outputs: int
    keys: int
    jobs_live: dict[str, int]
    jobs_ended: dict[str, int]


class CleanupWish(Body):
    """Without `dry_run: false` nothing goes."""

    dry_run: bool = True


class CleanupPlan(Shown):
    """What would go now: old films, chunks and proxies that nothing used, files that no row
    names. `bytes` counts all but the proxies. Of the files of so many `projects` those of
    `looked_at` are counted: for more there was no time."""

    films: int
    chunks: int
    proxies: int
    files: int
    bytes: int
    projects: int
    looked_at: int


class CleanupStarted(Shown):
    """The job that cleans up, as it does every hour."""

    job_id: str


class AuditQuery(PageQuery):
    """Which deeds."""

    user_id: Annotated[str, Field(max_length=36)] | None = None
    action: Action | None = None


class Deed(Shown):
    """One line of the audit log."""

    id: str
    at: Moment
    action: str
    actor: str
    user_id: str | None
    subject: str | None
    address: str | None
    request_id: str | None

    @staticmethod
    def of(row: AuditEvent) -> "Deed":
        """From the row."""
        return Deed(
            id=row.id,
            at=row.at,
            action=row.action,
            actor=row.actor,
            user_id=row.user_id,
            subject=row.subject,
            address=row.address,
            request_id=row.request_id,
        )


class DeedList(Shown):
    """A page of the audit log, newest first."""

    items: list[Deed]
    next_cursor: str | None
    total: int
