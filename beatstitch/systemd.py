"""Words to systemd, for units of Type=notify (sd_notify(3)): a datagram each, if it asked for any.

A process says when it is ready, what it is doing, that it is leaving, and, as long as its loop
turns, that it is alive: without the last, WatchdogSec= has systemd kill and restart it. This module
refuses to know what the process does.
"""

import logging
import os
import socket
import time

_ALIVE_EVERY_S = 1.0
"""A busy loop turns hundreds of times a second, and systemd has others to listen to."""

log = logging.getLogger(__name__)


class Systemd:
    """The manager of this process; without one, nothing that is said goes anywhere."""

    def __init__(self) -> None:
        address = os.environ.get("NOTIFY_SOCKET", "")
        # An @ stands for the zero byte that abstract names begin with (unix(7)).
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._status = ""
        self._alive_at = 0.0

    def ready(self) -> None:
        """The start is over: what depends on this unit may start."""
        self._tell("READY=1")

    def alive(self, status: str) -> None:
        """The loop has turned. `status` is one line for `systemctl status`."""
        now = time.monotonic()
        if status == self._status and now < self._alive_at + _ALIVE_EVERY_S:
            return
        words = "WATCHDOG=1" if status == self._status else f"WATCHDOG=1\nSTATUS={status}"
        self._status, self._alive_at = status, now
        self._tell(words)

    def leaving(self) -> None:
        """The process was told to stop and is on its way."""
        self._tell("STOPPING=1\nSTATUS=leaving")

    def _tell(self, words: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            # Whoever doesn't listen must not hold up the loop; it asks again by its watchdog.
            systemd.setblocking(False)
            try:
                systemd.sendto(words.encode(), self._address)
            except OSError:
                log.warning("systemd does not hear", exc_info=True)
