"""Where the film, its report and its timeline go: seen to be possible before any work, and there
whole or not at all afterwards."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from beatstitch.errors import Invalid, NotFound


def check_places(places: Mapping[str, Path], read: Mapping[Path, str]) -> None:
    """Raise Invalid or NotFound for files that can't be written without harm.

    `places` are the files to be written, by what they are ("the film"); `read` says what the
    files that the run reads are ("the song").
    """
    taken = {path.resolve(): what for path, what in read.items()}
    for what, path in places.items():
        place = path.resolve()
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


@contextmanager
def delivery(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its name when all went well, and else is gone."""
    # Through a link: what it points to is replaced, and not the link.
    place = path.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".beatstitch.")
    except PermissionError as refused:
        raise PermissionError(refused.errno, refused.strerror, str(path)) from refused
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
