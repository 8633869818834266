"""How workers hear of work, and how they hear of each other's death."""

import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from beatstitch.db import base
from beatstitch.queue import presence, wake
from moments import submitted

pytestmark = pytest.mark.usefixtures("database")


def _has_rung(bell: wake.Bell, timeout_s: float = 0) -> bool:
    return bool(select.select([bell], [], [], timeout_s)[0])


def test_every_worker_hears_of_a_job_once_it_is_committed() -> None:
    bells = [wake.bell("worker-1"), wake.bell("worker-2")]

    with base.transaction():
        submitted()
        early = [_has_rung(bell) for bell in bells]
    late = [_has_rung(bell, 5) for bell in bells]

    assert (early, late) == ([False, False], [True, True])
    for bell in bells:
        bell.close()


def test_nobody_is_woken_by_what_was_rolled_back() -> None:
    bell = wake.bell("worker-1")

    with pytest.raises(ZeroDivisionError), base.transaction():
        submitted()
        raise ZeroDivisionError

    assert not _has_rung(bell)
    bell.close()


def test_a_bell_is_quiet_again_once_it_was_heard() -> None:
    bell = wake.bell("worker-1")
    for _ in range(3):
        wake.workers()

    bell.hush()

    assert not _has_rung(bell)
    bell.close()


def test_knocking_at_the_door_of_a_dead_worker_is_no_error() -> None:
    wake.folder().mkdir(exist_ok=True)
    (wake.folder() / "worker-1.bell").touch()

    wake.workers()


def test_a_bell_hangs_in_a_folder_of_any_length(tmp_path: Path) -> None:
    base.connect(f"sqlite:///{tmp_path}/{'long' * 40}/{'longer' * 20}/x.db")
    bell = wake.bell("worker-1")

    wake.workers()

    assert _has_rung(bell, 5)
    bell.close()


HOLDER = """
import sys
from pathlib import Path
from beatstitch.db import base
from beatstitch.queue import presence
base.connect(sys.argv[1], Path(sys.argv[2]))
held = presence.Presence("worker-x")
print("here", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(database: str, tmp_path: Path) -> subprocess.Popen[str]:
    """A process that is present as worker-x."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, database, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    return process


def test_a_worker_is_alive_until_it_is_killed(holder: subprocess.Popen[str]) -> None:
    before = presence.living(), presence.dead()

    holder.send_signal(signal.SIGKILL)
    holder.communicate()

    assert before == (["worker-x"], [])
    assert (presence.living(), presence.dead()) == ([], ["worker-x"])
    presence.bury("worker-x")
    assert presence.dead() == []


def test_a_death_is_heard_at_once(holder: subprocess.Popen[str]) -> None:
    heard = threading.Event()

    def listen() -> None:
        presence.wait_for_death("worker-x")
        heard.set()

    threading.Thread(target=listen, daemon=True).start()
    assert not heard.is_set()
    holder.send_signal(signal.SIGKILL)
    holder.communicate()

    assert heard.wait(5)


def test_a_worker_that_leaves_in_order_is_not_dead() -> None:
    here = presence.Presence("worker-1")

    here.close()

    assert (presence.living(), presence.dead()) == ([], [])
