"""Carry the database away as of one moment, with a list of the files that its rows name then.

Files are immutable, so those that the copy's rows name are what they were at its moment, however
long reading them takes. What can be made again (chunks of films) is left out, with its rows when
they come back.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from beatstitch import __version__
from beatstitch.db import base, files, snapshot
from beatstitch.errors import Conflict, NotFound
from beatstitch.inventory.manifest import DATABASE, FILES, Entry, Manifest, write
from beatstitch.storage import Storage

_BLOCK = 1024**2


def back_up(storage: Storage, folder: Path, *, with_files: bool) -> Manifest:
    """Write a backup into `folder`, which is made or has to be empty; nothing has to stop for it.

    Where the database is a server's, only the list of files is written. Raises Conflict for a
    folder with something in it, InsufficientStorage.
    """
    _empty(folder)
    moment = base.utc_now()
    source = snapshot.file()
    copy = folder / DATABASE
    if source is not None:
        snapshot.take(source, copy)
    target = folder / FILES if with_files else None
    entries, missing = [], []
    with _rows_of(copy if source is not None else None):
        keys = sorted({file.key for file in files.named() if not file.is_cache})
    for key in keys:
        try:
            entries.append(_entry(storage, key, target))
        except NotFound:
            missing.append(key)
    manifest = Manifest(
        format=1,
        version=__version__,
        made_at=moment,
        database_sha256=sha256(copy) if source is not None else None,
        rows=snapshot.counts(copy) if source is not None else {},
        has_files=with_files,
        files=tuple(entries),
        missing=tuple(missing),
    )
    write(manifest, folder)
    return manifest


def sha256(path: Path) -> str:
    """The SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _rows_of(copy: Path | None) -> Iterator[None]:
    """In the block, rows are those of the copy; of a server's database those of one moment."""
    if copy is not None:
        with snapshot.opened(copy):
            yield
    else:
        with base.transaction():
            yield


def _empty(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Conflict("not_empty", f"{folder} is not empty; name a new folder for the backup.")


def _entry(storage: Storage, key: str, target: Path | None) -> Entry:
    """The file as it is, read once; into `target` on the way if there is one."""
    found = hashlib.sha256()
    size = 0
    with storage.open(key) as file, _sink(target, key) as copy:
        while block := file.read(_BLOCK):
            found.update(block)
            size += len(block)
            copy.write(block)
    return Entry(key, size, found.hexdigest())


def _sink(target: Path | None, key: str) -> IO[bytes]:
    if target is None:
        return Path(os.devnull).open("wb")
    path = target / key
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("xb")
