"""The database as one file of this machine, in WAL with `synchronous=FULL`: what was acknowledged
survives a power cut.

Every write transaction is immediate and passes the writer gate first (`gate`): SQLite's own busy
handler lets a waiting writer starve for seconds.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from peewee import DatabaseError, OperationalError, SqliteDatabase

from beatstitch.db import gate
from beatstitch.errors import BeatstitchError, InsufficientStorage, Unavailable

WAL_BYTES = 64 * 1024**2
_NORMAL, _FULL_SYNC = 1, 2  # of PRAGMA synchronous

# What SQLite says. It rolls back by itself when the disk is full, so a later COMMIT finds nothing.
_FULL = ("is full", "no transaction is active")
_OUT_OF_REACH = ("is locked", "unable to open", "disk I/O error")


class Sqlite(SqliteDatabase):
    """SQLite whose transactions pass a file lock first, so that writers take turns."""

    is_shared = False

    def __init__(self, file: Path, patience_s: float) -> None:
        self.place = file.parent
        self._gate_path = f"{file}.gate"
        self._gates = threading.local()
        self._patience_s = patience_s
        super().__init__(
            str(file),
            pragmas={
                "journal_mode": "wal",
                "synchronous": _FULL_SYNC,
                "foreign_keys": 1,
                "journal_size_limit": WAL_BYTES,
            },
            lock_type="IMMEDIATE",
            timeout=patience_s,
        )

    def begin(self, lock_type: str | None = None) -> None:
        try:
            entered = gate.enter(self._gate_path, self._patience_s)
        except gate.GateClosed:
            raise OperationalError("database is locked (writer gate)") from None
        try:
            super().begin(lock_type)
        except BaseException:
            os.close(entered)
            raise
        self._gates.held = entered

    def commit(self) -> None:
        super().commit()
        self._leave_gate()

    def rollback(self) -> None:
        try:
            # SQLite has rolled back by itself where the disk was full; a second time is an error.
            if cast(Callable[[], sqlite3.Connection], self.connection)().in_transaction:
                super().rollback()
        finally:
            self._leave_gate()

    def _leave_gate(self) -> None:
        held: int | None = self._gates.__dict__.pop("held", None)
        if held is not None:
            os.close(held)

    @contextmanager
    def unsynced(self) -> Iterator[None]:
        """Transactions that begin inside don't wait for the disk; the next one that does takes them
        along. Inside a transaction there is nothing to choose any more."""
        if self.in_transaction():
            yield
            return
        self.synchronous = _NORMAL
        try:
            yield
        finally:
            self.synchronous = _FULL_SYNC

    def told(self, fault: DatabaseError) -> BeatstitchError | None:
        """The fault in our words, or None for one that is a mistake of ours."""
        said = _said(fault)
        if any(words in said for words in _FULL):
            return InsufficientStorage(
                "disk_full", "The disk is full; nothing was stored. Free some space and try again."
            )
        if any(words in said for words in _OUT_OF_REACH):
            return Unavailable("database_busy", "The database is busy; try again in a few seconds.")
        return None

    def change_mark(self) -> object:
        """What differs from before once another connection has written: costs no query."""
        return self.data_version

    def fold(self) -> None:
        """Fold the write-ahead log into the file; what readers hold up is left for later."""
        self.pragma("wal_checkpoint", "TRUNCATE")


def _said(fault: BaseException | None) -> str:
    """What the fault says, and what came before it: on a full disk SQLite rolls everything back,
    and then there is no savepoint for peewee to go back to, which is what is raised in the end."""
    said = []
    while fault is not None:
        said.append(str(fault))
        fault = fault.__context__
    return " ".join(said)
