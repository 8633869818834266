"""Bring a backup back: the database in its place, the files in theirs, and what ran queued again.

Everything that can be refused is refused before anything is changed, and a database that was there
is kept beside the one that takes its place.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from beatstitch import queue
from beatstitch.db import base, chunks, schema, snapshot
from beatstitch.db.chunks import Chunk
from beatstitch.errors import Conflict, Invalid
from beatstitch.inventory import incoming
from beatstitch.inventory import manifest as manifests
from beatstitch.inventory.backup import sha256
from beatstitch.inventory.expected import chunk_keys
from beatstitch.inventory.manifest import DATABASE, FILES, Entry, Manifest
from beatstitch.inventory.verify import Facts, facts
from beatstitch.queue import Instant, presence
from beatstitch.storage import Storage


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back. `kept` is where the database lies that was there before; `wrong` are keys of
    files that are missing or are not what they were."""

    manifest: Manifest
    kept: Path | None
    requeued: int
    forgotten_chunks: int
    copied: int
    wrong: tuple[str, ...]


def restore(storage: Storage, folder: Path, at: Instant, *, replace: bool) -> Restored:
    """Make the backup in `folder` what this deployment is, from its database to its files.

    Where the database is a server's it has been brought back by the server's own tools before.
    Raises Invalid for a damaged backup, or one of another kind of database; Conflict while
    something runs, or for a database with something in it unless `replace`.
    """
    held = manifests.read(folder)
    _check(held, folder, replace=replace)
    kept = _database(folder, at.stamp())
    requeued = len(queue.requeue_running(at))
    copied = sum(_bring(storage, folder, entry) for entry in held.files) if held.has_files else 0
    return Restored(
        manifest=held,
        kept=kept,
        requeued=requeued,
        forgotten_chunks=_forget_chunks(storage),
        copied=copied,
        wrong=(*held.missing, *(e.key for e in held.files if not _is_there(storage, e))),
    )


def _check(held: Manifest, folder: Path, *, replace: bool) -> None:
    is_file = snapshot.file() is not None
    if is_file != (held.database_sha256 is not None):
        raise Invalid(
            "bad_backup",
            "The backup holds no database: DATABASE_URL has to name the server that it was on."
            if is_file
            else "The backup is of an embedded database, and DATABASE_URL names a server.",
        )
    if is_file:
        copy = folder / DATABASE
        if not copy.is_file() or sha256(copy) != held.database_sha256:
            raise Invalid("bad_backup", "The database in the backup is not the one it was made of.")
        snapshot.check(copy)
        if not replace and _has_rows():
            raise Conflict(
                "not_empty",
                "There is a database with accounts in it already. --replace puts the backup in "
                "its place and keeps the old one beside it.",
            )
    if presence.living():
        raise Conflict(
            "database_in_use", "A worker is running. Stop every server and worker first."
        )


def _has_rows() -> bool:
    known = set(base.database.get_tables())
    return "users" in known and base.database.execute_sql(
        "SELECT EXISTS (SELECT 1 FROM users)"
    ).fetchone() != (0,)


def _database(folder: Path, now: datetime) -> Path | None:
    target = snapshot.file()
    if target is None:
        schema.prepare()
        return None
    base.disconnect()
    kept = snapshot.put_back(folder / DATABASE, target, f"{now:%Y%m%dT%H%M%S}")
    schema.upgrade()
    return kept


def _bring(storage: Storage, folder: Path, entry: Entry) -> bool:
    """Lay a file of the backup into the storage, unless it is there; whether that was done."""
    source = folder / FILES / entry.key
    if _is_there(storage, entry) or not source.is_file():
        return False
    arriving = incoming.place()
    shutil.copyfile(source, arriving)
    storage.put(arriving, entry.key)
    return True


def _is_there(storage: Storage, entry: Entry) -> bool:
    return facts(storage, entry.key) == Facts(entry.size_bytes, entry.sha256)


def _forget_chunks(storage: Storage) -> int:
    """A chunk whose files have not come along is made again when its row is gone."""
    gone = [chunk for chunk in chunks.everything() if not _has_files(storage, chunk)]
    with base.transaction():
        for chunk in gone:
            chunks.forget(chunk)
    return len(gone)


def _has_files(storage: Storage, chunk: Chunk) -> bool:
    return all(facts(storage, key, reads_all=False) is not None for key in chunk_keys(chunk))
