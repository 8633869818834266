"""The door to child processes, with real children that behave as badly as they can."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from beatstitch.errors import Cancelled, NotFound, Unavailable
from beatstitch.process import (
    Finished,
    Limits,
    Mode,
    OutputTooLarge,
    ProcessKilled,
    ProcessStalled,
    ProcessTimeout,
    run,
)
from beatstitch.process.ear import Ear

AMPLE = Limits(timeout_s=60)


def sh(script: str, limits: Limits = AMPLE, **options: Any) -> Finished:
    return run(["/bin/sh", "-c", script], limits=limits, **options)


def py(script: str, limits: Limits = AMPLE, **options: Any) -> Finished:
    return run(["/usr/bin/python3", "-c", script], limits=limits, **options)


@pytest.mark.usefixtures("walls")
def test_a_child_ends_with_its_code_and_both_its_outputs() -> None:
    done = sh("echo out; echo err >&2; exit 3")

    assert done == Finished(3, b"out\n", "err\n")


@pytest.mark.usefixtures("walls")
def test_a_child_that_crashes_ends_with_the_signal_as_a_negative_code() -> None:
    done = sh("kill -SEGV $$")

    assert done.returncode == -signal.SIGSEGV


@pytest.mark.usefixtures("walls")
@pytest.mark.parametrize(
    "script",
    [
        "exec sleep 60",
        "kill -STOP $$",
        "trap '' TERM INT HUP; exec sleep 60",
        "exec sleep 60 >&- 2>&-",
        "while :; do echo more; done",
        "while :; do printf more; done",
        "while :; do echo more >&2; done",
    ],
)
def test_a_child_that_never_ends_is_stopped_at_its_deadline(script: str) -> None:
    started = monotonic()

    with pytest.raises(ProcessTimeout, match=r"longer than 0\.4 s") as refused:
        sh(script, Limits(timeout_s=0.4), on_line=lambda line: True)

    assert refused.value.code == "timeout"
    assert monotonic() - started < 30


@pytest.mark.usefixtures("walls")
def test_a_child_that_burns_its_cpu_time_is_stopped_long_before_the_deadline() -> None:
    one_second = Limits(timeout_s=60, threads=1 / 60)  # type: ignore[arg-type]

    with pytest.raises(ProcessTimeout):
        sh("while :; do :; done", one_second)


@pytest.mark.usefixtures("walls")
def test_a_flood_on_stderr_blocks_nothing_and_leaves_its_end() -> None:
    done = sh(
        "head -c 200000 /dev/zero | tr '\\0' x >&2; echo the end >&2; echo out",
        Limits(timeout_s=60, may_fork=True),
    )

    assert done.stdout == b"out\n"
    assert len(done.stderr) == 16 * 1024
    assert done.stderr.endswith("xxx" + "the end\n")


@pytest.mark.usefixtures("walls")
def test_every_line_is_heard_also_the_last_one_without_its_end() -> None:
    heard: list[str] = []

    done = sh("printf 'one\\ntwo\\nthree'", on_line=lambda line: not heard.append(line))

    assert heard == ["one", "two", "three"]
    assert done.stdout == b""


@pytest.mark.usefixtures("walls")
def test_a_line_without_end_comes_in_pieces() -> None:
    sizes: list[int] = []

    py("print('x' * 1_000_000)", on_line=lambda line: not sizes.append(len(line)))

    assert sum(sizes) == 1_000_000
    assert max(sizes) <= 128 * 1024


@pytest.mark.usefixtures("walls")
def test_a_child_that_talks_but_makes_no_progress_has_stalled() -> None:
    with pytest.raises(ProcessStalled) as refused:
        sh("while :; do echo frame=7; done", Limits(60, stall_s=0.3), on_line=lambda line: False)

    assert refused.value.code == "stalled"


@pytest.mark.usefixtures("walls")
def test_every_line_of_progress_gives_a_child_as_long_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("beatstitch.process.ear.monotonic", lambda: now[0])

    def later(line: str) -> bool:
        now[0] += 0.9
        return True

    sh("for i in 1 2 3 4 5 6 7 8 9; do echo $i; done", Limits(60, stall_s=1), on_line=later)

    assert now[0] > 8


def test_where_no_lines_are_asked_for_all_output_is_progress(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("beatstitch.process.ear.monotonic", lambda: now[0])
    ear = Ear(Limits(60, stall_s=1), None, None)

    for _ in range(9):
        now[0] += 0.9
        ear._collect(b"more")
        ear.check()

    now[0] += 1
    with pytest.raises(ProcessStalled):
        ear.check()


@pytest.mark.usefixtures("walls")
def test_a_child_that_ignores_the_wish_to_stop_is_gone_all_the_same(marked: Any) -> None:
    stop = threading.Event()
    threading.Timer(0.2, lambda: marked.come_up() and stop.set()).start()

    with pytest.raises(Cancelled):
        sh(f"trap '' TERM; exec sleep {marked.mark}", stop=stop)

    assert marked.are_gone()


@pytest.mark.usefixtures("walls")
def test_a_wish_to_stop_that_is_already_there_starts_nothing(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()

    with pytest.raises(Cancelled):
        sh(f"touch {tmp_path}/started", writes=[tmp_path], stop=stop)

    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("walls")
def test_a_listener_that_fails_ends_the_child(marked: Any) -> None:
    def refuse(line: str) -> bool:
        raise ValueError(line)

    with pytest.raises(ValueError, match="hello"):
        sh(f"echo hello; exec sleep {marked.mark}", on_line=refuse)

    assert marked.are_gone()


@pytest.mark.usefixtures("walls")
def test_more_output_than_allowed_is_an_error_and_not_cut_off() -> None:
    with pytest.raises(OutputTooLarge):
        sh("while :; do echo more; done", Limits(timeout_s=60, output_bytes=100_000))


@pytest.mark.usefixtures("walls")
def test_a_file_can_grow_only_to_its_limit(tmp_path: Path) -> None:
    limits = Limits(timeout_s=60, file_bytes=100_000)

    with pytest.raises(OutputTooLarge):
        sh(f"exec head -c 10000000 /dev/zero > '{tmp_path}/big'", limits, writes=[tmp_path])

    assert (tmp_path / "big").stat().st_size <= 100_000


@pytest.mark.usefixtures("walls")
def test_a_memory_hog_gets_no_memory() -> None:
    done = py("bytearray(8 << 30)")

    assert done.returncode == 1
    assert "MemoryError" in done.stderr


@pytest.mark.usefixtures("walls")
def test_a_child_that_the_kernel_kills_is_a_fault_of_the_moment() -> None:
    with pytest.raises(ProcessKilled, match="memory"):
        sh("kill -KILL $$")


@pytest.mark.usefixtures("walls")
def test_a_child_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "sesame")

    done = run(["env"], limits=AMPLE)

    names = {line.split("=")[0] for line in done.stdout.decode().splitlines()}
    assert names - {"PWD"} == {
        *("PATH", "LANG", "HOME", "MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_"),
    }


@pytest.mark.usefixtures("walls")
def test_a_missing_tool_is_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda tool: None)

    with pytest.raises(Unavailable, match="apt install ffmpeg") as refused:
        run(["ffprobe"], limits=AMPLE)

    assert refused.value.code == "ffmpeg_missing"


@pytest.mark.usefixtures("walls")
def test_an_input_that_is_gone_is_named_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as refused:
        run(["true"], limits=AMPLE, reads=[tmp_path / "clip.mp4"])

    assert refused.value.message == "clip.mp4 is no longer there."


@pytest.mark.usefixtures("walls")
@pytest.mark.parametrize("name", ["a b.txt", "-i", "http:x", "it's", "two\nlines", "ü😀", "$(id)"])
def test_no_name_of_a_file_is_more_than_a_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("content")

    done = run(["cat", str(tmp_path / name)], limits=AMPLE, reads=[tmp_path / name])

    assert done.stdout == b"content"


def test_children_of_many_threads_do_not_meet(walls: Mode) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: sh(f"echo {n}; echo {n} >&2; exit {n}"), range(32)))

    assert [d.returncode for d in done] == list(range(32))
    assert [int(d.stdout) for d in done] == [int(d.stderr) for d in done] == list(range(32))
