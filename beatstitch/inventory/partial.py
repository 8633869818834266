"""Uploads that come in pieces, as files: a part that grows, and beside it what it will be.

How far an upload has come is how long its part is, so nothing else has to survive a crash. One that
nothing was added to for a day is over. Knows no requests, and no protocol.
"""

import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from beatstitch.errors import Conflict, Gone, LimitReached, NotFound
from beatstitch.inventory import incoming
from beatstitch.settings import settings

KEPT = timedelta(hours=24)
MAX_PER_USER = 50
_FACTS, _PART = ".json", ".part"


@dataclass(frozen=True, slots=True)
class Partial:
    """An upload: whose it is, its name, how many bytes it will have.

    What is asked of its bytes raises NotFound once it has gone.
    """

    id: str
    user_id: str
    name: str
    size: int

    @property
    def path(self) -> Path:
        """Where its bytes are."""
        return _folder() / f"{self.id}{_PART}"

    @property
    def offset(self) -> int:
        """How many of its bytes are there."""
        return self._stat().st_size

    @property
    def ends_at(self) -> datetime:
        """When it is over unless more comes."""
        return datetime.fromtimestamp(int(self._stat().st_mtime), UTC) + KEPT

    def _stat(self) -> os.stat_result:
        try:
            return self.path.stat()
        except FileNotFoundError:  # another request has used it or given it up
            raise _missing() from None


def begin(user_id: str, name: str, size: int) -> Partial:
    """A new upload without any bytes yet. Raises LimitReached."""
    _folder().mkdir(parents=True, exist_ok=True)
    if (count := len(_waiting(user_id))) >= MAX_PER_USER:
        raise LimitReached(
            "too_many_uploads",
            f"You have {count} uploads that are not used yet; {MAX_PER_USER} are allowed. "
            "Use or delete one of them first.",
        )
    made = Partial(str(uuid.uuid4()), user_id, name, size)
    made.path.touch()
    # Under its name only when it is whole: a crash leaves no facts that can't be read.
    hidden = _folder() / f".{made.id}{_FACTS}"
    hidden.write_text(json.dumps(asdict(made)))
    hidden.rename(_facts(made.id))
    return made


def announced(user_id: str) -> int:
    """How many bytes the user's uploads will have that are not used yet."""
    return sum(one.size for one in _waiting(user_id))


def of_user(user_id: str, upload_id: str) -> Partial:
    """The user's upload. Raises NotFound, and Gone for one that is over."""
    found = _read(upload_id)
    if found is None or found.user_id != user_id:
        raise _missing()
    if found.ends_at < datetime.now(UTC):
        raise Gone("gone", "This upload was left for too long; begin it anew.")
    return found


@contextmanager
def opened(upload: Partial) -> Iterator[BinaryIO]:
    """The bytes of an upload, for one at a time to add to or to take. Raises Conflict, NotFound."""
    try:
        part = upload.path.open("r+b")
    except FileNotFoundError:
        raise _missing() from None
    with part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                "upload_busy", "Another request has this upload in hand; try again in a moment."
            ) from None
        yield part


def copied(upload: Partial) -> Path:
    """The bytes of an upload under a second name, which is the caller's to move or remove."""
    second = incoming.place()
    try:
        second.hardlink_to(upload.path)
    except OSError:  # a file system without links
        shutil.copyfile(upload.path, second)
    return second


def remove(upload: Partial) -> None:
    """An upload goes; one that has gone already is no error."""
    _facts(upload.id).unlink(missing_ok=True)
    upload.path.unlink(missing_ok=True)


def sweep(now: datetime) -> int:
    """Remove what is over; gives how many uploads."""
    newest: dict[str, float] = {}
    for path in _files():
        with suppress(FileNotFoundError):
            name = path.name.lstrip(".").partition(".")[0]
            newest[name] = max(newest.get(name, 0.0), path.stat().st_mtime)
    over = {name for name, at in newest.items() if at < (now - KEPT).timestamp()}
    for path in _files():
        if path.name.lstrip(".").partition(".")[0] in over:
            path.unlink(missing_ok=True)
    return len(over)


def _waiting(user_id: str) -> list[Partial]:
    """The user's uploads that are neither used nor over."""
    now, found = datetime.now(UTC), []
    for path in _files():
        one = _read(path.stem) if path.suffix == _FACTS else None
        with suppress(NotFound):
            if one is not None and one.user_id == user_id and one.ends_at >= now:
                found.append(one)
    return found


def _read(upload_id: str) -> Partial | None:
    try:
        # Whatever is no UUID names no upload, and no other file either.
        facts = json.loads(_facts(str(uuid.UUID(upload_id))).read_text())
        return Partial(**facts)
    except (ValueError, FileNotFoundError):
        return None


def _missing() -> NotFound:
    return NotFound("not_found", "There is no such upload.", resource_type="upload")


def _files() -> list[Path]:
    return [Path(entry) for entry in os.scandir(_folder())] if _folder().is_dir() else []


def _facts(upload_id: str) -> Path:
    return _folder() / f"{upload_id}{_FACTS}"


def _folder() -> Path:
    """On the disk of the storage, as `incoming` is."""
    return settings().storage_path / "resumable"
