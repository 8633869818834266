"""Parents that wait for children: they go on, fail, and are cancelled with them."""

import random

import pytest

from beatstitch import queue
from beatstitch.db import jobs
from beatstitch.db.jobs import Job
from beatstitch.errors import Cancelled, Conflict
from beatstitch.queue import Child, FanOut, Fault, LeaseLost
from beatstitch.queue.family import MAX_FAN_OUTS
from moments import CHUNK, FINAL, KINDS, PREVIEW, START, after, claimed, fresh, submitted

pytestmark = pytest.mark.usefixtures("database")
BROKEN = Fault("corrupt_media", "The file is broken.", is_transient=False)


def _parent_of(count: int, user: str = "anna", shared: str | None = None) -> Job:
    """A final that waits for chunks; those with a `shared` name join equal ones of others."""
    submitted(FINAL, user=user)
    parent = claimed(kinds=(FINAL, PREVIEW))
    keys = [f"chunk:{shared}:{i}" if shared else None for i in range(count)]
    queue.fan_out(parent.lease, FanOut([Child("chunk", {}, key, 10) for key in keys]), KINDS, START)
    return fresh(parent.job)


def _finish_chunk(seconds: float = 1) -> None:
    queue.finish(claimed(seconds, kinds=(CHUNK,)).lease, None, after(seconds))


def _children() -> list[Job]:
    return list(Job.select().where(Job.kind == "chunk").order_by(Job.id))


def test_a_parent_waits_without_a_lease_until_its_last_child_has_ended() -> None:
    parent = _parent_of(2)

    _finish_chunk()
    halfway = fresh(parent)
    _finish_chunk()

    assert (halfway.status, halfway.lease_owner) == ("waiting", None)
    assert fresh(parent).status == "queued"
    assert claimed(2).job.id == parent.id


def test_progress_of_a_parent_is_what_its_children_have_done_of_the_whole() -> None:
    submitted(FINAL)
    parent = claimed()
    wish = FanOut([Child("chunk", {}, weight=30), Child("chunk", {}, weight=30)], done_weight=40)
    queue.fan_out(parent.lease, wish, KINDS, START)
    seen = [fresh(parent.job).progress_percent]

    for _ in range(2):
        _finish_chunk()
        seen.append(fresh(parent.job).progress_percent)
    joining = claimed(2)
    queue.renew(joining.lease, after(2), queue.Progress(50, "joining", "Joining"), is_joining=True)

    assert seen == [38, 66, 95]
    assert fresh(parent.job).progress_percent == 97


def test_children_take_their_parents_place_in_the_order() -> None:
    final = _parent_of(1)
    submitted(PREVIEW, seconds=60, user="ben")
    preview = claimed(61, kinds=(PREVIEW,))
    queue.fan_out(preview.lease, FanOut([Child("chunk", {})]), KINDS, after(61))

    first = claimed(62, kinds=(CHUNK,))

    assert first.job.parent_id == preview.job.id
    assert claimed(62, kinds=(CHUNK,)).job.parent_id == final.id


def test_children_are_made_in_the_order_of_the_film() -> None:
    _parent_of(20)

    made = [job.id for job in _children()]

    assert [claimed(1, kinds=(CHUNK,)).job.id for _ in made] == made


def test_a_failed_child_fails_its_parent_and_cancels_the_others(rng: random.Random) -> None:
    parent = _parent_of(3)
    running, broken = claimed(1, kinds=(CHUNK,)), claimed(1, kinds=(CHUNK,))

    queue.fail(broken.lease, BROKEN, after(2), rng)

    row = fresh(parent)
    assert (row.status, row.error_code, row.error_message) == (
        ("failed", "corrupt_media", "The file is broken.")
    )
    assert [child.status for child in _children()] == ["running", "failed", "cancelled"]
    assert queue.renew(running.lease, after(3))[1]


def test_a_child_that_is_tried_again_leaves_its_parent_waiting(rng: random.Random) -> None:
    parent = _parent_of(1)

    queue.fail(claimed(1).lease, Fault("io", "Hiccup.", True), after(1), rng)
    _finish_chunk(600)

    assert fresh(parent).status == "queued"


def test_cancelling_a_parent_cancels_its_children_at_once() -> None:
    parent = _parent_of(3)
    running = claimed(1, kinds=(CHUNK,))

    shown = queue.cancel(parent.id, after(2))
    with pytest.raises(Cancelled):
        queue.finish(running.lease, None, after(3))
    queue.stop(running.lease, after(3))

    assert shown.status == "cancelled"
    assert {child.status for child in _children()} == {"cancelled"}


def test_cancelling_a_child_by_hand_cancels_its_parent() -> None:
    parent = _parent_of(2)

    queue.cancel(_children()[0].id, after(1))

    assert fresh(parent).status == "cancelled"
    assert {child.status for child in _children()} == {"cancelled"}


