"""The connection, the transaction and the fields that every table uses.

Which database it is, is known here and in the two engines alone (`sqlite`, `postgres`). On both,
what was acknowledged survives a power cut, and writers take turns.
"""

import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from peewee import DatabaseError, DatabaseProxy, Field, Model

from beatstitch.db.sqlite import Sqlite
from beatstitch.errors import Invalid
from beatstitch.settings import settings

if TYPE_CHECKING:
    from beatstitch.db.postgres import Postgres

BUSY_TIMEOUT_S = 5.0
V = TypeVar("V")

database = DatabaseProxy()


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


def connect(url: str, place: Path | None = None) -> None:
    """Use the database of this URL from now on, in every thread (each opens its own connection).

    `sqlite:////absolute/path.db`, or `sqlite:///relative/path.db` from the working folder; or
    `postgresql://user:password@host:port/name`. `place` is the folder where the processes of one
    machine meet: beside SQLite's file, or the data folder. Raises Invalid for a URL of another
    kind, and for PostgreSQL without its driver.
    """
    disconnect()
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and len(rest) > 1 and rest.startswith("/"):
        file = Path(rest[1:]).absolute()
        file.parent.mkdir(parents=True, exist_ok=True)
        database.initialize(Sqlite(file, BUSY_TIMEOUT_S))
    elif scheme in ("postgresql", "postgres") and rest:
        folder = place or settings().storage_path.absolute()
        folder.mkdir(parents=True, exist_ok=True)
        database.initialize(_postgres()(f"postgresql://{rest}", folder, BUSY_TIMEOUT_S))
    else:
        raise Invalid(
            "bad_setting",
            "DATABASE_URL: use sqlite:////absolute/path/to/beatstitch.db, or "
            "postgresql://user:password@host/name.",
            where=("DATABASE_URL",),
        )


def _postgres() -> "type[Postgres]":
    try:
        from beatstitch.db.postgres import Postgres
    except ImportError as missing:
        raise Invalid(
            "bad_setting",
            "DATABASE_URL: PostgreSQL needs its driver. "
            "Install BeatStitch with it: pip install 'beatstitch[postgresql]'.",
            where=("DATABASE_URL",),
        ) from missing
    return Postgres


def disconnect() -> None:
    """Close this thread's connection, if there is one."""
    if database.obj is not None and not database.is_closed():
        database.close()


def _engine() -> "Sqlite | Postgres":
    return cast("Sqlite | Postgres", database.obj)


def beside() -> Path:
    """The folder where the processes of one machine find each other."""
    return _engine().place


def is_shared() -> bool:
    """Whether other machines may work on this database too; then rows can be locked one by one."""
    return _engine().is_shared


def switchboard() -> "Postgres | None":
    """What carries calls between the processes of a shared database (`call`, `ear`), or None."""
    engine = _engine()
    return None if isinstance(engine, Sqlite) else engine


@contextmanager
def transaction() -> Iterator[None]:
    """All writes inside become true together, or none. Nested, it is a savepoint of the outer one.

    Writers take turns, on either database: what is read inside stays true until the end. Raises
    Unavailable when the turn does not come in BUSY_TIMEOUT_S. Never hold one across work on files
    or the network.
    """
    with translated(), database.atomic():
        yield


@contextmanager
def passing_write(*, counts: bool = True) -> Iterator[None]:
    """A write that a power cut may undo, never in part: for what the next boot voids anyway.

    It saves the wait for the disk. One that `counts` other rows takes its turn like any
    transaction; one statement that is true of its row alone need not wait for its turn where rows
    can be locked. Raises as `transaction` does.
    """
    engine = _engine()
    if isinstance(engine, Sqlite):
        with engine.unsynced(), transaction():
            yield
    elif counts:
        with transaction():
            yield
    else:
        yield


@contextmanager
def translated() -> Iterator[None]:
    """Turn a database out of reach into Unavailable, a full disk into InsufficientStorage."""
    try:
        yield
    except DatabaseError as fault:
        told = _engine().told(fault)
        if told is None:
            raise
        raise told from fault


def after_commit(act: Callable[[], None]) -> None:
    """Call `act` once the transaction in hand is committed; at once when there is none."""
    database.after_commit(act)


def checkpoint() -> None:
    """Fold the write-ahead log into the database file, where that is ours to do."""
    _engine().fold()


def data_version() -> object:
    """What differs from before once somebody has written: a poll that costs next to nothing."""
    return _engine().change_mark()
