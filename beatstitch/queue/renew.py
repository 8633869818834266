"""The beat of a running attempt: its lease goes on, its progress and its log are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from beatstitch.db import base
from beatstitch.db.jobs import Job, JobLine
from beatstitch.queue.clock import Instant
from beatstitch.queue.lease import Lease, LeaseLost

CHILDREN_SHARE_PERCENT = 95  # of a parent's progress; joining what they made is the rest
MAX_LINES = 1_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an attempt is, in its own percent, and what it is doing."""

    percent: int
    stage: str
    message: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line for the job's log."""

    at: datetime
    level: str
    text: str


def renew(
    lease: Lease, at: Instant, progress: Progress | None = None, *, is_joining: bool = False
) -> tuple[Lease, bool]:
    """The lease from now on, and whether somebody has asked the job to stop.

    `is_joining`: the job's children have done most of it, so its percent count for the rest.
    Raises LeaseLost.
    """
    columns: dict[str, object] = {"lease_until_ms": lease.renewed(at).until_ms}
    if progress is not None:
        columns |= {
            "progress_percent": _shown_percent(progress.percent, is_joining),
            "progress_message": progress.message,
            "stage": progress.stage,
        }
    beat = Job.update(columns).where(lease.is_held()).returning(Job.cancel_requested)
    with base.passing_write():
        beaten: list[Job] = list(beat.execute())
    if not beaten:
        raise LeaseLost(lease)
    return lease.renewed(at), beaten[0].cancel_requested


def _shown_percent(percent: int, is_joining: bool) -> int:
    percent = min(99, max(0, percent))
    if is_joining:
        return CHILDREN_SHARE_PERCENT + percent * (100 - CHILDREN_SHARE_PERCENT) // 100
    return percent


def note(lease: Lease, lines: Sequence[Line]) -> None:
    """Add lines to the job's log, which keeps the last MAX_LINES."""
    if not lines:
        return
    with base.transaction():
        JobLine.insert_many(
            [
                {
                    "job": lease.job_id,
                    "attempt": lease.attempt,
                    "at": line.at,
                    "level": line.level,
                    "text": line.text,
                }
                for line in lines
            ]
        ).execute()
        ids = JobLine.select(JobLine.id).where(JobLine.job == lease.job_id)
        oldest_kept = ids.order_by(JobLine.id.desc()).limit(1).offset(MAX_LINES - 1)
        JobLine.delete().where((JobLine.job == lease.job_id) & (JobLine.id < oldest_kept)).execute()
