"""How attempts end, and that an attempt that has lost its job changes nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from beatstitch import queue
from beatstitch.db import base, job_figures, jobs, users
from beatstitch.errors import Cancelled, Conflict, NotFound
from beatstitch.queue import FanOut, Fault, Instant, Lease, LeaseLost, Line, Progress
from beatstitch.queue.end import RETRY_BASE_MS, RETRY_CAP_MS, delay_ms
from beatstitch.queue.family import Child
from moments import DICE, PROBE, START, after, claimed, fresh, submitted

pytestmark = pytest.mark.usefixtures("database")
BROKEN = Fault("corrupt_media", "The file is broken.", is_transient=False)
SHAKEN = Fault("io", "The disk hiccuped.", is_transient=True)

WRITES: dict[str, Callable[[Lease, Instant], object]] = {
    "renew": lambda lease, at: queue.renew(lease, at),
    "finish": lambda lease, at: queue.finish(lease, {"by": lease.owner}, at),
    "fail": lambda lease, at: queue.fail(lease, SHAKEN, at, DICE),
    "stop": lambda lease, at: queue.stop(lease, at),
    "give_back": lambda lease, at: queue.give_back(lease, at),
    "fan_out": lambda lease, at: queue.fan_out(
        lease, FanOut([Child("probe", {})]), {"probe": PROBE}, at
    ),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_worker_cannot_write_on_a_job_that_was_claimed_again(write: str) -> None:
    submitted()
    lost = claimed(owner="zombie").lease
    queue.reap_owner("zombie", after(40))
    held = claimed(41, owner="successor").lease
    before = fresh(held.job_id).__data__

    with pytest.raises(LeaseLost):
        WRITES[write](lost, after(42))

    assert fresh(held.job_id).__data__ == before
    assert jobs.count() == 1


@pytest.mark.parametrize("write", WRITES)
def test_a_worker_cannot_write_on_a_job_that_has_ended(write: str) -> None:
    submitted()
    lease = claimed().lease
    queue.finish(lease, {"by": "it"}, after(1))

    with pytest.raises(LeaseLost):
        WRITES[write](lease, after(2))

    assert fresh(lease.job_id).result == {"by": "it"}


@pytest.mark.parametrize("write", WRITES)
def test_another_owner_cannot_write_with_the_same_attempt(write: str) -> None:
    submitted()
    lease = claimed().lease

    with pytest.raises(LeaseLost):
        WRITES[write](replace(lease, owner="impostor"), after(1))


def test_a_finished_job_is_complete_and_holds_its_result() -> None:
    job = submitted()

    queue.finish(claimed().lease, {"output_id": "o1"}, after(2))

    row = fresh(job)
    assert (row.status, row.progress_percent, row.result) == ("complete", 100, {"output_id": "o1"})
    assert (row.started_at, row.finished_at) == (START.stamp(), after(2).stamp())
    assert row.lease_owner is None


def test_the_rows_of_a_result_are_stored_only_with_the_end_of_the_job() -> None:
    submitted()
    lost = claimed(owner="zombie").lease
    queue.reap_owner("zombie", after(40))

    with pytest.raises(LeaseLost), base.transaction():
        users.create("result", "row")
        queue.finish(lost, None, after(41))

    assert users.by_name("result") is None


def test_a_transient_fault_is_tried_again_until_the_attempts_are_used_up() -> None:
    job = submitted()

    first = queue.fail(claimed().lease, SHAKEN, START, DICE)
    second = queue.fail(claimed(600).lease, SHAKEN, after(600), DICE)

    assert (first.status, first.faults) == ("queued", 1)
    assert (second.status, second.error_code) == ("failed", "io")
    assert fresh(job).finished_at == after(600).stamp()


def test_a_deterministic_fault_is_never_tried_again() -> None:
    submitted()

    job = queue.fail(claimed().lease, BROKEN, START, DICE)

    assert (job.status, job.error_message) == ("failed", "The file is broken.")


def test_waiting_for_a_retry_grows_has_jitter_and_ends_at_the_cap() -> None:
    waits = {faults: [delay_ms(faults, DICE) for _ in range(200)] for faults in (1, 3, 30)}

    assert all(RETRY_BASE_MS / 2 <= wait <= RETRY_BASE_MS for wait in waits[1])
    assert max(waits[3]) > 3 * RETRY_BASE_MS
    assert max(waits[30]) <= RETRY_CAP_MS
    assert len(set(waits[30])) > 100


def test_giving_back_counts_no_fault() -> None:
    submitted()

    for round_ in range(5):
        job = queue.give_back(claimed(round_).lease, after(round_))

    assert (job.status, job.faults, job.attempt) == ("queued", 0, 5)


def test_renewing_prolongs_the_lease_and_shows_progress() -> None:
    job = submitted()
    lease = claimed().lease

    renewed, is_cancelled = queue.renew(lease, after(20), Progress(42, "probing", "Looking"))

    row = fresh(job)
    assert renewed.left_ms(after(20)) == 30_000
    assert not is_cancelled
    assert (row.progress_percent, row.stage, row.progress_message) == (42, "probing", "Looking")


def test_the_log_keeps_its_last_thousand_lines() -> None:
    job = submitted()
    lease = claimed().lease

    for start in range(0, 1200, 300):
        queue.note(lease, [Line(START.stamp(), "INFO", f"{start + i}") for i in range(300)])

    kept = [line.text for line in jobs.lines(job.id, 2000)]
    assert kept == [str(i) for i in range(200, 1200)]


def test_a_queued_job_is_cancelled_at_once() -> None:
    job = submitted()

    assert queue.cancel(job.id, after(1)).status == "cancelled"
    assert queue.claim("worker-1", (PROBE,), after(2)) is None


def test_a_running_job_is_told_to_stop_by_its_next_beat() -> None:
    job = submitted()
    lease = claimed().lease

    shown = queue.cancel(job.id, after(1))
    _, is_cancelled = queue.renew(lease, after(2))
    ended = queue.stop(lease, after(3))

    assert (shown.status, is_cancelled, ended.status) == ("running", True, "cancelled")


def test_a_result_that_comes_after_the_cancel_is_refused() -> None:
    job = submitted()
    lease = claimed().lease
    queue.cancel(job.id, after(1))

    with pytest.raises(Cancelled):
        queue.finish(lease, {"too": "late"}, after(2))

    assert fresh(job).result is None


@pytest.mark.parametrize("write", ["fail", "give_back"])
def test_whatever_ends_a_cancelled_attempt_the_job_is_cancelled(write: str) -> None:
    job = submitted()
    lease = claimed().lease
    queue.cancel(job.id, after(1))

    WRITES[write](lease, after(2))

    assert fresh(job).status == "cancelled"


def test_what_has_ended_cannot_be_cancelled() -> None:
    job = submitted()
    queue.finish(claimed().lease, None, after(1))

    with pytest.raises(Conflict) as refused:
        queue.cancel(job.id, after(2))

    assert refused.value.details["cancellable_statuses"] == ["queued", "running"]


def test_cancelling_what_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        queue.cancel("none", START)


def test_totals_count_how_jobs_ended_and_how_long_they_ran() -> None:
    for seconds in (0, 100):
        submitted()
        queue.finish(claimed(seconds).lease, None, after(seconds + 3))
    queue.cancel(submitted().id, after(200))

    totals = {(row.kind, row.status): (row.count, row.seconds) for row in job_figures.totals()}

    assert totals == {("probe", "complete"): (2, 6.0), ("probe", "cancelled"): (1, 0.0)}
