"""Jobs that nobody comes for: a worker with another FFmpeg passes them by, and in time they end."""

from dataclasses import replace

import pytest

from beatstitch import queue
from beatstitch.db import base
from beatstitch.db.jobs import Job
from beatstitch.queue import Child, FanOut, Instant, presence, wake
from beatstitch.queue.stranded import NOBODY_FITS_MS, NOTHING_MOVES_MS, Strandings
from moments import CHUNK, FINAL, KINDS, START, after, claimed, fresh, submitted

pytestmark = pytest.mark.usefixtures("database")
OURS, OTHER = "ffmpeg 5.1.9, x264 164", "ffmpeg 7.1, x264 165"
ALL = tuple(KINDS.values())


def _film(fingerprint: str | None = OURS) -> Job:
    submitted(FINAL)
    parent = claimed(kinds=(FINAL,))
    wish = FanOut([Child("chunk", {}), Child("chunk", {})], fingerprint=fingerprint)
    queue.fan_out(parent.lease, wish, KINDS, START)
    return parent.job


def _later(ms: int) -> Instant:
    return replace(START, wall_ms=START.wall_ms + ms, boot_ms=START.boot_ms + ms)


def test_a_chunk_is_claimed_only_by_a_worker_with_the_same_ffmpeg() -> None:
    _film()

    other = queue.claim("worker-1", ALL, after(1), OTHER)
    none = queue.claim("worker-2", ALL, after(1))
    ours = queue.claim("worker-3", ALL, after(1), OURS)

    assert (other, none) == (None, None)
    assert ours is not None


def test_the_join_is_made_where_the_chunks_were() -> None:
    film = _film()
    for _ in range(2):
        chunk = queue.claim("worker-1", (CHUNK,), after(1), OURS)
        assert chunk is not None
        queue.finish(chunk.lease, None, after(1))

    other = queue.claim("worker-2", ALL, after(2), OTHER)
    ours = queue.claim("worker-1", ALL, after(2), OURS)

    assert other is None
    assert ours is not None
    assert ours.job.id == film.id


def test_a_film_planned_for_an_ffmpeg_that_nobody_has_any_more_fails_after_a_while() -> None:
    film = _film()
    rounds = Strandings()
    upgraded = presence.Presence(presence.new_owner(OTHER))

    early = [rounds.end(START), rounds.end(_later(NOBODY_FITS_MS))]
    late = rounds.end(_later(NOBODY_FITS_MS + 1))
    upgraded.close()

    row = fresh(film)
    assert early == [[], []]
    assert len(late) == 1
    assert (row.status, row.error_code) == ("failed", "other_ffmpeg")
    assert {job.status for job in Job.select().where(Job.parent == film.id)} <= (
        {"failed", "cancelled"}
    )


def test_it_may_be_rendered_again_by_whoever_is_there() -> None:
    film = _film()
    rounds = Strandings()
    rounds.end(START)
    rounds.end(_later(NOBODY_FITS_MS + 1))

    queue.retry(film.id, KINDS, _later(NOBODY_FITS_MS + 2))
    claim = queue.claim("worker-1", (FINAL,), _later(NOBODY_FITS_MS + 3), OTHER)

    assert claim is not None


def test_a_film_waits_as_long_as_somebody_has_its_ffmpeg() -> None:
    film = _film()
    rounds = Strandings()
    busy = wake.bell(owner := presence.new_owner(OURS))
    here = None if base.is_shared() else presence.Presence(owner)

    ended = [rounds.end(START), rounds.end(_later(NOBODY_FITS_MS + 1))]
    busy.close()
    if here is not None:
        here.close()

    assert ended == [[], []]
    assert fresh(film).status == "waiting"


@pytest.mark.parametrize("step_ms", [365 * 86_400_000, -3_600_000])
def test_no_step_of_the_clock_strands_a_film(step_ms: int) -> None:
    film = _film()
    rounds = Strandings()

    rounds.end(START)
    rounds.end(replace(after(60), wall_ms=START.wall_ms + step_ms))

    assert fresh(film).status == "waiting"


def test_a_film_none_of_whose_parts_is_made_fails_in_the_end() -> None:
    film = _film(None)
    rounds = Strandings()

    rounds.end(START)
    queue.finish(claimed(1, kinds=(CHUNK,)).lease, None, after(1))
    moved = [rounds.end(_later(NOTHING_MOVES_MS)), rounds.end(_later(2 * NOTHING_MOVES_MS))]
    still = rounds.end(_later(2 * NOTHING_MOVES_MS + 1))

    assert moved == [[], []]
    assert [job.id for job in still] == [film.id]
    assert (fresh(film).status, fresh(film).error_code) == ("failed", "timeout")
