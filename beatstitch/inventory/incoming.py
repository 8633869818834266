"""Where uploads wait until somebody takes them in: on the disk of the storage, so that is a rename.

What is there longer than an hour was left by a crash, for a request takes its files with it when it
ends.
"""

import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from beatstitch.settings import settings
from beatstitch.storage import Storage

ABANDONED = timedelta(hours=1)


def folder() -> Path:
    """The folder; it may have to be made first."""
    return settings().storage_path / "incoming"


def place() -> Path:
    """A path in the folder, which is there now, that no file has yet."""
    folder().mkdir(parents=True, exist_ok=True)
    return folder() / uuid.uuid4().hex


def write(text: str, storage: Storage, key: str) -> None:
    """Let this text be the file under the key. Raises InsufficientStorage."""
    path = place()
    try:
        path.write_text(text)
        storage.put(path, key)
    finally:
        path.unlink(missing_ok=True)


def sweep(now: datetime) -> int:
    """Remove what has been there for an hour, unwritten; gives how many files."""
    if not folder().is_dir():
        return 0
    old = [path for path in folder().iterdir() if _is_abandoned(path, now)]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _is_abandoned(path: Path, now: datetime) -> bool:
    with suppress(FileNotFoundError):
        # Not the time of its last byte: an upload in pieces comes here as a link to what may have
        # been whole for hours.
        return path.is_file() and path.stat().st_ctime < (now - ABANDONED).timestamp()
    return False
