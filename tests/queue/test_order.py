"""Whose turn it is: users go on side by side, however much one of them has asked for."""

from dataclasses import replace

import pytest

from beatstitch import queue
from beatstitch.queue import Child, FanOut, Kind
from moments import CHUNK, FINAL, KINDS, PREVIEW, PROBE, START, after, claimed, fresh, submitted

pytestmark = pytest.mark.usefixtures("database")
MADE_IN_S = 30  # longer than SPACING_MS, so that the queue is later than its due times


def _film(user: str, chunks: int, seconds: float, kind: Kind = FINAL) -> str:
    """A film that waits for its chunks; gives its id."""
    submitted(kind, seconds, user=user)
    parent = claimed(seconds, kinds=(kind,))
    wish = FanOut([Child("chunk", {}) for _ in range(chunks)])
    queue.fan_out(parent.lease, wish, KINDS, after(seconds))
    return parent.job.id


def _served(count: int, seconds: float, kind: Kind = CHUNK) -> list[str | None]:
    """Whose jobs one worker does next, one after the other."""
    users = []
    for number in range(count):
        moment = seconds + number * MADE_IN_S
        claim = claimed(moment, kinds=(kind,))
        queue.finish(claim.lease, None, after(moment + MADE_IN_S))
        users.append(claim.job.user_id)
    return users


def test_a_long_film_does_not_hold_up_another_users() -> None:
    _film("anna", 200, 0)
    _served(50, 1)
    _film("ben", 20, 50 * MADE_IN_S)

    turns = _served(40, 50 * MADE_IN_S + 1)

    assert [turns[:n].count("ben") for n in (10, 20, 40)] == [5, 10, 20]


def test_who_comes_new_does_not_hold_up_the_long_film_either() -> None:
    _film("anna", 30, 0)
    for number, user in enumerate(("ben", "carol", "dora")):
        _film(user, 10, 10 + number)

    turns = _served(20, 20)

    assert {user: turns.count(user) for user in ("anna", "ben", "carol", "dora")} == (
        dict.fromkeys(("anna", "ben", "carol", "dora"), 5)
    )


def test_two_films_of_one_user_take_one_share() -> None:
    _film("anna", 20, 0)
    _film("anna", 20, 1)
    _film("ben", 20, 2)

    turns = _served(20, 3)

    assert turns.count("ben") == 10


def test_a_preview_overtakes_a_final_however_long() -> None:
    _film("anna", 200, 0)
    _film("anna", 200, 60, PREVIEW)

    parents = {claimed(61, kinds=(CHUNK,)).job.parent_id for _ in range(200)}

    assert len(parents) == 1


def test_many_photos_do_not_hold_up_another_users_photo() -> None:
    for number in range(100):
        submitted(PROBE, number / 10, user="anna")
    _served(10, 10, PROBE)
    submitted(PROBE, 10 * MADE_IN_S + 10, user="ben")

    assert "ben" in _served(2, 10 * MADE_IN_S + 11, PROBE)


def test_jobs_of_one_user_come_in_the_order_of_asking() -> None:
    ids = [submitted(PROBE, number, user="anna").id for number in range(20)]

    assert [claimed(30).job.id for _ in ids] == ids


def test_what_a_clock_ahead_put_far_away_neither_waits_nor_pulls_others_along() -> None:
    ahead = replace(START, wall_ms=START.wall_ms + 365 * 86_400_000)
    far = queue.submit(PROBE, {}, at=ahead, user_id="anna")
    near = submitted(PROBE, 1, user="anna")

    queue.reap_expired(after(2))

    assert [claimed(3).job.id, claimed(3).job.id] == [near.id, far.id]
    assert fresh(far).due_ms < START.wall_ms + 7 * 3_600_000
