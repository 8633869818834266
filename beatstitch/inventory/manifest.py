"""What a backup holds, as it lies beside the database: every file that the rows name.

It is written last, so that a backup with a manifest is whole.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from beatstitch.errors import Invalid

DATABASE = "beatstitch.db"
FILES = "files"
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file: its storage key, its size, and the SHA-256 of its bytes in hex."""

    key: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds, or says to be elsewhere.

    `database_sha256` is None where the database is a server's and was not written here; `rows` are
    counts by table. `has_files`: the files are in the backup too. `missing` are keys that rows name
    and that were not in the storage.
    """

    format: Literal[1]
    version: str
    made_at: datetime
    database_sha256: str | None
    rows: Mapping[str, int]
    has_files: bool
    files: tuple[Entry, ...]
    missing: tuple[str, ...]

    @property
    def bytes(self) -> int:
        """The size of all the files."""
        return sum(entry.size_bytes for entry in self.files)


_AS_JSON: TypeAdapter[Manifest] = TypeAdapter(Manifest)


def write(manifest: Manifest, folder: Path) -> None:
    """Write it, by a rename, when all else is on the disk."""
    os.sync()
    part = folder / f".{_MANIFEST}"
    part.write_bytes(_AS_JSON.dump_json(manifest, indent=1) + b"\n")
    part.rename(folder / _MANIFEST)
    os.sync()


def read(folder: Path) -> Manifest:
    """What the backup in this folder holds. Raises Invalid when it is none or was not finished."""
    try:
        return _AS_JSON.validate_json((folder / _MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as nothing:
        raise Invalid(
            "bad_backup",
            f"{folder} holds no backup, or one that was not finished: it has no {_MANIFEST}.",
        ) from nothing
    except ValidationError as nonsense:
        raise Invalid("bad_backup", f"The {_MANIFEST} in {folder} can't be read.") from nonsense
