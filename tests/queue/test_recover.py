"""What is taken back from the dead, and when: leases, clocks, ends, old rows, the hour's work."""

import random
from dataclasses import replace

import pytest

from beatstitch import queue
from beatstitch.db import base
from beatstitch.db.jobs import Job, JobLine
from beatstitch.queue import Child, FanOut, Fault, Instant, Kind, Line
from moments import CHUNK, FINAL, KINDS, PROBE, START, after, claimed, fresh, submitted

pytestmark = pytest.mark.usefixtures("database")
HOURLY = Kind("hourly", "toys.echo", "batch", "light", 10, 1, every_s=3600)


def test_a_lease_that_has_ended_is_taken_back() -> None:
    job = submitted()
    claimed()

    early = queue.reap_expired(after(29.9))
    late = queue.reap_expired(after(30.1))

    assert early == []
    assert [row.id for row in late] == [job.id]
    assert claimed(31, owner="worker-2").lease.attempt == 2


def test_a_renewed_lease_is_not_taken_back() -> None:
    submitted()
    queue.renew(claimed().lease, after(20))

    assert queue.reap_expired(after(45)) == []


@pytest.mark.parametrize("step_ms", [3_600_000, -3_600_000, 365 * 86_400_000])
def test_no_step_of_the_wall_clock_ends_a_lease_or_prolongs_one(step_ms: int) -> None:
    submitted()
    claimed()

    def stepped(seconds: float) -> Instant:
        moment = after(seconds)
        return replace(moment, wall_ms=moment.wall_ms + step_ms)

    assert queue.reap_expired(stepped(29)) == []
    assert len(queue.reap_expired(stepped(31))) == 1


@pytest.mark.parametrize("step_ms", [3_600_000, -3_600_000, -365 * 86_400_000])
def test_no_step_of_the_wall_clock_hides_a_job(step_ms: int) -> None:
    job = submitted()
    moment = after(1)

    claim = queue.claim("worker-1", (PROBE,), replace(moment, wall_ms=moment.wall_ms + step_ms))

    assert claim is not None
    assert claim.job.id == job.id


def test_a_retry_thrown_far_into_the_future_by_the_clock_comes_back(rng: random.Random) -> None:
    submitted()
    ahead = replace(START, wall_ms=START.wall_ms + 365 * 86_400_000)
    queue.fail(claimed().lease, Fault("io", "Hiccup.", True), ahead, rng)

    queue.reap_expired(after(60))

    assert claimed(61).lease.attempt == 2


def test_a_lease_of_another_boot_ends_at_once_or_where_it_may_be_anothers_after_a_lease() -> None:
    submitted()
    claimed()
    watch = queue.Watch()

    def boot_2(seconds: float) -> Instant:
        return Instant(START.wall_ms, round(seconds * 1000), "boot-2")

    at_once = queue.reap_expired(boot_2(1), watch)
    early = queue.reap_expired(boot_2(31), watch)
    late = queue.reap_expired(boot_2(31.1), watch)

    expected = [0, 0, 1] if base.is_shared() else [1, 0, 0]
    assert [len(taken) for taken in (at_once, early, late)] == expected


def test_a_lease_of_another_machine_that_is_renewed_goes_on() -> None:
    if not base.is_shared():
        pytest.skip("one machine has one boot")
    submitted()
    lease = claimed().lease
    watch = queue.Watch()
    taken = []

    for seconds in range(0, 100, 5):
        taken += queue.reap_expired(Instant(0, seconds * 1000, "boot-2"), watch)
        lease, _ = queue.renew(lease, after(seconds))

    assert taken == []


def test_only_the_dead_workers_jobs_are_taken_back() -> None:
    submitted()
    dead = claimed(owner="dead")
    submitted()
    claimed(owner="alive")

    taken = queue.reap_owner("dead", after(1))

    assert [row.id for row in taken] == [dead.job.id]


def test_a_job_that_kills_its_workers_fails_in_the_end() -> None:
    job = submitted(PROBE)

    for life in range(PROBE.max_attempts):
        claimed(life, owner=f"worker-{life}")
        queue.reap_owner(f"worker-{life}", after(life))

    row = fresh(job)
    assert (row.status, row.error_code) == ("failed", "worker_lost")
    assert row.finished_at is not None


def test_a_lost_job_that_somebody_cancelled_is_not_begun_again() -> None:
    job = submitted()
    claimed(owner="dead")
    queue.cancel(job.id, after(1))

    queue.reap_owner("dead", after(2))

    assert fresh(job).status == "cancelled"


def test_a_child_lost_for_good_fails_its_parent() -> None:
    parent = submitted(FINAL)
    queue.fan_out(claimed().lease, FanOut([Child("chunk", {})]), KINDS, START)

    for life in range(CHUNK.max_attempts):
        claimed(life, owner="dead", kinds=(CHUNK,))
        queue.reap_owner("dead", after(life))

    assert (fresh(parent).status, fresh(parent).error_code) == ("failed", "worker_lost")


def test_an_end_without_success_is_settled_once_whoever_ended_it() -> None:
    cancelled = submitted()
    queue.cancel(cancelled.id, after(1))

    (found,) = queue.unsettled((PROBE,))
    first, second = queue.mark_settled(found), queue.mark_settled(found)

    assert (found.id, first, second) == (cancelled.id, True, False)
    assert queue.unsettled((PROBE,)) == []


def test_a_complete_job_needs_no_settling() -> None:
    submitted()
    queue.finish(claimed().lease, None, after(1))

    assert queue.unsettled((PROBE,)) == []


def test_old_jobs_go_with_their_children_and_lines_and_live_ones_stay() -> None:
    parent = submitted(FINAL)
    queue.fan_out(claimed().lease, FanOut([Child("chunk", {})]), KINDS, START)
    chunk = claimed(1)
    queue.note(chunk.lease, [Line(START.stamp(), "INFO", "so far")])
    queue.finish(chunk.lease, None, after(1))
    queue.finish(claimed(2).lease, None, after(2))
    live = submitted()
    queue.finish(claimed(50).lease, None, after(100))
    young = submitted()

    removed = queue.prune(after(50).stamp())

    assert removed == 1
    assert {row.id for row in Job.select()} == {live.id, young.id}
    assert JobLine.select().count() == 0
    assert parent.id not in {row.id for row in Job.select()}


def test_the_hours_work_is_queued_once_an_hour() -> None:
    first = queue.submit_recurring((HOURLY, PROBE), START)
    second = queue.submit_recurring((HOURLY, PROBE), after(1))
    queue.finish(claimed(2, kinds=(HOURLY,)).lease, None, after(3))
    third = queue.submit_recurring((HOURLY, PROBE), after(4))
    next_hour = queue.submit_recurring((HOURLY, PROBE), after(3601))

    assert [first, second, third, next_hour] == [["hourly"], [], [], ["hourly"]]


def test_the_hours_work_goes_on_after_the_clock_was_set_back() -> None:
    queue.submit_recurring((HOURLY,), after(86_400))
    queue.finish(claimed(86_401, kinds=(HOURLY,)).lease, None, after(86_402))

    assert queue.submit_recurring((HOURLY,), START) == ["hourly"]
