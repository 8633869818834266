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
    """An upload: whose it is, its name, how many bytes it will have."""

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
        return self.path.stat().st_size

    @property
    def ends_at(self) -> datetime:
        """When it is over unless more comes."""
        return datetime.fromtimestamp(int(self.path.stat().st_mtime), UTC) + KEPT


def begin(user_id: str, name: str, size: int) -> Partial:
    """A new upload without any bytes yet. Raises LimitReached."""
    _folder().mkdir(parents=True, exist_ok=True)
    under_way = sum(one.user_id == user_id for one in _all())
    if under_way >= MAX_PER_USER:
        raise LimitReached(
            "too_many_uploads",
            f"You have {under_way} uploads that are not used yet; {MAX_PER_USER} are allowed. "
            "Use or delete one of them first.",
        )
    made = Partial(str(uuid.uuid4()), user_id, name, size)
    made.path.touch()
    # Under its name only when it is whole: a crash leaves no facts that can't be read.
    hidden = _folder() / f".{made.id}{_FACTS}"
    hidden.write_text(json.dumps(asdict(made)))
    hidden.rename(_facts(made.id))
    return made


def of_user(user_id: str, upload_id: str) -> Partial:
    """The user's upload. Raises NotFound, and Gone for one that is over."""
    found = _read(upload_id)
    if found is None or found.user_id != user_id:
        raise NotFound("not_found", "There is no such upload.", resource_type="upload")
    if found.ends_at < datetime.now(UTC):
        raise Gone("gone", "This upload was left for too long; begin it anew.")
    return found


@contextmanager
def opened(upload: Partial) -> Iterator[BinaryIO]:
    """The bytes of an upload, for one at a time to add to or to take. Raises Conflict, NotFound."""
    try:
        part = upload.path.open("r+b")
    except FileNotFoundError:
        raise NotFound("not_found", "There is no such upload.", resource_type="upload") from None
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
    place = incoming.folder()
    place.mkdir(parents=True, exist_ok=True)
    second = place / uuid.uuid4().hex
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


def _all() -> Iterator[Partial]:
    for path in _files():
        if path.suffix == _FACTS and (one := _read(path.stem)):
            yield one


def _read(upload_id: str) -> Partial | None:
    try:
        # Whatever is no UUID names no upload, and no other file either.
        facts = json.loads(_facts(str(uuid.UUID(upload_id))).read_text())
        found = Partial(**facts)
        found.path.stat()
    except (ValueError, FileNotFoundError):
        return None
    return found


def _files() -> list[Path]:
    return [Path(entry) for entry in os.scandir(_folder())] if _folder().is_dir() else []


def _facts(upload_id: str) -> Path:
    return _folder() / f"{upload_id}{_FACTS}"


def _folder() -> Path:
    """On the disk of the storage, as `incoming` is."""
    return settings().storage_path / "resumable"
