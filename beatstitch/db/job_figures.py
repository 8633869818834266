"""What the jobs table says about the work as a whole: for operators, never for a decision.

Figures of jobs that have ended are of those that are still kept; what survives pruning stands in
`JobTotal`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from peewee import SQL, Expression, fn

from beatstitch.db.jobs import LIVE, Job, JobLine, JobTotal, Status

SAMPLE = 1_000
"""As many of the newest jobs of a kind give its durations."""
_IS_LIVE = SQL(f"status IN {LIVE}")
"""In the words of the index `job_unique_live`, for SQLite doesn't know it by parameters: to count a
few live jobs, it read all 60,000 that had ended, for 90 ms."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One kind of job: how many there are of each status, all that have ever ended, and how long
    the newest complete ones took from their first start to their end, in seconds and rising."""

    kind: str
    live: dict[Status, int]
    ended: dict[Status, int]
    seconds: tuple[float, ...]

    def at(self, share: float) -> float | None:
        """The duration that this share of the jobs did not exceed, or None without any."""
        if not self.seconds:
            return None
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))]


def by_kind() -> list[Figures]:
    """The figures of every kind that there is or was anything of."""
    live = live_by_kind()
    ended: dict[str, dict[Status, int]] = {}
    for total in JobTotal.select():
        ended.setdefault(total.kind, {})[total.status] = total.count
    return [
        Figures(kind, live.get(kind, {}), ended.get(kind, {}), _durations(kind))
        for kind in sorted({*live, *ended})
    ]


def live_by_kind() -> dict[str, dict[Status, int]]:
    """How many jobs of each kind are in each status that is not an end, children included."""
    counted = (
        Job.select(Job.kind, Job.status, fn.COUNT(Job.id))
        .where(_IS_LIVE)
        .group_by(Job.kind, Job.status)
        .tuples()
    )
    counts: dict[str, dict[Status, int]] = {}
    for kind, status, count in cast(Iterable[tuple[str, Status, int]], counted):
        counts.setdefault(kind, {})[status] = count
    return counts


def live_counts() -> dict[Status, int]:
    """The same of all kinds together, with what there is none of."""
    kinds = live_by_kind().values()
    return {status: sum(counts.get(status, 0) for counts in kinds) for status in LIVE}


def oldest_queued() -> datetime | None:
    """When the job was asked for that has been in the queue the longest, or None."""
    longest: datetime | None = (
        Job.select(fn.MIN(Job.created_at)).where(Job.status == "queued").scalar()
    )
    return longest


def totals() -> list[JobTotal]:
    """How every kind of job has ended so far, since the database was made."""
    return list(JobTotal.select().order_by(JobTotal.kind, JobTotal.status))


def newest_lines(limit: int, job_id: str | None = None) -> list[JobLine]:
    """The last lines of all jobs' logs, or of one job's and its parts', oldest first."""
    newest = JobLine.select().where(_of(job_id)).order_by(JobLine.id.desc()).limit(limit)
    return list(newest)[::-1]


def lines_after(line_id: int, limit: int, job_id: str | None = None) -> list[JobLine]:
    """The next lines after this one, oldest first."""
    wanted = _of(job_id) & (JobLine.id > line_id)
    return list(JobLine.select().where(wanted).order_by(JobLine.id).limit(limit))


def _of(job_id: str | None) -> Expression:
    if job_id is None:
        return JobLine.id > 0
    family = Job.select(Job.id).where((Job.id == job_id) | (Job.parent == job_id))
    return JobLine.job.in_(family)


def _durations(kind: str) -> tuple[float, ...]:
    newest = (
        Job.select(Job.started_at, Job.finished_at)
        .where((Job.kind == kind) & (Job.status == "complete"))
        .order_by(Job.id.desc())
        .limit(SAMPLE)
    )
    return tuple(
        sorted(
            (job.finished_at - job.started_at).total_seconds()
            for job in newest
            if job.started_at and job.finished_at
        )
    )
