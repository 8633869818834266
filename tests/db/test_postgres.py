"""What only a server can do to us: end a connection, restart, let somebody fall silent."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from peewee import InternalError, OperationalError

from beatstitch.db import base, postgres, users
from beatstitch.db.listening import Ear
from beatstitch.errors import InsufficientStorage, Invalid, NotFound, Unavailable
from postgres import Cluster
from running import waited_for


@pytest.fixture
def url(server: Cluster, tmp_path: Path) -> Iterator[str]:
    """The process is connected to a new database of the server; gives its address."""
    url = server.new()
    base.connect(url, tmp_path)
    yield url
    base.disconnect()
    server.drop(url)


def test_what_an_administrator_cut_is_connected_anew(server: Cluster, url: str) -> None:
    users.create("anna", "hash")

    server.cut(url)
    found = users.by_name("anna")
    server.cut(url)
    users.create("ben", "hash")

    assert found is not None
    assert users.by_name("ben") is not None


def test_a_transaction_that_was_cut_leaves_nothing_and_the_next_one_works(
    server: Cluster, url: str
) -> None:
    done: list[str] = []

    with pytest.raises(Unavailable), base.transaction():
        users.create("anna", "hash")
        base.after_commit(lambda: done.append("anna"))
        server.cut(url)
        users.create("ben", "hash")
    with base.transaction():
        users.create("carol", "hash")

    assert [row.username for row in users.User.select()] == ["carol"]
    assert done == []


def test_a_restart_is_survived(server: Cluster, url: str) -> None:
    users.create("anna", "hash")

    with server.away():
        for _ in range(2):
            with pytest.raises(Unavailable) as refused:
                users.by_name("anna")
            with pytest.raises(Unavailable):
                users.create("ben", "hash")

    assert refused.value.code == "database_busy"
    assert users.create("ben", "hash").username == "ben"


def test_who_listens_hears_again_after_a_cut(server: Cluster, url: str) -> None:
    ear = Ear(url, "news", "listener")
    called = base.switchboard()
    assert called is not None

    def hears() -> bool:
        try:
            return bool(ear._ours.recv(16))
        except BlockingIOError:
            return False

    called.call("news")
    assert waited_for(hears, 20)
    server.cut(url)
    assert waited_for(hears, 20)  # it has come back, and may have missed something
    called.call("news")
    assert waited_for(hears, 20)
    ear.close()


def test_listeners_are_known_by_name(url: str) -> None:
    board = base.switchboard()
    assert board is not None
    ears = [board.ear("news", f"beatstitch worker-{number}") for number in range(2)]

    found = board.listeners("beatstitch worker")
    for ear in ears:
        ear.close()

    assert sorted(found) == ["beatstitch worker-0", "beatstitch worker-1"]
    assert waited_for(lambda: board.listeners("beatstitch worker") == [], 20)


def test_who_falls_silent_inside_a_turn_does_not_hold_it_for_ever(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SILENCE_S", 0.3)
    base.connect(url, tmp_path)
    silent, go_on, refused = threading.Event(), threading.Event(), []

    def fall_silent() -> None:
        try:
            with base.transaction():
                users.create("silent", "hash")
                silent.set()
                go_on.wait()
        except Unavailable as fault:
            refused.append(fault.code)
        base.disconnect()

    thread = threading.Thread(target=fall_silent)
    thread.start()
    silent.wait()
    users.create("anna", "hash")
    go_on.set()
    thread.join()

    assert [row.username for row in users.User.select()] == ["anna"]
    assert refused == ["database_busy"]


def test_who_waits_for_a_turn_too_long_is_told_so(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "BUSY_TIMEOUT_S", 0.1)
    base.connect(url, tmp_path)
    refused: list[str] = []

    def wait() -> None:
        try:
            users.create("ben", "hash")
        except Unavailable as fault:
            refused.append(fault.code)
        base.disconnect()

    with base.transaction():
        waiting = threading.Thread(target=wait)
        waiting.start()
        waiting.join()

    assert refused == ["database_busy"]
    assert users.create("ben", "hash").username == "ben"


def test_a_transaction_in_which_a_fault_was_overlooked_is_not_taken_for_committed(
    url: str,
) -> None:
    def overlook() -> None:
        try:
            base.database.execute_sql("SELECT 1/0")
        except Exception:
            return

    with pytest.raises(InternalError), base.transaction():
        users.create("anna", "hash")
        overlook()

    assert users.by_name("anna") is None


def test_text_that_postgresql_cannot_hold_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        users.create("an\0na", "hash")
    with pytest.raises(NotFound):
        users.by_id("\0")


def test_a_full_disk_is_said_so(url: str) -> None:
    full = OperationalError(psycopg.errors.DiskFull("could not extend file"))

    with pytest.raises(InsufficientStorage), base.translated():
        raise full


def test_a_missing_driver_is_named_with_the_way_to_it() -> None:
    start = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from beatstitch.db import base\n"
        "from beatstitch.errors import Invalid\n"
        "try: base.connect('postgresql://x/y')\n"
        "except Invalid as fault: print(fault.message)"
    )

    said = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=True)

    assert "beatstitch[postgresql]" in said.stdout


def test_a_server_that_is_not_there_is_out_of_reach(tmp_path: Path) -> None:
    base.connect(f"postgresql:///nothing?host={tmp_path}", tmp_path)

    with pytest.raises(Unavailable):
        users.by_name("anna")
