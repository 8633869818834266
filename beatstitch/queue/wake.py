"""A knock on every worker's door, so that nobody has to poll to be quick.

Each worker of the machine binds a datagram socket in the `workers` folder beside the database.
Whoever has committed something for workers to see sends each of them one byte. Where the database
is shared by several machines, it carries the call instead. A knock may get lost; the worker's slow
poll makes up for it.
"""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from beatstitch.db import base

LISTENS_AS = "beatstitch "
_SUFFIX = ".bell"
_CHANNEL = "beatstitch_jobs"


def folder() -> Path:
    """Where the workers of this machine are found."""
    return base.beside() / "workers"


def workers() -> None:
    """Wake every worker: at once, or when the transaction in hand commits."""
    if (board := base.switchboard()) is not None:
        board.call(_CHANNEL)
    else:
        base.after_commit(_knock)


def _knock() -> None:
    place = folder()
    try:
        names = [path.name for path in place.iterdir() if path.suffix == _SUFFIX]
    except FileNotFoundError:  # there has never been a worker
        return
    if not names:
        return
    with _short_path(place) as short, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as knocker:
        knocker.setblocking(False)
        for name in names:
            # Dead, gone or with a full mailbox (so awake already): nobody to tell.
            with contextlib.suppress(OSError):
                knocker.sendto(b"!", f"{short}/{name}")


class Bell(Protocol):
    """Readable when somebody has knocked."""

    def fileno(self) -> int:
        """For a selector."""

    def hush(self) -> None:
        """Take all knocks that have come."""

    def close(self) -> None:
        """Nobody is at home any more."""


def bell(owner: str) -> Bell:
    """The bell of a worker. Raises Unavailable when the database is out of reach."""
    board = base.switchboard()
    return _Door(owner) if board is None else board.ear(_CHANNEL, f"{LISTENS_AS}{owner}")


class _Door:
    """A worker's own door, for those of its machine."""

    def __init__(self, owner: str) -> None:
        place = folder()
        place.mkdir(parents=True, exist_ok=True)
        self._path = place / f"{owner}{_SUFFIX}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        with _short_path(place) as short:
            self._socket.bind(f"{short}/{self._path.name}")

    def fileno(self) -> int:
        """For a selector."""
        return self._socket.fileno()

    def hush(self) -> None:
        """Take all knocks that have come."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._socket.recv(16)

    def close(self) -> None:
        """Nobody is at home any more."""
        self._socket.close()
        self._path.unlink(missing_ok=True)


@contextlib.contextmanager
def _short_path(place: Path) -> Iterator[str]:
    """A socket's path has at most 107 bytes; through an open folder any folder is near enough."""
    descriptor = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
