"""Where the film, its report and its timeline go: seen to be possible before any work, and there
whole or not at all afterwards."""

import fcntl
import os
import tempfile
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from beatstitch.documents import file_sha256
from beatstitch.errors import Invalid, NotFound
from beatstitch.render.sync import read_report

UNFINISHED = ".beatstitch."


def check_places(places: Mapping[str, Path], read: Mapping[Path, str]) -> None:
    """Raise Invalid or NotFound for files that can't be written without harm.

    `places` are the files to be written, by what they are ("the film"); `read` says what the
    files that the run reads are ("the song").
    """
    taken = {_place(path): what for path, what in read.items()}
    for what, path in places.items():
        place = _place(path)
        if place.is_dir():
            raise Invalid(
                "not_a_file", f"{path} is a folder; {what} needs the name of a file, like film.mp4."
            )
        if place.exists() and not place.is_file():
            raise Invalid("not_a_file", f"{path} is not a file; {what} can't take its place.")
        if not place.parent.is_dir():
            raise NotFound("no_such_folder", f"There is no folder {path.parent} for {what}.")
        if place in taken:
            raise Invalid("same_file", f"{path} is {taken[place]}; {what} needs a name of its own.")
        taken[place] = what


def _place(path: Path) -> Path:
    """Where a file lies, whatever links lead there."""
    try:
        return path.resolve()
    except RuntimeError as circle:
        raise Invalid("not_a_file", f"{path} is a link that leads back to itself.") from circle


def check_footage(film: Path, report: Path, footage: Collection[Path]) -> None:
    """Raise Invalid for a film that would take the place of footage. A film of the last time may
    go, though it lies there: the sync report that is still at its place is its own."""
    place = film.resolve()
    if not place.exists() or place not in {path.resolve() for path in footage}:
        return
    try:
        is_ours = read_report(report.read_bytes()).film_sha256 == file_sha256(place)
    except (OSError, Invalid):
        is_ours = False
    if not is_ours:
        raise Invalid(
            "same_file",
            f"{film} lies among the media, and no run of BeatStitch has made it and {report.name}; "
            "the film needs a name of its own.",
        )


@contextmanager
def delivery(path: Path) -> Iterator[Path]:
    """A file in the folder of `path` that takes its name when all went well, and else is gone. What
    is killed leaves nothing; where the file system has no files without a name, the next one that
    delivers to that folder removes it."""
    # Through a link: what it points to is replaced, and not the link.
    place = path.resolve()
    _sweep(place.parent)
    try:
        handle, temporary = _unnamed(place.parent) or _named(place.parent)
    except OSError as refused:
        raise OSError(refused.errno, refused.strerror, str(path)) from refused
    try:
        yield temporary
        if temporary.parent != place.parent:
            temporary = _linked(temporary, place.parent)
        temporary.replace(place)
    finally:
        if temporary.parent == place.parent:
            temporary.unlink(missing_ok=True)
        os.close(handle)


def _unnamed(folder: Path) -> tuple[int, Path] | None:
    """A new file that nobody else sees (O_TMPFILE, open(2)), locked like `_named`; None where there
    are none."""
    try:
        handle = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o666)
    except OSError:  # if it is for another reason, a file with a name is refused too
        return None
    place = Path(f"/proc/self/fd/{handle}")
    if not place.exists():
        os.close(handle)
        return None
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX)
    return handle, place


def _linked(unnamed: Path, folder: Path) -> Path:
    """Give the file a name of the unfinished, from which it can be renamed over another."""
    name = folder / f"{UNFINISHED}{uuid.uuid4().hex}"
    beside = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # Only with a descriptor Python calls linkat(2), which follows links to what has no name.
        os.link(unnamed, name, src_dir_fd=beside, follow_symlinks=True)
    finally:
        os.close(beside)
    return name


def _named(folder: Path) -> tuple[int, Path]:
    """A new file and its descriptor, which is locked until it is closed or this process dies."""
    while True:
        handle, name = tempfile.mkstemp(dir=folder, prefix=UNFINISHED)
        with suppress(OSError):  # where there are no locks, nobody sweeps either
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            os.fchmod(handle, 0o666 & ~_umask())
            return handle, Path(name)
        os.close(handle)  # swept between its making and its lock


def _sweep(folder: Path) -> None:
    """Remove what killed runs left: nobody holds its lock."""
    for left in folder.glob(f"{UNFINISHED}*"):
        with suppress(OSError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
