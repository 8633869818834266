"""Which workers of this machine are alive: each holds a lock that only its death lets go.

A worker's lease says the same for other machines, but a lease takes half a minute to end. Whether
they are there at all is seen by their listening to the shared database. In the locked file stands
what the worker has to work with, for those who look after the service.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from beatstitch.db import base
from beatstitch.queue import wake

_SUFFIX = ".alive"


@dataclass(frozen=True, slots=True)
class Tools:
    """What a worker has found on its side of the service: its sandbox (`process.Mode`) and its
    FFmpeg, and how many jobs of each lane it does at once. None is what it doesn't have, or has not
    said."""

    sandbox: str | None = None
    ffmpeg: str | None = None
    light_slots: int = 0
    heavy_slots: int = 0


def new_owner(fingerprint: str | None = None) -> str:
    """A name for a worker process that no other process has ever had.

    Its end tells which FFmpeg the worker has. At most 50 letters: PostgreSQL shows 63 of a name.
    """
    mark = _mark(fingerprint)
    return f"{socket.gethostname()[:20]}-{os.getpid()}-{uuid.uuid4().hex[:12]}-{mark}"


def _mark(fingerprint: str | None) -> str:
    return hashlib.sha256((fingerprint or "").encode()).hexdigest()[:8]


class Presence:
    """A worker's sign of life, held until `close` or death."""

    def __init__(self, owner: str, tools: Tools = Tools()) -> None:
        place = wake.folder()
        place.mkdir(parents=True, exist_ok=True)
        self._path = place / f"{owner}{_SUFFIX}"
        # Locked under another name first: without its lock nobody must ever see it.
        hidden = self._path.with_name(f".{self._path.name}")
        self._file: int | None = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        os.write(self._file, json.dumps(asdict(tools)).encode())
        hidden.rename(self._path)

    def close(self) -> None:
        """Leave in order."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            self.drop()

    def drop(self) -> None:
        """Leave as the dead do, so that others take at once what is left undone."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def living() -> list[str]:
    """The workers that are alive: of this machine, and those of others that listen.

    Raises Unavailable when the shared database can't be asked.
    """
    board = base.switchboard()
    heard = [] if board is None else board.listeners(wake.LISTENS_AS)
    return sorted({*nearby(), *(name.removeprefix(wake.LISTENS_AS) for name in heard)})


def is_there_for(fingerprint: str) -> bool:
    """Whether any living worker has the FFmpeg of this fingerprint. Raises as `living` does."""
    return any(owner.endswith(f"-{_mark(fingerprint)}") for owner in living())


def nearby() -> list[str]:
    """The workers of this machine that are alive."""
    return [path.stem for path in _signs() if not _is_dead(path)]


def tools() -> list[Tools]:
    """What the living workers of this machine work with."""
    found = []
    for owner in nearby():
        with contextlib.suppress(FileNotFoundError):  # it has just left in order
            found.append(Tools(**json.loads((wake.folder() / f"{owner}{_SUFFIX}").read_text())))
    return found


def dead() -> list[str]:
    """The workers of this machine that have died without leaving in order."""
    return [path.stem for path in _signs() if _is_dead(path)]


def bury(owner: str) -> None:
    """Forget a dead worker, once its jobs have been taken back."""
    for sign in wake.folder().glob(f"{owner}.*"):
        sign.unlink(missing_ok=True)


def wait_for_death(owner: str) -> None:
    """Block until this worker is dead or gone."""
    with contextlib.suppress(FileNotFoundError), _opened(wake.folder() / f"{owner}{_SUFFIX}") as it:
        fcntl.flock(it, fcntl.LOCK_SH)


def _signs() -> list[Path]:
    return sorted(wake.folder().glob(f"[!.]*{_SUFFIX}"))


def _is_dead(sign: Path) -> bool:
    try:
        with _opened(sign) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except FileNotFoundError:  # it has just left in order
        return False
    return True


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
