"""Which files a person means: folders become their files in the order a person would read them,
and every file gets the id that follows from its content."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

from beatstitch.errors import NotFound

# Ids on the command line are UUIDv5 in this space, of the content's SHA-256: the same file is the
# same medium on every machine.
SPACE = UUID("6f0d2c7e-6f3c-5d0c-9a53-0b7a6c2f4e11")


@dataclass(frozen=True, slots=True)
class Given:
    """A file that was given: where it is, its SHA-256, and its id."""

    path: Path
    sha256: str

    @property
    def id(self) -> str:
        """The medium's id: the same for the same content."""
        return str(uuid5(SPACE, self.sha256))

    @property
    def checksum(self) -> str:
        """The content hash as beat grids and EDLs write it."""
        return f"sha256:{self.sha256}"


def given(path: Path) -> Given:
    """A file and its hash. Raises NotFound for what is no file, OSError for what can't be read."""
    if not path.is_file():
        raise NotFound("no_such_file", f"There is no file {path}.")
    with path.open("rb") as file:
        return Given(path, hashlib.file_digest(file, "sha256").hexdigest())


def files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The files meant by files and folders, each once: as given, a folder's in natural order.

    Hidden files and folders are passed over. Raises NotFound for a path that isn't there.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise NotFound("no_such_file", f"There is no file or folder {path}.")
        for file in _walk(path) if path.is_dir() else (path,):
            found.setdefault(file.resolve(), file)
    return tuple(found.values())


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir(), key=lambda p: _natural(p.name)):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _walk(path)
        elif path.is_file():
            yield path


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """IMG_9 before IMG_10: runs of digits count as numbers."""
    return [
        (part.isdigit(), int(part) if part.isdigit() else 0, part.casefold())
        for part in re.split(r"([0-9]+)", name)
        if part
    ]
