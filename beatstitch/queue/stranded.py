"""Jobs that nobody will come for: they end with a sentence instead of waiting for ever.

Time is measured by watching (`watch`), so no step of a clock ends one early.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from peewee import Expression

from beatstitch.db import base
from beatstitch.db.jobs import Job
from beatstitch.queue import aftermath, presence
from beatstitch.queue.clock import Instant
from beatstitch.queue.watch import Watch

NOBODY_FITS_MS = 10 * 60_000  # a worker that is being installed anew is back before
NOTHING_MOVES_MS = 12 * 3_600_000


@dataclass(slots=True)
class Strandings:
    """What one watcher has seen of them."""

    _unfit: Watch = field(default_factory=Watch)
    _still: Watch = field(default_factory=Watch)

    def end(self, at: Instant) -> list[Job]:
        """Fail what nobody will come for; gives the rows of those jobs, their families left out."""
        return [*self._end_unfit(at), *self._end_still(at)]

    def _end_unfit(self, at: Instant) -> list[Job]:
        """Jobs planned for an FFmpeg that no worker has had for NOBODY_FITS_MS."""
        queued = Job.status == "queued"
        needed = Job.select(Job.fingerprint).where(queued & Job.fingerprint.is_null(False))
        wanted = {row.fingerprint for row in needed.distinct()}
        unfit = {name: None for name in wanted if name and not presence.is_there_for(name)}
        given_up = _longer_than(NOBODY_FITS_MS, self._unfit.unchanged_ms(unfit, at))
        if not given_up:
            return []
        return _fail(
            queued & Job.fingerprint.in_(given_up),
            "other_ffmpeg",
            "This film was planned for another version of FFmpeg than any worker has now. "
            "Render it again.",
            at,
        )

    def _end_still(self, at: Instant) -> list[Job]:
        """Parents none of whose parts has ended for NOTHING_MOVES_MS."""
        waiting = Job.select(Job.id, Job.fan_outs, Job.progress_message).where(
            Job.status == "waiting"
        )
        looks = {row.id: (row.fan_outs, row.progress_message) for row in waiting}
        given_up = _longer_than(NOTHING_MOVES_MS, self._still.unchanged_ms(looks, at))
        if not given_up:
            return []
        return _fail(
            (Job.status == "waiting") & Job.id.in_(given_up),
            "timeout",
            "None of its parts was made for 12 hours. Render it again.",
            at,
        )


def _longer_than(limit_ms: int, watched_ms: dict[str, int]) -> list[str]:
    return [name for name, ms in watched_ms.items() if ms > limit_ms]


def _fail(which: Expression, code: str, message: str, at: Instant) -> list[Job]:
    failed = Job.update(
        status="failed", error_code=code, error_message=message, finished_at=at.stamp()
    )
    ended: list[Job] = []
    with base.transaction():
        for job_id in _ids(which):
            # One by one: the end of a part ends its parent and, with it, other parts.
            rows: Iterable[Job] = list(
                failed.where(which & (Job.id == job_id)).returning(Job).execute()
            )
            for row in rows:
                aftermath.of(row, at)
                ended.append(row)
    return ended


def _ids(which: Expression) -> list[str]:
    return [row.id for row in Job.select(Job.id).where(which).order_by(Job.id)]
