"""The embedded database as a file that can be carried away, and such a file put in its place.

Never copy the database with `cp`: what has been committed may still lie in the log beside it, and
a copy of one without the other is an older database or none.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from peewee import SqliteDatabase

from beatstitch.db import base, files, schema
from beatstitch.errors import Conflict, Invalid

_WAIT_S = 1.0


def file() -> Path | None:
    """The file of the database, or None where it is a server's."""
    engine = base.database.obj
    return Path(engine.database) if isinstance(engine, SqliteDatabase) else None


def take(source: Path, target: Path) -> None:
    """Write a copy of `source` as of one moment to `target`, a new file; nobody is held up by it.

    Raises InsufficientStorage.
    """
    with base.translated(), closing(sqlite3.connect(source)) as reader:
        reader.execute("VACUUM INTO ?", (str(target),))
    target.chmod(0o600)
    _sync(target)


def check(copy: Path) -> None:
    """Raise Invalid unless the file is a whole database that this software can read."""
    try:
        with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as reader:
            (sound,) = reader.execute("PRAGMA integrity_check(1)").fetchone()
            orphans = reader.execute("PRAGMA foreign_key_check").fetchall()
            applied = {name for (name,) in reader.execute("SELECT name FROM schema_migration")}
    except sqlite3.DatabaseError as broken:
        raise _broken() from broken
    if sound != "ok" or orphans:
        raise _broken()
    if unknown := sorted(applied - schema.known()):
        raise Invalid(
            "schema_newer",
            f"The backup is of a newer BeatStitch ({unknown[-1]}). Install that version first.",
        )


def put_back(copy: Path, target: Path, stamp: str) -> Path | None:
    """Let a copy be the database at `target`; one that was there is kept beside it, and named.

    Raises Conflict while another process has that one open.
    """
    if target.exists():
        _fold(target)
    arriving = target.with_name(f"{target.name}.restoring")
    shutil.copyfile(copy, arriving)
    arriving.chmod(0o600)
    _sync(arriving)
    kept = None
    if target.exists() and counts(target):
        kept = target.with_name(f"{target.name}.before-{stamp}")
        target.rename(kept)
    arriving.rename(target)
    _sync(target.parent)
    return kept


@contextmanager
def opened(copy: Path) -> Iterator[None]:
    """In the block, what rows name (`files.named`) is asked of the copy."""
    reader = SqliteDatabase(f"{copy.absolute().as_uri()}?mode=ro", uri=True)
    with reader.bind_ctx(files.tables(), bind_refs=False, bind_backrefs=False):
        try:
            yield
        finally:
            reader.close()


def counts(copy: Path) -> dict[str, int]:
    """How many rows each table of the copy has."""
    with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as reader:
        names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        tables = [name for (name,) in reader.execute(f"{names} ORDER BY name")]
        return {
            name: reader.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
            for name in tables
        }


def _fold(target: Path) -> None:
    """Bring the log into the file, so that one file is all: nobody else may have it open then."""
    try:
        with closing(sqlite3.connect(target, timeout=_WAIT_S)) as last:
            last.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as used:
        raise Conflict(
            "database_in_use", "The database is in use. Stop every server and worker first."
        ) from used


def _broken() -> Invalid:
    return Invalid("bad_backup", "The database in the backup is damaged.")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
