"""One attempt of a job by a real worker: from its row to files and rows, whatever it does."""

import os
from pathlib import Path

import pytest

from beatstitch import queue
from beatstitch.db import jobs
from daemons import House, is_alive, wait_for


def test_a_job_becomes_a_file_and_a_row(house: House) -> None:
    house.worker()

    job = house.ended(house.submit(text="hello", times=3))

    assert (job.status, job.progress_percent, job.attempt) == ("complete", 100, 1)
    assert house.storage.fetch(f"derived/echo/{job.id}.txt").read_text() == "hello" * 3
    assert house.said(job) == ["hello"]
    assert job.result is not None
    assert job.result["size"] == 15


def test_an_input_is_read_from_the_storage(house: House, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text(" world")
    house.storage.put(tmp_path / "in.txt", "uploads/in.txt")
    house.worker()

    job = house.ended(house.submit(text="hello", source_key="uploads/in.txt"))

    assert house.storage.fetch(f"derived/echo/{job.id}.txt").read_text() == "hello world"


def test_an_input_that_is_gone_fails_the_job_at_once(house: House) -> None:
    house.worker()

    job = house.ended(house.submit(source_key="uploads/none.txt"))

    assert (job.status, job.error_code, job.attempt) == ("failed", "not_found", 1)
    assert not [*house.storage.root.glob("attempts/*/*")]


def test_every_attempt_has_a_process_of_its_own_that_is_gone_afterwards(house: House) -> None:
    worker = house.worker()

    first, second = (house.ended(house.submit(text=text)) for text in "ab")

    assert first.result is not None
    assert second.result is not None
    pids = {first.result["pid"], second.result["pid"], worker.pid}
    assert len(pids) == 3
    wait_for(lambda: not is_alive(int(str(first.result["pid"]))))


def test_nothing_is_left_in_the_scratch_folder(house: House) -> None:
    house.worker()

    house.ended(house.submit())

    attempts = house.storage.root / "attempts"
    wait_for(lambda: not [name for _, _, names in os.walk(attempts) for name in names])


def test_the_child_has_no_network_no_secret_and_no_open_database(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "x" * 40)
    monkeypatch.setenv("DATABASE_URL", house.url)
    house.worker()

    found = house.ended(house.submit("naughty", trick="look_around")).result

    assert found is not None
    assert (found["links"], found["routes"]) == (["lo"], [])
    assert (found["secret"], found["database"]) == (None, None)
    assert found["leads_session"]
    assert found["niceness"] == min(19, os.nice(0) + 10)  # heavy: behind who answers people
    assert not [name for name in str(found["open_files"]).split() if "beatstitch.db" in name]


def test_the_sandbox_of_tools_stands_inside_a_child(house: House) -> None:
    from beatstitch.process import sandbox

    house.worker()

    job = house.ended(house.submit("naughty", trick="run_sandboxed"))

    assert job.result == {"sandbox": sandbox()}


@pytest.mark.parametrize(
    ("trick", "code"),
    [
        ("reject", "corrupt_media"),
        ("divide", "internal_error"),
        ("segfault", "crashed"),
        ("hog", "out_of_memory"),
        ("stumble", "internal_error"),
        ("keep_foreign", "internal_error"),
    ],
)
def test_a_deterministic_fault_fails_the_job_at_its_first_attempt(
    house: House, tmp_path: Path, trick: str, code: str
) -> None:
    (tmp_path / "foreign").write_text("not yours")
    house.worker()

    job = house.ended(house.submit("naughty", trick=trick, mark=str(tmp_path / "foreign")))
    after = house.ended(house.submit(text="still here"))

    assert (job.status, job.error_code, job.attempt) == ("failed", code, 1)
    assert "secret" not in str(job.error_message)
    assert after.status == "complete"
    wait_for(lambda: house.said(job) == [f"gave up: {code}"], "give_up")
    assert (tmp_path / "foreign").exists()


def test_a_job_whose_rows_have_gone_fails_and_troubles_nobody(house: House) -> None:
    house.worker()

    job = house.ended(house.submit("naughty", trick="vanish"))
    wait_for(lambda: house.row(job).is_settled)

    assert (job.status, job.error_code) == ("failed", "not_found")
    assert house.ended(house.submit()).status == "complete"


def test_a_transient_fault_is_tried_again(house: House, tmp_path: Path) -> None:
    house.worker()

    job = house.ended(house.submit("naughty", trick="tremble", mark=str(tmp_path / "mark")))

    assert (job.status, job.attempt, job.faults) == ("complete", 2, 1)
    assert house.said(job) == ["tremble"]


def test_a_full_disk_is_a_fault_of_the_moment_with_a_code(house: House) -> None:
    house.worker()
    job = house.submit("naughty", trick="fill")

    wait_for(lambda: house.row(job).faults == 1)

    row = house.row(job)
    assert (row.status, row.error_code) == ("queued", "disk_full")


def test_a_child_killed_by_somebody_is_tried_again_up_to_its_attempts(
    house: House, tmp_path: Path
) -> None:
    house.worker()

    job = house.ended(house.submit("naughty", trick="be_killed", mark=str(tmp_path / "mark")))

    assert (job.status, job.error_code, job.attempt) == ("failed", "child_lost", 2)
    assert (tmp_path / "mark").read_text().count("tried") == 2


def test_the_wall_clock_ends_what_takes_too_long_though_it_reports(
    house: House, tmp_path: Path
) -> None:
    house.worker()

    job = house.ended(house.submit("hasty", trick="sleep_deaf", mark=str(tmp_path / "mark")))

    pid = int((tmp_path / "mark").read_text())
    assert (job.status, job.error_code) == ("failed", "timeout")
    wait_for(lambda: not is_alive(pid))


def test_longer_media_may_take_longer(house: House, tmp_path: Path) -> None:
    house.worker()
    mark = tmp_path / "mark"

    job = house.submit("hasty", trick="wait_for_mark", mark=str(mark), media_s=60)
    wait_for(mark.exists)
    os.utime(mark)
    mark.write_text("go")

    assert house.ended(job).status == "complete"


def test_what_says_nothing_for_too_long_is_ended(house: House, tmp_path: Path) -> None:
    house.worker()

    job = house.ended(house.submit("quiet", trick="say_nothing", mark=str(tmp_path / "mark")))

    assert (job.status, job.error_code) == ("failed", "stalled")


def test_a_daemonised_grandchild_is_killed_with_its_attempt(house: House, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    house.worker()

    job = house.ended(house.submit("naughty", trick="daemonise", mark=str(mark)))

    assert job.status == "complete"
    wait_for(lambda: not is_alive(int(mark.read_text())), "the daemon's end")


def test_a_cancelled_job_is_gone_within_moments_with_its_tools(
    house: House, tmp_path: Path
) -> None:
    mark = tmp_path / "marks" / "mark"
    house.worker()
    job = house.submit("naughty", trick="run_tool", mark=str(mark))
    wait_for(lambda: mark.exists() and len(mark.read_text().split()) >= 2, "the tool")

    queue.cancel(job.id, queue.now())

    assert house.ended(job).status == "cancelled"
    child = int(mark.read_text().split()[0])
    wait_for(lambda: not is_alive(child) and _running_with(mark) == [])
    wait_for(lambda: house.said(job) == ["gave up: None"])


def test_a_cancelled_job_that_does_not_listen_is_killed(house: House, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    house.worker()
    job = house.submit("naughty", trick="sleep_deaf", mark=str(mark))
    wait_for(lambda: mark.exists() and mark.read_text().strip() != "")

    queue.cancel(job.id, queue.now())

    assert house.ended(job).status == "cancelled"
    wait_for(lambda: not is_alive(int(mark.read_text())))


def test_progress_and_log_lines_can_be_read_while_it_runs(house: House, tmp_path: Path) -> None:
    house.worker()
    job = house.submit("naughty", trick="sleep", mark=str(tmp_path / "mark"))

    wait_for(lambda: house.row(job).progress_percent == 50)

    row = house.row(job)
    assert (row.stage, row.progress_message) == ("sleeping", "Sleeping")
    assert [line.text for line in jobs.lines(job.id, 10)] == ["Sleeping"]


def test_every_line_of_the_log_names_its_job(house: House) -> None:
    house.worker()

    job = house.ended(house.submit())
    wait_for(lambda: any(line["message"] == "job done" for line in house.log()))

    about = [line for line in house.log() if line.get("job_id") == job.id]
    assert [line["message"] for line in about] == ["job claimed", "said it all", "job done"]


def _running_with(mark: Path) -> list[int]:
    """The processes that have this file on their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(mark).encode() in entry.read_bytes() and is_alive(int(entry.parent.name)):
                found.append(int(entry.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found
