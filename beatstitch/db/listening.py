"""Hearing what is called out through PostgreSQL (LISTEN), as something that a selector can watch.

A connection of its own waits in a thread of its own. When it is lost it is made anew, and the ear
rings then, for something may have been called meanwhile.
"""

import contextlib
import os
import select
import socket
import threading
from collections.abc import Mapping
from typing import Any

import psycopg

from beatstitch.errors import Unavailable

AGAIN_AFTER_S = 1.0
KEPT_ALIVE: Mapping[str, Any] = {
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 5_000,
}
"""A server that a cut cable hides is noticed in 5 s and not in two hours (libpq's words)."""


class Ear:
    """Readable (`fileno`) when something was called out on `channel`. Others see it as `name`."""

    def __init__(self, url: str, channel: str, name: str) -> None:
        self._url = url
        self._channel = channel
        self._name = name
        self._ours, self._ring = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ours.setblocking(False)
        self._ring.setblocking(False)
        self._stopped, self._stop = os.pipe2(os.O_CLOEXEC)
        try:
            connection = self._connected()
        except psycopg.Error as fault:
            raise Unavailable(
                "database_busy", "The database is busy; try again in a few seconds."
            ) from fault
        self._thread = threading.Thread(
            target=self._listen, args=(connection,), daemon=True, name=f"ear {channel}"
        )
        self._thread.start()

    def fileno(self) -> int:
        """For a selector."""
        return self._ours.fileno()

    def hush(self) -> None:
        """Take all that has been heard."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._ours.recv(16)

    def close(self) -> None:
        """Listen no more."""
        os.close(self._stop)
        self._thread.join()
        os.close(self._stopped)
        self._ours.close()
        self._ring.close()

    def _connected(self) -> psycopg.Connection[Any]:
        connection = psycopg.connect(
            self._url,
            autocommit=True,
            application_name=self._name,
            connect_timeout=5,
            **KEPT_ALIVE,
        )
        connection.execute(f"LISTEN {self._channel}")
        return connection

    def _listen(self, connection: psycopg.Connection[Any] | None) -> None:
        while True:
            try:
                if connection is None:
                    connection = self._connected()
                    self._call()
                with connection:
                    if not self._hear(connection):
                        return
            except psycopg.Error:
                connection = None
                if select.select([self._stopped], [], [], AGAIN_AFTER_S)[0]:
                    return

    def _hear(self, connection: psycopg.Connection[Any]) -> bool:
        """Ring for what comes; False when told to stop. Raises psycopg's errors."""
        while True:
            ready, _, _ = select.select([connection.fileno(), self._stopped], [], [])
            if self._stopped in ready:
                return False
            if list(connection.notifies(timeout=0)):
                self._call()

    def _call(self) -> None:
        with contextlib.suppress(BlockingIOError):  # so many have not been taken: it rings already
            self._ring.send(b"!")
