"""What a child can't reach, and that nothing of it stays."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from beatstitch.errors import Unavailable
from beatstitch.process import Limits, Mode, run, sandbox
from beatstitch.settings import settings

AMPLE = Limits(timeout_s=60)
FORKING = Limits(timeout_s=60, may_fork=True)


def sh(script: str, limits: Limits = AMPLE, **options: Any) -> bytes:
    return run(["/bin/sh", "-c", script], limits=limits, **options).stdout


def py(script: str, limits: Limits = AMPLE, **options: Any) -> str:
    return run(["/usr/bin/python3", "-c", script], limits=limits, **options).stderr


@pytest.mark.usefixtures("bubble")
def test_a_child_sees_its_inputs_and_nothing_beside_them(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "theirs.txt").write_text("theirs")

    seen = sh(
        f"cat '{tmp_path}'/*; ls '{tmp_path}' /home /root /etc/passwd /proc; :",
        FORKING,
        reads=[tmp_path / "mine.txt"],
    )

    assert seen.decode().split() == [f"mine{tmp_path}:", "mine.txt"]


@pytest.mark.usefixtures("bubble")
def test_a_child_writes_only_where_it_may(tmp_path: Path) -> None:
    given, taken = tmp_path / "given.txt", tmp_path / "out"
    given.write_text("given")
    taken.mkdir()
    places = f"'{given}' '{tmp_path}/new' /usr/new /new '{taken}/new'"

    sh(f"for place in {places}; do echo changed > $place; done", reads=[given], writes=[taken])

    assert given.read_text() == "given"
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["given.txt", "new", "out"]
    assert (taken / "new").read_text() == "changed\n"


@pytest.mark.usefixtures("bubble")
@pytest.mark.parametrize(
    "attempt",
    [
        "import os; os.fork()",
        "import subprocess; subprocess.run(['true'])",
        "import socket; socket.socket()",
        "import socket; socket.socketpair()",
        "import ctypes; c = ctypes.CDLL(None); c.unshare(0x10000000) and 1/0",
        "import os; os.setuid(12345)",
    ],
)
def test_what_the_kernel_does_not_do_for_a_child(attempt: str) -> None:
    assert "Error" in py(attempt)


@pytest.mark.usefixtures("bubble")
def test_a_child_has_threads() -> None:
    threads = "import threading as t; x = t.Thread(target=print, args=('sung',)); x.start()"

    done = run(["/usr/bin/python3", "-c", threads], limits=AMPLE)

    assert done.stdout == b"sung\n"


@pytest.mark.usefixtures("walls")
def test_what_a_child_left_in_its_group_is_killed_with_it(marked: Any) -> None:
    done = run(["/bin/sh", "-c", f"sleep {marked.mark} & echo done"], limits=FORKING)

    assert done.stdout == b"done\n"
    assert marked.are_gone()


@pytest.mark.usefixtures("bubble")
def test_a_daemon_that_left_its_group_dies_with_the_sandbox(marked: Any) -> None:
    daemon = f"setsid setsid sleep {marked.mark} >/dev/null 2>&1 </dev/null &"

    sh(daemon, FORKING)

    assert marked.are_gone()


def test_a_daemon_that_holds_the_pipes_delays_nobody_for_long(marked: Any, walls: Mode) -> None:
    started = monotonic()

    out = sh(f"setsid sleep {marked.mark} & echo done", FORKING)

    assert out == b"done\n"
    assert monotonic() - started < 30
    for pid in marked.pids():
        assert walls == "degraded"
        os.kill(pid, signal.SIGKILL)


@pytest.mark.usefixtures("bubble")
def test_a_fork_bomb_leaves_nobody(marked: Any) -> None:
    bomb = f"while :; do sleep {marked.mark} & done"

    with pytest.raises(Exception, match=r"longer than 0\.5 s"):
        sh(bomb, Limits(timeout_s=0.5, may_fork=True))

    assert marked.are_gone()


@pytest.mark.parametrize("setting", ["auto", "off"])
def test_no_child_outlives_a_caller_that_was_killed(setting: str, marked: Any) -> None:
    script = (
        "from beatstitch.process import Limits, run\n"
        f"run(['sleep', '{marked.mark}'], limits=Limits(timeout_s=60))"
    )
    environment = {**os.environ, "BEATSTITCH_SANDBOX": setting}
    with subprocess.Popen([sys.executable, "-c", script], env=environment) as caller:
        assert marked.come_up()
        caller.kill()

    assert marked.are_gone()


@pytest.mark.parametrize("setting", ["auto", "off"])
def test_no_child_outlives_a_caller_that_was_killed_while_it_started(
    setting: str, marked: Any
) -> None:
    script = (
        "from beatstitch.process import Limits, run, sandbox\n"
        "print(sandbox(), flush=True)\n"
        f"run(['sleep', '{marked.mark}'], limits=Limits(timeout_s=60))"
    )
    command = [sys.executable, "-c", script]
    environment = {**os.environ, "BEATSTITCH_SANDBOX": setting}
    for pause_s in (0.0, 0.002, 0.004, 0.008, 0.012):
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as caller:
            assert caller.stdout is not None
            caller.stdout.readline()
            sleep(pause_s)  # a moment of the start, not a wait for anything
            caller.kill()

        assert marked.are_gone()


@pytest.mark.usefixtures("walls")
def test_a_tool_outside_the_system_brings_its_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("opt/bin", "opt/lib", "links"):
        (tmp_path / folder).mkdir(parents=True)
    tool = tmp_path / "opt/bin/ffmpeg-of-their-own"
    tool.write_text(f"#!/bin/sh\nexec cat '{tmp_path}/opt/lib/greeting'\n")
    tool.chmod(0o755)
    (tmp_path / "opt/lib/greeting").write_text("hello")
    (tmp_path / "links/ffmpeg").symlink_to(tool)
    monkeypatch.setenv("PATH", f"{tmp_path}/links:/usr/bin")

    done = run(["ffmpeg"], limits=AMPLE)

    assert done.stdout == b"hello"


@pytest.mark.usefixtures("walls")
def test_an_input_that_is_a_link_is_read_through_it(tmp_path: Path) -> None:
    (tmp_path / "there.txt").write_text("there")
    (tmp_path / "here.txt").symlink_to(tmp_path / "there.txt")

    done = run(["cat", str(tmp_path / "here.txt")], limits=AMPLE, reads=[tmp_path / "here.txt"])

    assert done.stdout == b"there"


@pytest.mark.usefixtures("walls")
def test_an_input_may_be_a_link_in_a_folder_that_is_written(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (tmp_path / "there.txt").write_text("there")
    link = scratch / "here.txt"
    link.symlink_to(tmp_path / "there.txt")

    done = run(["cat", str(link)], limits=AMPLE, reads=[link], writes=[scratch])

    assert done.stdout == b"there"


@pytest.mark.usefixtures("bubble")
def test_an_input_stays_as_it_is_in_a_folder_that_is_written(tmp_path: Path) -> None:
    given = tmp_path / "given.txt"
    given.write_text("given")

    sh(f"echo new > '{tmp_path}/new'; echo changed > '{given}'", reads=[given], writes=[tmp_path])

    assert given.read_text() == "given"
    assert (tmp_path / "new").exists()


@pytest.mark.usefixtures("bubble")
def test_a_folder_is_written_inside_one_that_is_only_read(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()

    sh(
        f"cd '{tmp_path}'; echo x > out/new; echo x > new",
        reads=[tmp_path],
        writes=[tmp_path / "out"],
    )

    assert [path.name for path in tmp_path.rglob("new")] == ["new"]
    assert (tmp_path / "out/new").exists()


@pytest.mark.usefixtures("bubble")
def test_an_input_among_the_system_files_is_read() -> None:
    system_file = Path("/usr/share/common-licenses/GPL-3")

    done = run(["head", "-c", "200", str(system_file)], limits=AMPLE, reads=[system_file])

    assert b"GNU" in done.stdout


@pytest.fixture
def afresh() -> Any:
    """What is found out once per process is found out anew, and forgotten afterwards."""
    for once in (sandbox, settings):
        once.cache_clear()
    yield
    for once in (sandbox, settings):
        once.cache_clear()


@pytest.mark.usefixtures("afresh")
def test_the_sandbox_can_be_switched_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("BEATSTITCH_SANDBOX", "off")

    assert sandbox() == "degraded"
    assert "switched off" in caplog.text


@pytest.mark.usefixtures("afresh")
def test_without_bubblewrap_the_walls_are_degraded_and_say_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(tool: str) -> Path:
        if tool == "bwrap":
            raise Unavailable("bubblewrap_missing", "bwrap is not installed.")
        return Path("/usr/bin", tool)

    monkeypatch.setattr("beatstitch.process.confinement.located", missing)

    assert sandbox() == "degraded"
    assert "bwrap is not installed" in caplog.text
    assert run(["true"], limits=AMPLE).returncode == 0


@pytest.mark.usefixtures("walls")
def test_walls_that_can_not_be_set_up_are_not_the_files_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(Unavailable) as refused:
        run(["true"], limits=Limits(timeout_s=60, memory_bytes=1000))

    assert refused.value.code == "sandbox_failed"
    assert "no child could be started" in caplog.text


@pytest.mark.usefixtures("bubble")
def test_a_child_can_not_blame_the_sandbox() -> None:
    done = run(["/bin/sh", "-c", "echo 'bwrap: broken' >&2; exit 1"], limits=AMPLE)

    assert (done.returncode, done.stderr) == (1, "bwrap: broken\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_has_the_same_walls() -> None:
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c"]
    if subprocess.run([*nobody, "import beatstitch"], check=False, capture_output=True).returncode:
        pytest.skip("this installation can be read by root alone")

    script = (
        "from beatstitch import process as p; print(p.sandbox(), p.run(['id'], limits=p.Limits(9)))"
    )
    done = subprocess.run([*nobody, script], check=True, capture_output=True, text=True)

    assert done.stdout.startswith(sandbox())
    assert "uid=65534" in done.stdout
