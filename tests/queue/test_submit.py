"""Putting jobs into the queue: with their rows, once per key, with arguments that are checked."""

import random

import pytest

from beatstitch import queue
from beatstitch.db import base, jobs, users
from beatstitch.errors import Conflict, Invalid, NotFound
from beatstitch.queue import Fault
from moments import KINDS, PROBE, START, after, claimed, fresh, submitted

pytestmark = pytest.mark.usefixtures("database")


def test_a_job_and_its_rows_are_stored_together_or_not_at_all() -> None:
    with pytest.raises(ZeroDivisionError), base.transaction():
        users.create("anna", "hash")
        submitted()
        raise ZeroDivisionError

    assert users.by_name("anna") is None
    assert jobs.count() == 0


def test_arguments_are_checked_and_kept_as_the_kind_reads_them() -> None:
    job = queue.submit(PROBE, {"text": "hi", "times": "2"}, at=START)

    assert fresh(job).args == {"text": "hi", "times": 2, "source_key": None}


def test_wrong_arguments_are_refused_by_name() -> None:
    with pytest.raises(Invalid) as refused:
        queue.submit(PROBE, {"times": "often"}, at=START)

    assert refused.value.where == ("times",)
    assert jobs.count() == 0


def test_the_same_key_twice_is_a_conflict_that_names_the_job_under_way() -> None:
    first = submitted(key="analysis:1")

    with pytest.raises(Conflict) as refused:
        submitted(key="analysis:1")

    assert refused.value.details["existing_job_id"] == first.id


def test_who_asks_anew_for_what_is_being_stopped_is_told_when_to_come_again() -> None:
    first = submitted(key="analysis:1")
    lease = claimed().lease
    queue.cancel(first.id, after(1))

    with pytest.raises(Conflict, match="just being stopped") as refused:
        submitted(key="analysis:1")

    assert refused.value.details == {"existing_job_id": first.id, "retry_after_seconds": 2}
    queue.stop(lease, after(2))
    assert submitted(key="analysis:1").id != first.id


def test_a_key_is_free_again_once_its_job_has_ended() -> None:
    submitted(key="analysis:1")
    queue.finish(claimed().lease, None, after(1))

    submitted(key="analysis:1")

    assert jobs.count(statuses=("queued",)) == 1


def test_a_failed_job_can_be_tried_again_with_all_its_attempts(rng: random.Random) -> None:
    job = submitted()
    queue.fail(claimed().lease, Fault("corrupt_media", "Broken.", False), after(1), rng)

    again = queue.retry(job.id, KINDS, after(2))

    assert (again.status, again.faults, again.error_code) == ("queued", 0, None)
    assert claimed(3).lease.attempt == 2


def test_a_job_that_is_tried_again_stands_behind_what_was_asked_for_meanwhile(
    rng: random.Random,
) -> None:
    job = submitted()
    queue.fail(claimed().lease, Fault("corrupt_media", "Broken.", False), after(1), rng)
    other = submitted(seconds=2)

    queue.retry(job.id, KINDS, after(3))

    assert claimed(4).job.id == other.id


def test_what_is_under_way_cannot_be_tried_again() -> None:
    job = submitted()

    with pytest.raises(Conflict) as refused:
        queue.retry(job.id, KINDS, after(1))

    assert refused.value.details["status"] == "queued"


def test_retrying_what_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        queue.retry("none", KINDS, START)


def test_ids_rise_in_the_order_of_asking() -> None:
    ids = [submitted().id for _ in range(200)]

    assert ids == sorted(ids)
