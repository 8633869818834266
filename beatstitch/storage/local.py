"""The storage in a folder of this machine."""

import contextlib
import errno
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from beatstitch.errors import InsufficientStorage
from beatstitch.storage.contract import Stored, check_key, missing

_UNFINISHED = ".unfinished"
_ASIDE = "aside"


class LocalStorage:
    """Files under `root`. One appears under its key by a rename, after its bytes are on the disk.

    Names that begin with a dot are ours alone: what a crash left unfinished under them is never
    listed, and no key can name it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: Path, key: str) -> None:
        """Take the file over by a rename; from another file system it is copied first."""
        target = self._place(key)
        with _disk_full_translated():
            self._lay(target, lambda: self._move(path, target))

    def fetch(self, key: str) -> Path:
        """The stored file itself."""
        path = self._place(key)
        if not path.is_file():
            raise missing()
        return path

    def stamp(self, key: str) -> str:
        """Which file it is, its size, and when it was written."""
        try:
            facts = self.fetch(key).stat()
        except FileNotFoundError:  # deleted since it was found
            raise missing() from None
        return f"{facts.st_ino}-{facts.st_size}-{facts.st_mtime_ns}"

    def open(self, key: str) -> BinaryIO:
        """The stored file, opened."""
        try:
            return self._place(key).open("rb")
        except (FileNotFoundError, IsADirectoryError):
            raise missing() from None

    def delete(self, key: str, stored_before: datetime | None = None) -> None:
        """Remove the file. Its folder stays, for the next one."""
        path = self._place(key)
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            if stored_before is None or _stored_at(path.stat()) < stored_before:
                path.unlink()

    def list(self, prefix: str) -> Iterator[Stored]:
        """Walk the folder; a file that vanishes meanwhile is left out."""
        for path, facts in self._files(prefix):
            if not path.name.startswith("."):
                key = path.relative_to(self.root).as_posix()
                yield Stored(key, facts.st_size, _stored_at(facts))

    def folders(self, prefix: str) -> Iterator[str]:
        """The folders, empty ones too."""
        with contextlib.suppress(FileNotFoundError), os.scandir(self._place(prefix)) as entries:
            yield from (entry.name for entry in entries if entry.is_dir())

    def tidy(self, prefix: str, before: datetime) -> int:
        """Remove unfinished copies and links, and folders that have long been empty."""
        # Before anything is removed, which makes the folder above look new.
        folders = [folder for folder, facts in self._folders(prefix) if _stored_at(facts) < before]
        old = [
            path
            for path, facts in self._files(prefix)
            if path.name.startswith(_UNFINISHED) and _stored_at(facts) < before
        ]
        for path in old:
            path.unlink(missing_ok=True)
        for folder in folders:
            with contextlib.suppress(OSError):  # not empty, or gone
                folder.rmdir()
        return len(old)

    def link(self, source_key: str, key: str) -> None:
        """A hard link, which a file system may refuse; then a copy."""
        source, target = self.fetch(source_key), self._place(key)
        with _disk_full_translated():
            self._lay(target, lambda: self._link(source, target))

    def _folders(self, prefix: str) -> Iterator[tuple[Path, os.stat_result]]:
        """The folder and those in it, the inner ones first."""
        for folder, _, _ in os.walk(self._place(prefix), topdown=False):
            with contextlib.suppress(FileNotFoundError):
                yield Path(folder), Path(folder).stat()

    def _files(self, prefix: str) -> Iterator[tuple[Path, os.stat_result]]:
        for folder, _, names in os.walk(self._place(prefix)):
            for name in names:
                path = Path(folder) / name
                with contextlib.suppress(FileNotFoundError):
                    yield path, path.stat()

    def _place(self, key: str) -> Path:
        return self.root / check_key(key)

    def _lay(self, target: Path, bring: Callable[[], None]) -> None:
        """Bring a file to a folder that is there, for one that was long empty may be tidied away
        at any moment. Made anew it is too young for that. A folder that somebody has put in the
        file's place is laid aside: no row names what is in it, so the sweep has it a day later."""
        try:
            _make(target.parent)
            bring()
        except FileNotFoundError:
            _make(target.parent)
            bring()
        except IsADirectoryError:
            target.rename(target.with_name(f"{_ASIDE}-{uuid.uuid4().hex}"))
            bring()
        _sync(target.parent)

    def _move(self, path: Path, target: Path) -> None:
        try:
            _sync(path)
            path.replace(target)
        except OSError as fault:
            if fault.errno != errno.EXDEV:
                raise
            self._copy(path, target)
            path.unlink()

    def _link(self, source: Path, target: Path) -> None:
        beside = _beside(target)
        try:
            beside.hardlink_to(source)
            beside.replace(target)
            # A rename between two links of one file does nothing, so the name may be left.
            beside.unlink(missing_ok=True)
        except OSError as fault:
            if fault.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
                raise
            self._copy(source, target)

    def _copy(self, source: Path, target: Path) -> None:
        beside = _beside(target)
        try:
            shutil.copyfile(source, beside)
            _sync(beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)


def _make(folder: Path) -> None:
    """The folder is there, and a power cut doesn't take it: each is an entry of the one above."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)


def _beside(target: Path) -> Path:
    return target.with_name(f"{_UNFINISHED}-{uuid.uuid4().hex}")


def _stored_at(facts: os.stat_result) -> datetime:
    """When the file last came under a name. Its time of modification may be far older: a link has
    that of its source, and so would be taken for a leftover before its row has committed."""
    return datetime.fromtimestamp(facts.st_ctime, UTC)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _disk_full_translated() -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise InsufficientStorage(
                "disk_full", "The disk is full; nothing was stored. Free some space and try again."
            ) from fault
        raise
