"""Which files a person means: folders become their files in the order a person would read them,
and every file gets the id that follows from its content."""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

from beatstitch.errors import Conflict, NotFound, UnsupportedMedia

# Ids on the command line are UUIDv5 in this space, of the content's SHA-256: the same file is the
# same medium on every machine.
SPACE = UUID("6f0d2c7e-6f3c-5d0c-9a53-0b7a6c2f4e11")


@dataclass(frozen=True, slots=True)
class Given:
    """A file that was given: where it is, its SHA-256, and its id. `stamp` is what changes when
    somebody writes to it or puts another in its place."""

    path: Path
    sha256: str
    stamp: tuple[int, ...]

    @property
    def id(self) -> str:
        """The medium's id: the same for the same content."""
        return str(uuid5(SPACE, self.sha256))

    @property
    def checksum(self) -> str:
        """The content hash as beat grids and EDLs write it."""
        return f"sha256:{self.sha256}"

    def require_same(self) -> None:
        """Raise Conflict when the file isn't any more what its hash was taken of."""
        try:
            is_same = stamp_of(self.path.stat()) == self.stamp
        except OSError:
            is_same = False
        if not is_same:
            raise Conflict(
                "source_changed",
                f"{self.path.name} was changed, moved or removed while the film was being made. "
                "Run the command again.",
            )


def given(path: Path) -> Given:
    """A file and its hash. Raises NotFound for what isn't there, UnsupportedMedia for what is no
    file, OSError for what can't be read."""
    if path.exists() and not path.is_file():
        raise UnsupportedMedia("not_a_file", f"{path} is not a file.")
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise NotFound("no_such_file", f"There is no file {path}.") from None
    with file:
        stamp = stamp_of(os.fstat(file.fileno()))
        return Given(path, hashlib.file_digest(file, "sha256").hexdigest(), stamp)


def stamp_of(facts: os.stat_result) -> tuple[int, ...]:
    """What changes when somebody writes to a file or puts another in its place."""
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def files(paths: Sequence[Path], passed_over: Sequence[Path] = ()) -> tuple[Path, ...]:
    """The files meant by files and folders, each once: as given, a folder's in natural order.

    In folders, what is hidden or `passed_over` is no footage; a folder that can't be opened stands
    for itself. Raises NotFound for a path that isn't there.
    """
    found: dict[Path, Path] = {}
    others = {path.resolve() for path in passed_over}
    entered: set[tuple[int, int]] = set()
    for path in paths:
        if not path.exists():
            raise NotFound("no_such_file", f"There is no file or folder {path}.")
        if not path.is_dir():
            found.setdefault(path.resolve(), path)
            continue
        for file in _walk(path, entered):
            if file.resolve() not in others:
                found.setdefault(file.resolve(), file)
    return tuple(found.values())


def _walk(folder: Path, entered: set[tuple[int, int]]) -> Iterator[Path]:
    """The files in a folder and its folders. Each is `entered` once: links may lead in circles."""
    # A stack and no recursion, for folders may be nested deeper than Python calls itself.
    ahead = [folder]
    while ahead:
        path = ahead.pop()
        if path.is_dir():
            facts = path.stat()
            if (facts.st_dev, facts.st_ino) in entered:
                continue
            entered.add((facts.st_dev, facts.st_ino))
            if not os.access(path, os.R_OK | os.X_OK):
                yield path
                continue
            seen = (inner for inner in path.iterdir() if not inner.name.startswith("."))
            ahead += sorted(
                seen, key=lambda inner: (_natural(inner.name), inner.name), reverse=True
            )
        elif path.is_file():
            yield path


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """IMG_9 before IMG_10: runs of digits count as numbers."""
    return [
        (part.isdecimal(), int(part) if part.isdecimal() else 0, part.casefold())
        for part in re.split(r"([0-9]+)", name)
        if part
    ]
