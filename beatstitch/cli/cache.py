"""The command line's cache: what costs time to make, under the hash of what it was made from.

Files appear under their name whole or not at all, with their SHA-256 in a small file beside them:
one that was cut short or changed since is as good as none, and is made anew. Each run has a scratch
folder on the same disk, locked while the run lives, so that the next one can sweep what a killed
run left.
"""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG

from beatstitch.documents import file_sha256
from beatstitch.errors import Unavailable

SCRATCH = "scratch"
LOCK = "lock"
SECOND = "second"
SUM = ".sha256"


class Cache:
    """A folder of files by key, at most `most_bytes` large, the least recently used going first.

    `spoiled` are the keys whose files were found to be other ones than were put there.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Make the folder if need be. Raises Unavailable where nothing can be written, or no file
        can have two names."""
        self._most_bytes = most_bytes
        self.spoiled: set[str] = set()
        try:
            # Absolute, for FFmpeg is confined and works in a folder of its own; "~" is what is
            # left of the home of a user who has none.
            self._folder = folder.expanduser().absolute()
            (self._folder / SCRATCH).mkdir(parents=True, exist_ok=True)
            _try(self._folder / SCRATCH)
        except OSError as refused:
            if refused.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            why = refused.strerror or "it can't be written"
            if refused.filename2 is not None:  # as on FAT, and some servers of files
                why = "its file system gives no file a second name"
            raise _unwritable(folder, why) from refused
        except RuntimeError as homeless:
            raise _unwritable(folder, "you have no home folder") from homeless

    def find(self, key: str) -> Path | None:
        """The file under a key as it was put there, marked as used now, or None. Reads all of it:
        a file that lies for weeks where anybody may write is not believed by its name."""
        path = self._folder / key
        try:
            # In bytes: what was damaged need not be text.
            if file_sha256(path).encode() == _beside(path).read_bytes():
                os.utime(path)
                return path
            self.spoiled.add(key)
        except FileNotFoundError:
            # Nothing is there, or nobody wrote down what it was: a run was killed in between, or
            # it is from before that was done.
            pass
        except IsADirectoryError:
            # A person, or a tool that mends file systems, put a folder there.
            self.spoiled.add(key)
            _remove(_beside(path))
        _remove(path)
        return None

    def forget(self, key: str) -> None:
        """Take a file for spoiled, whatever its SHA-256 says."""
        self.spoiled.add(key)
        _remove(self._folder / key)

    def put(self, path: Path, key: str) -> None:
        """Give a finished file of a scratch folder its key as a second name."""
        place = self._folder / key
        place.parent.mkdir(parents=True, exist_ok=True)
        written = path.with_name(f"{path.name}{SUM}")
        written.write_text(file_sha256(path))
        second = path.with_name(f"{path.name}.{SECOND}")
        second.hardlink_to(path)
        second.replace(place)
        # Two names of one file: renaming the one to the other did nothing.
        second.unlink(missing_ok=True)
        # Killed in between, or overtaken by another run, the two don't fit: then it is made anew.
        written.replace(_beside(place))

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for one run, gone afterwards, whatever happens; then the cache has its size
        again."""
        with self._alone():
            self._sweep()
            folder = Path(tempfile.mkdtemp(dir=self._folder / SCRATCH))
            lock = (folder / LOCK).open("w")
            fcntl.flock(lock, fcntl.LOCK_EX)
        with lock:
            try:
                yield folder
            finally:
                # Before the lock goes, or a run that begins would sweep it at the same time.
                shutil.rmtree(folder)
                self.prune()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One run at a time sweeps and begins, or one would sweep what the other just made."""
        folder = os.open(self._folder / SCRATCH, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def prune(self) -> None:
        """Delete the least recently used files beyond the cache's size."""
        files = []
        for path in self._kept():
            # Another run may prune at the same time.
            with suppress(FileNotFoundError):
                stat = path.stat()
                if S_ISREG(stat.st_mode) and path.suffix != SUM:
                    files.append((stat.st_mtime, stat.st_size, path))
        excess = sum(size for _, size, _ in files) - self._most_bytes
        for _, size, path in sorted(files):
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            _beside(path).unlink(missing_ok=True)
            excess -= size

    def _kept(self) -> Iterator[Path]:
        # Not by rglob, which fails where a folder vanishes: those of other runs do, at their end.
        for folder, inner, names in os.walk(self._folder):
            if Path(folder) == self._folder:
                inner[:] = [name for name in inner if name != SCRATCH]
            yield from (Path(folder) / name for name in names)

    def _sweep(self) -> None:
        """Remove the scratch folders of runs that were killed: nobody holds their lock."""
        for folder in (self._folder / SCRATCH).iterdir():
            try:
                with (folder / LOCK).open("r+") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)
            except (BlockingIOError, FileNotFoundError, NotADirectoryError):
                # At work, or just being made or removed by another run.
                continue


def _remove(path: Path) -> None:
    """The file under a name goes, or whatever stands in its place."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _try(folder: Path) -> None:
    """Write a file there and give it a second name. Raises OSError."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        second = Path(f"{file.name}.{SECOND}")
        second.hardlink_to(file.name)
        second.unlink()


def _beside(path: Path) -> Path:
    """Where a file's SHA-256 is written down."""
    return path.with_name(f"{path.name}{SUM}")


def _unwritable(folder: Path, why: str) -> Unavailable:
    return Unavailable(
        "cache_unwritable",
        f"Nothing can be kept in {folder}: {why}. Name another folder by --cache or "
        "BEATSTITCH_CACHE.",
    )