def test_equal_work_of_two_parents_is_done_once() -> None:
    first = _parent_of(2, shared="film")
    second = _parent_of(2, user="ben", shared="film")

    _finish_chunk()
    _finish_chunk()

    assert len(_children()) == 2
    assert [fresh(first).status, fresh(second).status] == ["queued", "queued"]


def test_work_that_another_parent_waits_for_survives_the_end_of_one() -> None:
    first = _parent_of(2, shared="film")
    second = _parent_of(1, user="ben", shared="film")

    queue.cancel(first.id, after(1))
    shared, alone = _children()

    assert (shared.status, alone.status) == ("queued", "cancelled")
    _finish_chunk(2)
    assert fresh(second).status == "queued"


def test_a_child_that_fails_fails_every_parent_that_waits_for_it(rng: random.Random) -> None:
    parents = [_parent_of(1, shared="film"), _parent_of(1, user="ben", shared="film")]

    queue.fail(claimed(1, kinds=(CHUNK,)).lease, BROKEN, after(1), rng)

    assert [fresh(parent).status for parent in parents] == ["failed", "failed"]


def test_joined_work_hurries_as_its_most_urgent_parent() -> None:
    _parent_of(1, shared="film")
    submitted(PREVIEW, user="ben")
    preview = claimed(kinds=(PREVIEW,))

    queue.fan_out(preview.lease, FanOut([Child("chunk", {}, "chunk:film:0")]), KINDS, START)

    (child,) = _children()
    assert child.due_ms == fresh(preview.job).due_ms


def test_work_that_is_being_stopped_is_not_joined_but_made_anew() -> None:
    first = _parent_of(1, shared="film")
    stopping = claimed(1, kinds=(CHUNK,))
    queue.cancel(first.id, after(2))

    second = _parent_of(1, user="ben", shared="film")
    queue.stop(stopping.lease, after(3))
    _finish_chunk(4)

    assert fresh(second).status == "queued"


def test_a_parent_that_fans_out_again_waits_only_for_the_new_children() -> None:
    parent = _parent_of(2)
    for _ in range(2):
        _finish_chunk()

    again = claimed(2)
    queue.fan_out(again.lease, FanOut([Child("chunk", {})]), KINDS, after(2))
    _finish_chunk(3)

    assert (fresh(parent).status, fresh(parent).fan_outs) == ("queued", 2)


def test_a_parent_whose_parts_go_missing_each_time_does_not_go_on_for_ever() -> None:
    submitted(FINAL)
    for _ in range(MAX_FAN_OUTS):
        queue.fan_out(claimed(kinds=(FINAL,)).lease, FanOut([Child("chunk", {})]), KINDS, START)
        _finish_chunk()

    with pytest.raises(Conflict) as refused:
        queue.fan_out(claimed(kinds=(FINAL,)).lease, FanOut([Child("chunk", {})]), KINDS, START)

    assert refused.value.code == "parts_missing"


def test_a_cancelled_parent_does_not_fan_out() -> None:
    submitted(FINAL)
    parent = claimed()
    queue.cancel(parent.job.id, after(1))

    with pytest.raises(Cancelled):
        queue.fan_out(parent.lease, FanOut([Child("chunk", {})]), KINDS, after(2))

    assert _children() == []


def test_a_fan_out_that_is_refused_leaves_no_child() -> None:
    submitted(FINAL)
    lost = claimed(owner="zombie").lease
    queue.reap_owner("zombie", after(40))

    with pytest.raises(LeaseLost):
        queue.fan_out(lost, FanOut([Child("chunk", {})]), KINDS, after(41))

    assert _children() == []


def test_children_are_hidden_from_lists_unless_their_parent_is_named() -> None:
    parent = _parent_of(3)

    assert [job.id for job in jobs.page(10)] == [parent.id]
    assert len(jobs.page(10, parent_id=parent.id)) == 3
    assert [job.id for job in jobs.page(10, statuses=("running",))] == [parent.id]


def test_a_child_alone_cannot_be_tried_again() -> None:
    _parent_of(1)
    (child,) = _children()
    queue.cancel(child.id, after(1))

    with pytest.raises(Conflict):
        queue.retry(child.id, KINDS, after(2))


def test_deleting_a_project_cancels_all_of_its_jobs() -> None:
    parent = queue.submit(FINAL, {}, at=START, project_id="p1")
    queue.fan_out(claimed().lease, FanOut([Child("chunk", {})]), KINDS, START)
    other = queue.submit(FINAL, {}, at=START, project_id="p2")

    queue.cancel_project("p1", after(1))

    assert (fresh(parent).status, fresh(other).status) == ("cancelled", "queued")
    assert [child.status for child in _children()] == ["cancelled"]
