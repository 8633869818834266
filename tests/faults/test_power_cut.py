"""The power goes: the disk holds what it held at that instant, or what of it was synced.

Power can't be cut here. Instead the writers are frozen at random instants and the database's files
copied as they are; the log of each copy is cut short at random bytes; and the kernel is asked how
often a writer that acknowledges has had its data synced first.
"""

import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from beatstitch.db import base, schema
from daemons import wait_for
from torture.length import IS_LONG

WRITER = """
import sys
from beatstitch import queue
from beatstitch.db import base
from beatstitch.queue import Kind
base.connect(sys.argv[1])
base.database.execute_sql(f"PRAGMA wal_autocheckpoint = {sys.argv[3]}")
echo = Kind("echo", "toys.echo", "interactive", "light", 20, 3)
for number in range(int(sys.argv[2])):
    job = queue.submit(echo, {"text": "x" * 500}, at=queue.now())
    print(job.id, flush=True)
"""
TESTS = Path(__file__).parents[1]
INSTANTS = 40 if IS_LONG else 6
CUTS = 6 if IS_LONG else 4
EVERY_PAGES = 100  # ten times as often as by default, so that copies meet it


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A new database with its tables, which nobody has open."""
    file = tmp_path / "beatstitch.db"
    base.connect(f"sqlite:///{file}")
    schema.upgrade()
    base.disconnect()
    return file


def writer(
    file: Path, count: int, log: Path, *prefix: str, folds: bool = True
) -> subprocess.Popen[bytes]:
    """A process that acknowledges, in `log`, each job that it has submitted."""
    with log.open("wb") as acknowledged:
        return subprocess.Popen(
            [
                *prefix,
                sys.executable,
                "-c",
                WRITER,
                f"sqlite:///{file}",
                str(count),
                str(EVERY_PAGES * folds),
            ],
            stdout=acknowledged,
            env={**os.environ, "PYTHONPATH": str(TESTS)},
        )


def freeze(process: subprocess.Popen[bytes]) -> None:
    """Stop it wherever it is, all its threads."""
    process.send_signal(signal.SIGSTOP)
    tasks = Path(f"/proc/{process.pid}/task")
    wait_for(
        lambda: all(
            (task / "stat").read_text().rpartition(")")[2].split()[0] in "TZ"
            for task in tasks.iterdir()
        )
    )


def jobs_in(file: Path) -> list[str]:
    """The jobs of a database that is whole."""
    with closing(sqlite3.connect(file)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("PRAGMA foreign_key_check").fetchall() == []
        return [job_id for (job_id,) in copy.execute("SELECT id FROM jobs ORDER BY rowid")]


def frozen(
    file: Path, folder: Path, dice: random.Random, *, folds: bool
) -> Iterator[tuple[Path, set[str]]]:
    """Copies of the database at INSTANTS moments while two write, and what was acknowledged then.

    Without `folds` all stays in the log.
    """
    logs = [folder / f"log-{number}" for number in range(2)]
    writers = [writer(file, 100_000, log, folds=folds) for log in logs]
    seen = 0
    try:
        for instant in range(INSTANTS):
            wanted = seen + dice.randrange(3, 40)
            wait_for(lambda wanted=wanted: _acknowledged(logs) >= wanted)  # type: ignore[misc]
            for process in writers:
                freeze(process)
            acknowledged = {line for log in logs for line in log.read_text().splitlines()}
            copy = _copied(file, folder / f"copy-{instant}")
            for process in writers:
                process.send_signal(signal.SIGCONT)
            seen = len(acknowledged)
            yield copy, acknowledged
    finally:
        for process in writers:
            process.kill()
            process.wait()


def test_whatever_instant_it_is_nothing_acknowledged_is_missing(file: Path, tmp_path: Path) -> None:
    dice = random.Random(11)  # noqa: S311 - no secret hangs on it

    for copy, acknowledged in frozen(file, tmp_path, dice, folds=True):
        assert acknowledged <= set(jobs_in(copy))


def test_a_log_cut_anywhere_loses_its_end_and_nothing_else(file: Path, tmp_path: Path) -> None:
    """Not beside folding: that syncs the log first, so then no such cut can come about."""
    dice = random.Random(12)  # noqa: S311 - no secret hangs on it

    for copy, _ in frozen(file, tmp_path, dice, folds=False):
        cuts = [_cut(copy, dice) for _ in range(CUTS)]
        kept = jobs_in(copy)
        for shortened in cuts:
            left = jobs_in(shortened)
            assert left == kept[: len(left)]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace counts")
def test_every_acknowledgement_has_been_synced_first(file: Path, tmp_path: Path) -> None:
    trace, log = tmp_path / "trace", tmp_path / "log"
    strace = ("strace", "-f", "-e", "trace=fdatasync,fsync,write", "-o", str(trace))

    assert writer(file, 25, log, *strace).wait() == 0

    syncs: list[int] = [0]
    for line in trace.read_text().splitlines():
        if re.search(r"\b(fdatasync|fsync)\(\d+\) += 0", line):
            syncs[-1] += 1
        elif re.search(r'\bwrite\(1, "[0-9a-f-]{20}', line):
            syncs.append(0)
    assert len(syncs) - 1 == len(log.read_text().splitlines()) == 25
    assert min(syncs[:-1]) >= 1, syncs


def _acknowledged(logs: list[Path]) -> int:
    return sum(log.read_bytes().count(b"\n") for log in logs)


def _copied(file: Path, folder: Path) -> Path:
    """The database and its log; the index of the log lives in memory and is gone."""
    folder.mkdir()
    for path in (file, Path(f"{file}-wal")):
        shutil.copyfile(path, folder / path.name)
    return folder / file.name


def _cut(copy: Path, dice: random.Random) -> Path:
    """The same with the log's end missing."""
    shortened = _copied(copy, copy.parent / f"cut-{dice.randrange(10**9)}")
    log = Path(f"{shortened}-wal")
    os.truncate(log, dice.randrange(log.stat().st_size + 1))
    return shortened
