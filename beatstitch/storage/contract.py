"""What every backend of the storage promises."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from beatstitch.errors import NotFound

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
MAX_KEY = 512


@dataclass(frozen=True, slots=True)
class Stored:
    """One file in the storage, as `list` shows it. It has its key since `stored_at` or before."""

    key: str
    size_bytes: int
    stored_at: datetime


class Storage(Protocol):
    """Seven verbs on files that lie under keys, and two for whoever keeps order among them.

    All raise ValueError for what is no key.
    """

    def put(self, path: Path, key: str) -> None:
        """Take the file at `path` into the storage; afterwards it lies under `key`, whole and safe.

        A file under the same key is replaced in one step. Raises InsufficientStorage.
        """

    def fetch(self, key: str) -> Path:
        """A local file with these bytes, to read and not to change. Raises NotFound."""

    def stamp(self, key: str) -> str:
        """What tells from outside that a file may have other bytes than before: as long as it is
        the same, nobody has written them. A further link leaves it as it is. Raises NotFound."""

    def open(self, key: str) -> BinaryIO:
        """The bytes as a stream that can seek. Raises NotFound."""

    def delete(self, key: str, stored_before: datetime | None = None) -> None:
        """Remove the file; whoever has it open reads on. A key without a file is no error.

        With `stored_before`, one that has come under the key since then stays.
        """

    def list(self, prefix: str) -> Iterator[Stored]:
        """The files under this folder of keys ("uploads/<project>"), in no order."""

    def folders(self, prefix: str) -> Iterator[str]:
        """The names right under this folder of keys that have files under them, in no order."""

    def tidy(self, prefix: str, before: datetime) -> int:
        """Remove what a crash left unfinished there before then, and what else no key names any
        more; gives how many files."""

    def link(self, source_key: str, key: str) -> None:
        """Lay the same bytes under a second key, without a copy if possible. Raises NotFound."""


def missing() -> NotFound:
    """What there is to say of a key without a file."""
    return NotFound("not_found", "This file is not there any more.", resource_type="file")


def check_key(key: str) -> str:
    """The key itself. Raises ValueError unless it is a plain relative path of safe names."""
    parts = key.split("/")
    if len(key) > MAX_KEY or not all(_PART.fullmatch(part) for part in parts):
        raise ValueError(f"not a storage key: {key!r}")
    return key
