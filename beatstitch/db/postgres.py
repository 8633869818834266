"""The database as a PostgreSQL server, which several machines may share.

Transactions take turns here too, by one advisory lock: what the rooms above read inside one stays
true until they write, exactly as with SQLite's one writer. The claim alone does not queue up for
it (`base.passing_write`). A turn is bounded: who waits gives up after the patience, and who falls
silent inside loses the connection, so a frozen or cut-off machine holds up nobody for long.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import psycopg
from peewee import (
    DatabaseError,
    InterfaceError,
    InternalError,
    OperationalError,
    PostgresqlDatabase,
)
from psycopg.pq import TransactionStatus

from beatstitch.db.listening import KEPT_ALIVE, Ear
from beatstitch.errors import BeatstitchError, InsufficientStorage, Invalid, NotFound, Unavailable

TURN_KEY = 0x6265617473746974  # "beatstit": advisory locks have numbers, and this one is ours
SILENCE_S = 10
STATEMENT_S = 60
DISK_FULL = "53100"

log = logging.getLogger(__name__)


class Postgres(PostgresqlDatabase):
    """PostgreSQL with one connection a thread, which is made anew once it has been lost."""

    is_shared = True

    def __init__(self, url: str, place: Path, patience_s: float) -> None:
        self.place = place
        super().__init__(
            url,
            prefer_psycopg3=True,
            connect_timeout=max(2, int(patience_s)),
            application_name="beatstitch",
            options=_options(
                lock_timeout=patience_s,
                idle_in_transaction_session_timeout=SILENCE_S,
                statement_timeout=STATEMENT_S,
            ),
            **KEPT_ALIVE,
        )

    def begin(self, isolation_level: str | None = None) -> None:
        with self._reached():
            self._forget_lost()
            try:
                self._enter()
            except (OperationalError, InterfaceError):
                if self.is_closed():
                    raise
                if not self._is_lost():
                    super().rollback()
                    raise
                # Nothing has been done yet, so a connection that a restart took may be made anew.
                self._forget_lost()
                self._enter()

    def _enter(self) -> None:
        # One message: a turn costs no journey of its own.
        self._say(
            f"BEGIN; SET LOCAL synchronous_commit = off; SELECT pg_advisory_xact_lock({TURN_KEY})"
        )

    def commit(self) -> None:
        with self._reached():
            # PostgreSQL answers COMMIT of a transaction that has failed by rolling it back.
            if self._status() == TransactionStatus.INERROR:
                raise InternalError("a statement of this transaction has failed")
            # The turn ends with the commit, and only then is the disk waited for, by a second one
            # that takes the first along: so those who take turns share the waits (16 writers were
            # held up by each other's fsync).
            self._say(f"COMMIT; {_REACH_DISK}")

    def rollback(self) -> None:
        if self._is_lost():  # with the connection went everything
            self._forget_lost()
            return
        with self._reached():
            super().rollback()

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        with self._reached(is_question=sql.startswith("SELECT")):
            if self.in_transaction():
                return self._say(sql, params)
            self._forget_lost()
            try:
                return self._say(sql, params)
            except (OperationalError, InterfaceError):
                if not self._is_lost():
                    raise
                self._forget_lost()
                return self._say(sql, params)

    def _say(self, sql: str, params: Any = None) -> Any:
        return cast(Callable[..., Any], super().execute_sql)(sql, params)

    @contextmanager
    def _reached(self, *, is_question: bool = False) -> Iterator[None]:
        """Whatever the server or the way to it says, in our words."""
        try:
            yield
        except DatabaseError as fault:
            told = self.told(fault, is_question=is_question)
            if told is None:
                raise
            raise told from fault

    def _status(self) -> TransactionStatus:
        return self._connection().info.transaction_status

    def _connection(self) -> psycopg.Connection[Any]:
        reach = cast(Callable[[], psycopg.Connection[Any]], self.connection)
        return reach()

    def _is_lost(self) -> bool:
        return not self.is_closed() and self._connection().closed

    def _forget_lost(self) -> None:
        if self._is_lost():
            self.dispose()

    def told(self, fault: DatabaseError, *, is_question: bool = False) -> BeatstitchError | None:
        """The fault in our words, or None for one that is a mistake of ours."""
        first = getattr(fault, "orig", None)
        state = getattr(first, "sqlstate", None)
        if isinstance(first, psycopg.DataError) and "NUL" in str(first):
            # No text here holds it, so nothing is found by it either; SQLite just finds nothing.
            if is_question:
                return NotFound("not_found", "There is nothing of that name.")
            return Invalid("validation_error", "Text may not hold the character of number zero.")
        if state == DISK_FULL:
            return InsufficientStorage(
                "disk_full", "The disk is full; nothing was stored. Free some space and try again."
            )
        if isinstance(fault, OperationalError | InterfaceError) or state in _SILENCED:
            log.warning("PostgreSQL: %s", str(first).strip(), extra={"sqlstate": state})
            return Unavailable("database_busy", "The database is busy; try again in a few seconds.")
        return None

    def change_mark(self) -> object:
        """What differs from before once anybody has committed a write."""
        (mark,) = self.execute_sql("SELECT pg_current_snapshot()::text").fetchone()
        return mark

    def fold(self) -> None:
        """The server looks after its own log."""

    def call(self, channel: str) -> None:
        """Call out to everybody who listens: at the commit, where a transaction is under way."""
        self.execute_sql(f"NOTIFY {channel}")

    def ear(self, channel: str, name: str) -> Ear:
        """Somebody who listens. Raises Unavailable."""
        return Ear(self.database, channel, name)

    def listeners(self, prefix: str) -> list[str]:
        """The names of all who listen under a name that begins so."""
        rows = self.execute_sql(
            "SELECT application_name FROM pg_stat_activity "
            "WHERE datname = current_database() AND starts_with(application_name, %s)",
            (prefix,),
        )
        return [name for (name,) in rows.fetchall()]


_REACH_DISK = "SELECT pg_logical_emit_message(true, 'beatstitch', '')"
_SILENCED = ("25P03", "25P04")  # ended for being silent, or too long, inside a transaction


def _options(**timeouts_s: float) -> str:
    return " ".join(f"-c {name}={int(seconds * 1000)}" for name, seconds in timeouts_s.items())
