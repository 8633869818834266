"""The worker's end of the nursery: start it, ask it for children, hear of their ends."""

import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from beatstitch.errors import Unavailable
from beatstitch.queue import Kind
from beatstitch.worker import wire

# What a child may know of the worker's environment: no secret, no address of a database.
_HANDED_ON = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "PYTHONWARNINGS", "VIRTUAL_ENV"),
    *("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "FONTCONFIG_PATH"),
    *("BEATSTITCH_SANDBOX", "BEATSTITCH_BEAT_DETECTOR", "BEATSTITCH_LOG_LEVEL"),
)
# One thread each: a fork would lose them, and there are as many children as the machine can feed.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """A child has ended: its exit code, or minus the signal that killed it."""

    name: str
    code: int


class Brood:
    """The children of this worker, through the nursery that makes them."""

    def __init__(self, level: str, kinds: Collection[Kind]) -> None:
        self._control, theirs = wire.pair()
        theirs.set_inheritable(True)
        self._pid = os.posix_spawn(
            sys.executable,
            _command(theirs.fileno(), level, kinds),
            _environment(),
            setsigmask=(),
            setsigdef=(signal.SIGTERM, signal.SIGINT),
        )
        theirs.close()

    def fileno(self) -> int:
        """For a selector: readable when a child has ended, or the nursery itself."""
        return self._control.fileno()

    def fork(self, name: str, folder: Path) -> socket.socket:
        """Have a child carry out the order in `folder`; gives our end of its channel.

        Raises Unavailable when the nursery is gone.
        """
        ours, theirs = wire.pair()
        with theirs:
            message = json.dumps(["fork", name, str(folder)]).encode()
            try:
                socket.send_fds(self._control, [message], [theirs.fileno()])
            except OSError as gone:
                ours.close()
                raise Unavailable("no_nursery", "The worker is restarting; try again.") from gone
        return ours

    def signal(self, name: str, number: int) -> None:
        """Send a signal to the whole group of a child; nothing happens if it has ended."""
        with wire.gone_is_fine():
            wire.send(self._control, "signal", name, number)

    def ends(self) -> list[Ended]:
        """The children that have ended. Raises EOFError when the nursery has, and they with it."""
        return [Ended(name, code) for name, code in wire.received(self._control)]

    def close(self) -> None:
        """Kill every child and the nursery; gives back when they are gone."""
        self._control.close()
        os.waitpid(self._pid, 0)


def _command(descriptor: int, level: str, kinds: Collection[Kind]) -> list[str]:
    handlers = dict.fromkeys(f"{kind.room}.handler" for kind in kinds)
    warm = dict.fromkeys(module for kind in kinds for module in kind.warm)
    return [
        *(sys.executable, "-m", "beatstitch.worker.nursery", str(descriptor), level),
        *(json.dumps(list(handlers)), json.dumps(list(warm))),
    ]


def _environment() -> dict[str, str]:
    known = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    return {**known, **dict.fromkeys(_ONE_THREAD, "1"), "PYTHONUNBUFFERED": "1"}
