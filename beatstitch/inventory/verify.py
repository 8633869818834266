"""Hold every file that a row names against what the row says of it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from beatstitch.db import files
from beatstitch.db.files import Named
from beatstitch.errors import NotFound
from beatstitch.storage import Storage

Wrong = Literal["missing", "size", "checksum"]
_BLOCK = 1024**2


@dataclass(frozen=True, slots=True)
class Facts:
    """What a stored file really is."""

    size_bytes: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that a row names, and what is wrong with it, if anything is."""

    file: Named
    wrong: Wrong | None


def check(storage: Storage, *, reads_all: bool = True) -> Iterator[Checked]:
    """Every file that a row names, one after another; with `reads_all` its checksum counts too.

    Reading them may take hours: a file whose row goes meanwhile is not missed.
    """
    # All rows at once: SQLite's log grows for as long as a question is open.
    for file in list(files.named()):
        wrong = _wrong(storage, file, reads_all=reads_all)
        if wrong is None or files.is_still(file):
            yield Checked(file, wrong)


def facts(storage: Storage, key: str, *, reads_all: bool = True) -> Facts | None:
    """The size of a stored file and, with `reads_all`, the SHA-256 of its bytes in hex; None when
    it is not there."""
    try:
        with storage.open(key) as file:
            sha256 = hashlib.sha256()
            while reads_all and (block := file.read(_BLOCK)):
                sha256.update(block)
            return Facts(file.seek(0, 2), sha256.hexdigest() if reads_all else None)
    except NotFound:
        return None


def _wrong(storage: Storage, file: Named, *, reads_all: bool) -> Wrong | None:
    found = facts(storage, file.key, reads_all=reads_all and file.sha256 is not None)
    if found is None:
        return "missing"
    if file.size_bytes not in (None, found.size_bytes):
        return "size"
    if None not in (file.sha256, found.sha256) and file.sha256 != found.sha256:
        return "checksum"
    return None
