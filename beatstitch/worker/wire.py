"""What worker, nursery and child say to each other: one JSON array a datagram.

What is large (tickets, results) lies in files of the attempt's folder and is only named here.
"""

import contextlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_BYTES = 64 * 1024
MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is to do, as it lies in the attempt's folder."""

    handler: str
    ticket: Any
    inputs: dict[str, str]
    ids: dict[str, str]
    memory_bytes: int
    cpu_s: int
    niceness: int
    is_confined: bool

    @staticmethod
    def file(folder: Path) -> Path:
        """Where the order lies."""
        return folder / "order.json"


def scratch(folder: Path) -> Path:
    """The part of an attempt's folder that is the handler's."""
    return folder / "scratch"


def result_file(folder: Path) -> Path:
    """Where the child leaves its result."""
    return folder / "result.json"


def kept_file(folder: Path) -> Path:
    """Where the child says which files it keeps, under which keys."""
    return folder / "kept.json"


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends that keep messages apart and tell when the other end has died."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(channel: socket.socket, *message: object) -> None:
    """Send one message. Raises OSError when nobody is at the other end."""
    channel.send(json.dumps(message).encode())


def received(channel: socket.socket) -> Iterator[list[Any]]:
    """The messages that have arrived. Raises EOFError when the other end is gone."""
    while True:
        try:
            data = channel.recv(MAX_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        if not data:
            raise EOFError
        yield json.loads(data)


def clipped(text: str) -> str:
    """At most MAX_TEXT characters: a message has to fit into a datagram."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


@contextlib.contextmanager
def gone_is_fine() -> Iterator[None]:
    """What is said to somebody who has just died need not arrive."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError, ConnectionRefusedError):
        yield
