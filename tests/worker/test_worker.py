"""A worker's days: families, shares, several workers, leaving, and what wakes it."""

import os
import signal
import time
from pathlib import Path

from beatstitch import queue
from beatstitch.db import base
from beatstitch.db.jobs import Job
from beatstitch.queue import presence
from daemons import House, is_alive, wait_for
from toys.worker import KINDS


def test_a_parent_fans_out_waits_and_joins(house: House) -> None:
    house.worker()

    job = house.ended(house.submit("family", parts=["a", "b", "c"]))

    assert (job.status, job.result) == ("complete", {"text": "abc"})
    assert house.storage.fetch(f"outputs/family/{job.id}.txt").read_text() == "abc"
    assert job.attempt == 2


def test_parts_that_are_there_are_not_made_again(house: House) -> None:
    house.worker()

    house.ended(house.submit("family", parts=["a", "b"]))
    house.ended(house.submit("family", parts=["a", "b", "c"]))

    assert Job.select().where(Job.kind == "echo").count() == 3


def test_a_preview_overtakes_a_long_final_between_two_chunks(house: House) -> None:
    final = queue.submit(
        KINDS["slow_echo"], {"text": "far"}, at=queue.Instant(2**41, 0, "x"), user_id="anna"
    )
    parts = [str(i) for i in range(30)]
    family = house.submit("family", parts=parts)

    house.worker(light=1)

    assert house.ended(family).status == "complete"
    assert house.ended(final).status == "complete"
    ends = [(house.row(job).finished_at, job.id) for job in (family, final)]
    assert ends == sorted(ends)


def test_a_failing_part_fails_the_whole_and_stops_the_rest(house: House) -> None:
    house.worker()

    job = house.ended(house.submit("family", parts=list("abcdef"), source_key="uploads/none"))

    assert (job.status, job.error_code) == ("failed", "not_found")
    wait_for(lambda: house.said(job) == ["gave up: not_found"])
    wait_for(lambda: {row.status for row in Job.select()} == {"failed", "cancelled"})


def test_several_workers_share_the_work_and_do_it_once(house: House) -> None:
    jobs = [house.submit(text=str(i)) for i in range(30)]

    for _ in range(2):
        house.worker()

    assert {house.ended(job).status for job in jobs} == {"complete"}
    assert [house.said(job) for job in jobs] == [[str(i)] for i in range(30)]


def test_a_lost_knock_costs_a_poll_and_not_the_job(house: House) -> None:
    house.worker()
    wait_for(lambda: presence.living() != [])
    bells = list((house.folder / "workers").glob("*.bell"))

    for bell in bells:
        bell.unlink()

    assert house.ended(house.submit()).status == "complete"


def test_sigterm_lets_a_job_finish_and_claims_no_more(house: House, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    worker = house.worker(grace_s=20)
    job = house.submit("naughty", trick="wait_for_mark", mark=str(mark))
    wait_for(mark.exists)

    worker.send_signal(signal.SIGTERM)
    wait_for(lambda: any(line["message"] == "worker leaves" for line in house.log()))
    late = house.submit()
    mark.write_text("go")

    assert worker.wait(20) == 0
    assert house.row(job).status == "complete"
    assert house.row(late).status == "queued"


def test_sigterm_gives_back_what_does_not_finish_in_time(house: House, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    worker = house.worker(grace_s=0)
    job = house.submit("naughty", trick="sleep_deaf", mark=str(mark))
    wait_for(lambda: mark.exists() and mark.read_text().strip() != "")
    pid = int(mark.read_text())

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(20) == 0
    row = house.row(job)
    assert (row.status, row.faults, row.attempt) == ("queued", 0, 1)
    assert not is_alive(pid)
    assert presence.living() == []
    assert presence.dead() == []


def test_a_second_signal_does_not_wait_for_the_grace(house: House, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    worker = house.worker(grace_s=3600)
    job = house.submit("naughty", trick="sleep", mark=str(mark))
    wait_for(lambda: mark.exists() and mark.read_text().strip() != "")

    worker.send_signal(signal.SIGTERM)
    wait_for(lambda: any(line["message"] == "worker leaves" for line in house.log()))
    worker.send_signal(signal.SIGTERM)

    assert worker.wait(20) == 0
    assert house.row(job).status == "queued"


def test_the_death_of_the_nursery_costs_an_attempt_and_not_the_worker(
    house: House, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    worker = house.worker()
    job = house.submit("naughty", trick="wait_for_mark", mark=str(mark))
    wait_for(lambda: mark.exists() and mark.read_text().strip() != "")
    (nursery,) = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()

    os.kill(int(nursery), signal.SIGKILL)
    mark.write_text("go")

    row = house.ended(job)
    assert (row.status, row.attempt, row.faults) == ("complete", 2, 1)
    assert worker.poll() is None


def test_a_locked_database_stops_nobody_for_good(house: House, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    house.worker()
    job = house.submit("naughty", trick="wait_for_mark", mark=str(mark))
    wait_for(mark.exists)

    with base.transaction():
        mark.write_text("go")
        wait_for(lambda: any("out of reach" in str(line["message"]) for line in house.log()))

    assert house.ended(job).status == "complete"
    assert house.said(job) == ["wait_for_mark"]


def test_a_worker_that_can_not_write_rests_between_its_tries_and_leaves_when_told(
    house: House, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    worker = house.worker(grace_s=0)
    job = house.submit("naughty", trick="wait_for_mark", mark=str(mark))
    wait_for(lambda: mark.exists() and mark.read_text().strip() != "")

    def tries() -> int:
        return sum("out of reach" in str(line["message"]) for line in house.log())

    with base.transaction():
        mark.write_text("go")
        began = time.monotonic()
        wait_for(lambda: tries() >= 2)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
        took_s = time.monotonic() - began

    # Each try waits for the lock and then rests a second.
    assert tries() <= took_s + 2
    assert any(line["message"] == "jobs are left to others" for line in house.log())
    house.worker()
    row = house.ended(job)
    assert (row.status, row.attempt) == ("complete", 2)
    assert house.said(job) == ["wait_for_mark"]
