"""Connections and transactions: settings of SQLite, turns at the gate, a locked or full disk."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from beatstitch.db import base, job_figures, users
from beatstitch.errors import InsufficientStorage, Invalid, Unavailable


@contextmanager
def _held_by_another(file: Path) -> Iterator[None]:
    """Another program, which knows no gate, holds the write lock."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, database: Path) -> Path:
    """The database, waited for only a moment."""
    monkeypatch.setattr(base, "BUSY_TIMEOUT_S", 0.1)
    base.connect(f"sqlite:///{database}")
    return database


@pytest.mark.usefixtures("database")
def test_what_is_committed_survives_a_power_cut() -> None:
    mode = base.database.pragma("journal_mode"), base.database.pragma("synchronous")

    assert mode == ("wal", 2)


@pytest.mark.usefixtures("database")
def test_foreign_keys_are_kept() -> None:
    assert base.database.pragma("foreign_keys") == 1


def test_a_path_from_the_working_folder_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    base.connect("sqlite:///here/x.db")

    assert base.beside() == tmp_path / "here"


@pytest.mark.parametrize("url", ["", "mysql://x/y", "sqlite:///", "sqlite://x.db", "x.db"])
def test_another_kind_of_url_is_refused_by_name(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        base.connect(url)

    assert refused.value.where == ("DATABASE_URL",)


@pytest.mark.usefixtures("database")
def test_a_nested_transaction_can_fail_alone() -> None:
    with base.transaction():
        users.create("anna", "hash")
        with pytest.raises(ZeroDivisionError), base.transaction():
            users.create("ben", "hash")
            raise ZeroDivisionError

    assert users.by_name("anna") is not None
    assert users.by_name("ben") is None


@pytest.mark.usefixtures("database")
def test_what_waits_for_the_commit_does_not_happen_without_it() -> None:
    done: list[str] = []

    with pytest.raises(ZeroDivisionError), base.transaction():
        base.after_commit(lambda: done.append("rolled back"))
        raise ZeroDivisionError
    with base.transaction():
        base.after_commit(lambda: done.append("committed"))
        assert done == []

    assert done == ["committed"]


def test_a_database_that_stays_locked_is_unavailable_and_reading_goes_on(impatient: Path) -> None:
    with _held_by_another(impatient):
        with pytest.raises(Unavailable) as refused:
            users.create("anna", "hash")
        assert users.by_name("anna") is None

    assert refused.value.code == "database_busy"
    assert users.create("anna", "hash").username == "anna"


def test_who_waits_at_the_gate_too_long_is_told_so(impatient: Path) -> None:
    refused: list[Unavailable] = []

    def wait() -> None:
        try:
            users.create("ben", "hash")
        except Unavailable as fault:
            refused.append(fault)
        base.disconnect()

    with base.transaction():
        waiting = threading.Thread(target=wait)
        waiting.start()
        waiting.join()
    users.create("ben", "hash")

    assert [fault.code for fault in refused] == ["database_busy"]


WRITER = """
import sys
from beatstitch.db import base, users
base.connect(sys.argv[1])
for number in range(50):
    users.create(f"{sys.argv[2]}-{number}", "hash")
"""


def test_writers_of_several_processes_all_get_their_turn(database: Path) -> None:
    url = f"sqlite:///{database}"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, url, str(number)]) for number in range(4)
    ]

    assert [writer.wait() for writer in writers] == [0] * 4
    assert users.User.select().count() == 200


def test_a_writer_that_is_killed_leaves_the_gate_open(database: Path) -> None:
    held = "import os, sys; from beatstitch.db import base; base.connect(sys.argv[1])\n"
    held += "with base.transaction(): os.kill(os.getpid(), 9)"

    killed = subprocess.run([sys.executable, "-c", held, f"sqlite:///{database}"], check=False)

    assert killed.returncode == -9
    assert users.create("anna", "hash").id


@pytest.mark.usefixtures("database")
def test_a_full_disk_is_said_so_and_nothing_is_half_stored() -> None:
    pages = base.database.pragma("page_count")
    base.database.pragma("max_page_count", pages + 2)

    with pytest.raises(InsufficientStorage) as refused, base.transaction():
        for number in range(1000):
            users.create(f"user-{number}", "h" * 1000)
    base.database.pragma("max_page_count", 1_000_000)

    assert refused.value.code == "disk_full"
    assert users.User.select().count() == 0
    assert users.create("anna", "hash").username == "anna"


@pytest.mark.usefixtures("database")
def test_another_connections_write_changes_the_data_version() -> None:
    before = base.data_version()

    same = base.data_version()
    writer = threading.Thread(target=lambda: (users.create("anna", "hash"), base.disconnect()))
    writer.start()
    writer.join()

    assert same == before
    assert base.data_version() != before


@pytest.mark.usefixtures("database")
def test_live_jobs_are_counted_past_all_that_have_ended() -> None:
    """Whoever asks for the health does so, and nobody has to show a token for it."""
    asked: list[str] = []
    connection = base.database.connection()
    connection.set_trace_callback(asked.append)
    job_figures.live_counts()
    job_figures.oldest_queued()
    connection.set_trace_callback(None)

    plans = [
        step
        for question in asked
        for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {question}")
    ]

    assert len(asked) == 2
    looks = [step for step in plans if step.startswith(("SCAN", "SEARCH"))]
    assert [look.split()[-1] for look in looks] == ["job_unique_live", "job_ready"]


@pytest.mark.usefixtures("database")
def test_a_moment_comes_back_in_utc_to_the_millisecond() -> None:
    berlin = timezone(timedelta(hours=1))
    user = users.create("anna", "hash")
    user.created_at = datetime(2026, 11, 21, 12, 30, 15, 123456, berlin)
    user.save()

    assert users.by_id(user.id).created_at == datetime(2026, 11, 21, 11, 30, 15, 123000, UTC)


def test_ids_of_one_process_rise_and_are_uuids_of_version_7() -> None:
    ids = [base.new_id() for _ in range(10_000)]

    assert ids == sorted(set(ids))
    assert {(name[14], name[19] in "89ab", len(name)) for name in ids} == {("7", True, 36)}


LIGHT = """
import sys
import beatstitch.db.outputs, beatstitch.db.timelines, beatstitch.db.chunks, beatstitch.db.audio
import beatstitch.queue, beatstitch.storage
from beatstitch.jobs.kinds import KINDS
for kind in KINDS.values():
    kind.module("args")
heavy = {"numpy", "scipy", "librosa", "madmom", "PIL", "pillow_heif", "numba", "soundfile"}
print(*sorted(heavy & set(sys.modules)))
"""


def test_rows_queue_storage_and_arguments_are_light_to_import() -> None:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}

    said = subprocess.run(
        [sys.executable, "-c", LIGHT], capture_output=True, text=True, env=environment, check=True
    )

    assert said.stdout.split() == []
