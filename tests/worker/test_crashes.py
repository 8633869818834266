"""What is left when processes are killed: no job lost, none done twice, nobody left running."""

import random
import signal
from collections import Counter
from pathlib import Path

import pytest

from beatstitch import queue
from beatstitch.db import base
from beatstitch.db.jobs import Job
from beatstitch.queue import presence, wake
from daemons import House, is_alive, wait_for


@pytest.fixture
def house(any_house: House) -> House:
    """Every test of this page holds on either kind of database."""
    return any_house


@pytest.mark.parametrize("place", ["claimed", "begun", "kept", "settled"])
def test_a_worker_killed_before_its_commit_leaves_a_job_that_is_done_once(
    house: House, place: str
) -> None:
    doomed = house.worker({"BEATSTITCH_FAIL_AT": place})
    job = house.submit(text="once")
    doomed.wait(20)

    house.worker()
    row = house.ended(job)

    assert doomed.returncode == -signal.SIGKILL
    assert (row.status, row.attempt, row.faults) == ("complete", 2, 1)
    assert house.said(job) == ["once"]
    assert [stored.key for stored in house.storage.list("derived")] == [
        f"derived/echo/{job.id}.txt"
    ]


def test_a_worker_killed_after_its_commit_has_done_its_job(house: House) -> None:
    doomed = house.worker({"BEATSTITCH_FAIL_AT": "committed"})
    job = house.submit(text="once")
    doomed.wait(20)

    house.worker()
    house.ended(house.submit())

    row = house.row(job)
    assert (row.status, row.attempt) == ("complete", 1)
    assert house.said(job) == ["once"]


def test_a_worker_that_breaks_leaves_its_job_to_others_at_once(
    house: House, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    worker = house.worker()
    job = house.submit("naughty", trick="wait_for_mark", mark=str(mark))
    wait_for(mark.exists)
    owner = house.row(job).lease_owner

    base.database.execute_sql("ALTER TABLE jobs RENAME TO lost")
    wake.workers()
    worker.wait(20)
    base.database.execute_sql("ALTER TABLE lost RENAME TO jobs")

    assert presence.dead() == [owner]


def test_nothing_runs_on_when_the_worker_is_killed(house: House, tmp_path: Path) -> None:
    mark = tmp_path / "marks" / "mark"
    worker = house.worker()
    house.submit("naughty", trick="run_tool", mark=str(mark))
    wait_for(lambda: mark.exists() and len(mark.read_text().split()) >= 2)
    family = _descendants(worker.pid)
    assert len(family) >= 3

    worker.kill()
    worker.wait()

    wait_for(lambda: not [pid for pid in family if is_alive(pid)], "the end of the family")


def test_what_daemonised_dies_with_a_killed_worker(house: House, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    worker = house.worker()
    house.submit("naughty", trick="daemonise_and_stay", mark=str(mark))
    wait_for(lambda: mark.exists() and mark.read_text().strip() != "")

    worker.kill()
    worker.wait()

    wait_for(lambda: not is_alive(int(mark.read_text())))


def test_a_live_worker_takes_over_from_a_killed_one_at_once(house: House, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    doomed = house.worker()
    job = house.submit("naughty", trick="wait_for_mark", mark=str(mark))
    wait_for(lambda: mark.exists() and mark.read_text().strip() != "")
    house.worker()
    wait_for(lambda: len(presence.living()) == 2)
    wait_for(lambda: any("worker ready" in str(line["message"]) for line in house.log()[1:]))

    doomed.kill()
    wait_for(lambda: house.row(job).attempt == 2)
    mark.write_text("go")

    assert house.ended(job).status == "complete"


def test_a_worker_back_from_the_dead_changes_nothing(house: House, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    zombie = house.worker()
    job = house.submit("naughty", trick="wait_for_mark", mark=str(mark))
    wait_for(lambda: mark.exists() and mark.read_text().strip() != "")
    zombie.send_signal(signal.SIGSTOP)
    (owner,) = presence.living()
    queue.reap_owner(owner, queue.now())  # what the end of its lease does half a minute later

    house.worker()
    mark.write_text("go")
    row = house.ended(job)
    zombie.send_signal(signal.SIGCONT)
    wait_for(lambda: any("thrown away" in str(line["message"]) for line in house.log()))

    after = house.row(job)
    assert (row.status, row.attempt) == ("complete", 2)
    assert after.__data__ == row.__data__
    assert house.said(job) == ["wait_for_mark"]


def test_random_kills_lose_nothing_and_do_nothing_twice(house: House) -> None:
    """The short form; `make torture` runs it long."""
    dice = random.Random(7)  # noqa: S311 - no secret hangs on it
    jobs = [house.submit("slow_echo", text=str(i)) for i in range(80)]
    with base.transaction():
        Job.update(max_attempts=1000).execute()
    kills = 0
    workers = [house.worker(light=4) for _ in range(2)]

    while left := _left():
        target = max(0, left - dice.randrange(5, 25))
        wait_for(lambda target=target: _left() <= target)  # type: ignore[misc]
        victim = dice.randrange(2)
        workers[victim].kill()
        workers[victim].wait()
        workers[victim] = house.worker(light=4)
        kills += 1

    assert kills >= 3
    assert {row.status for row in Job.select()} == {"complete"}
    assert Counter(house.said(job)[0] for job in jobs) == Counter(str(i) for i in range(80))
    assert all(len(house.said(job)) == 1 for job in jobs)
    kept = {stored.key for stored in house.storage.list("derived")}
    assert kept == {f"derived/echo/{job.id}.txt" for job in jobs}


def _left() -> int:
    return Job.select().where(Job.status != "complete").count()


def _descendants(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        path = Path(f"/proc/{parent}/task/{parent}/children")
        found += [int(child) for child in path.read_text().split()] if path.exists() else []
    return found[1:]
