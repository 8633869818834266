"""Where uploads wait until somebody takes them in: on the disk of the storage, so that is a rename.

What is there longer than an hour was left by a crash, for a request takes its files with it when it
ends.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from beatstitch.settings import settings

ABANDONED = timedelta(hours=1)


def folder() -> Path:
    """The folder; it may have to be made first."""
    return settings().storage_path / "incoming"


def sweep(now: datetime) -> int:
    """Remove what nothing has been written to for an hour; gives how many files."""
    if not folder().is_dir():
        return 0
    old = [path for path in folder().iterdir() if _is_abandoned(path, now)]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _is_abandoned(path: Path, now: datetime) -> bool:
    with suppress(FileNotFoundError):
        return path.is_file() and path.stat().st_mtime < (now - ABANDONED).timestamp()
    return False
