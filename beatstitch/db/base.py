"""The connection, the transaction and the fields that every table uses.

SQLite runs in WAL with `synchronous=FULL`, so that what was acknowledged survives a power cut.
Every write transaction is immediate and passes the writer gate first (`gate`): SQLite's own busy
handler lets a waiting writer starve for seconds.
"""

import os
import re
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from peewee import DatabaseProxy, Field, Model, OperationalError, SqliteDatabase

from beatstitch.db import gate
from beatstitch.errors import InsufficientStorage, Invalid, Unavailable

BUSY_TIMEOUT_S = 5.0
WAL_BYTES = 64 * 1024**2
V = TypeVar("V")

database = DatabaseProxy()

# What SQLite says. It rolls back by itself when the disk is full, so a later COMMIT finds nothing.
_FULL = ("is full", "no transaction is active")
_OUT_OF_REACH = ("is locked", "unable to open", "disk I/O error")


def utc_now() -> datetime:
    """The wall clock, aware, in UTC: for the stamps that people read."""
    return datetime.now(UTC)


_last_id_lock = threading.Lock()
_last_id = 0


def new_id() -> str:
    """A UUID version 7 (RFC 9562, section 5.7): ids of one process rise with time.

    Sorting by id is sorting by creation, so lists page by it and equal deadlines stay in order.
    """
    global _last_id
    with _last_id_lock:
        # Milliseconds with 12 more bits of the same clock (method 3 of the RFC), never repeated.
        moment_ns = time.time_ns()
        stamp = (moment_ns // 1_000_000) << 12 | (moment_ns % 1_000_000) * 4096 // 1_000_000
        _last_id = stamp = max(stamp, _last_id + 1)
    random_bits = uuid.uuid4().int & ((1 << 62) - 1)
    return str(
        uuid.UUID(int=(stamp >> 12) << 80 | 7 << 76 | (stamp & 0xFFF) << 64 | 2 << 62 | random_bits)
    )


if TYPE_CHECKING:
    Column = Field
else:

    class Column(Field):
        """peewee's fields are generic in its stubs and not when they run: this one is both."""

        def __class_getitem__(cls, _: object) -> type:
            return cls


class MomentField(Column[V]):
    """An aware datetime, kept as whole milliseconds since 1970 so that every database sorts it."""

    field_type = "BIGINT"

    def db_value(self, value: datetime | None) -> int | None:
        """Milliseconds for the database."""
        if not isinstance(value, datetime):
            return value
        return round((value - _EPOCH) / timedelta(milliseconds=1))

    def python_value(self, value: int | None) -> datetime | None:
        """The moment, in UTC."""
        return None if value is None else _EPOCH + timedelta(milliseconds=value)


class WordField(Column[V]):
    """One of a few fixed words; the annotation says which."""

    field_type = "TEXT"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _table_name(model: type[Model]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower() + "s"


class Row(Model):
    """What every table is: bound to the one database of the process, named in the plural."""

    class Meta:
        database = database
        legacy_table_names = False
        table_function = _table_name


class _GatedSqlite(SqliteDatabase):
    """SQLite whose transactions pass a file lock first, so that writers take turns."""

    def __init__(self, path: Path) -> None:
        self._gate_path = f"{path}.gate"
        self._gates = threading.local()
        super().__init__(
            str(path),
            pragmas={
                "journal_mode": "wal",
                "synchronous": "full",
                "foreign_keys": 1,
                "journal_size_limit": WAL_BYTES,
            },
            lock_type="IMMEDIATE",
            timeout=BUSY_TIMEOUT_S,
        )

    def begin(self, lock_type: str | None = None) -> None:
        try:
            entered = gate.enter(self._gate_path, BUSY_TIMEOUT_S)
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


def connect(url: str) -> None:
    """Use the database of this URL from now on, in every thread (each opens its own connection).

    `sqlite:////absolute/path.db`, or `sqlite:///relative/path.db` from the working folder.
    Raises Invalid for a URL of another kind.
    """
    scheme, _, path = url.partition(":///")
    if scheme != "sqlite" or not path:
        raise Invalid(
            "bad_setting",
            "DATABASE_URL: use sqlite:////absolute/path/to/beatstitch.db.",
            where=("DATABASE_URL",),
        )
    disconnect()
    file = Path(path).absolute()
    file.parent.mkdir(parents=True, exist_ok=True)
    database.initialize(_GatedSqlite(file))


def disconnect() -> None:
    """Close this thread's connection, if there is one."""
    if database.obj is not None and not database.is_closed():
        database.close()


def beside() -> Path:
    """The folder of the database file: where the processes of one machine find each other."""
    return Path(cast(str, database.database)).parent


@contextmanager
def transaction() -> Iterator[None]:
    """All writes inside become true together, or none. Nested, it is a savepoint of the outer one.

    Raises Unavailable when the database stays locked for BUSY_TIMEOUT_S. Never hold one across
    work on files or the network.
    """
    with translated(), database.atomic():
        yield


@contextmanager
def translated() -> Iterator[None]:
    """Turn a locked database into Unavailable, a full disk into InsufficientStorage."""
    try:
        yield
    except OperationalError as fault:
        said = _said(fault)
        if any(words in said for words in _FULL):
            raise InsufficientStorage(
                "disk_full", "The disk is full; nothing was stored. Free some space and try again."
            ) from fault
        if any(words in said for words in _OUT_OF_REACH):
            raise Unavailable(
                "database_busy", "The database is busy; try again in a few seconds."
            ) from fault
        raise


def _said(fault: BaseException | None) -> str:
    """What the fault says, and what came before it: on a full disk SQLite rolls everything back,
    and then there is no savepoint for peewee to go back to, which is what is raised in the end."""
    said = []
    while fault is not None:
        said.append(str(fault))
        fault = fault.__context__
    return " ".join(said)


def after_commit(act: Callable[[], None]) -> None:
    """Call `act` once the transaction in hand is committed; at once when there is none."""
    database.after_commit(act)


def checkpoint() -> None:
    """Fold the write-ahead log into the database file; what readers hold up is left for later."""
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def data_version() -> int:
    """A number that changes when another connection has written: a poll that costs no query."""
    return cast(int, database.data_version)
