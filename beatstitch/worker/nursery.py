"""The fork server: a warm process with one thread that makes children and sees them to their end.

It has imported what the handlers need, holds no database connection and knows no secret of its
worker. One child is always made ahead and waits for its order: the fork and what follows it took
9 of the 28 ms to a job's first line on a busy machine. Whatever a child started and left behind
becomes this process's child and is killed; when the worker dies, all of them are.
"""

import gc
import importlib
import json
import logging
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from beatstitch import logs
from beatstitch.worker import child, kernel, wire

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Spare:
    """A child that waits: its process, and our end of what it hears its order from."""

    pid: int
    orders: socket.socket


class Nursery:
    """The children of one worker, by the names of their attempts."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pids: dict[str, int] = {}
        self._deaths, ring = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(ring, warn_on_full_buffer=False)

    def run(self) -> None:
        """Obey the worker until it is gone; then leave nobody behind."""
        sources: list[Any] = [self._control, self._deaths]
        self._spare = self._bred()
        try:
            while True:
                ready, _, _ = select.select(sources, [], [])
                if self._deaths in ready:
                    os.read(self._deaths, 4096)
                    self._reap()
                if self._control in ready:
                    self._obey()
        except EOFError:
            self._kill_all()

    def _obey(self) -> None:
        message, descriptors, _, _ = socket.recv_fds(
            self._control, wire.MAX_BYTES, 1, socket.MSG_CMSG_CLOEXEC
        )
        if not message:
            raise EOFError
        order, name, *rest = json.loads(message)
        if order == "fork":
            self._begin(name, Path(rest[0]), descriptors[0])
        elif name in self._pids:
            self._signal(self._pids[name], rest[0])

    def _begin(self, name: str, folder: Path, descriptor: int) -> None:
        """Let the spare child carry out the order in `folder`, and make the next one."""
        spare = self._spare
        try:
            child.order(spare.orders, folder, descriptor)
        except OSError:  # somebody has killed it
            spare.orders.close()
            spare = self._bred()
            child.order(spare.orders, folder, descriptor)
        os.close(descriptor)
        spare.orders.close()
        self._pids[name] = spare.pid
        self._spare = self._bred()

    def _bred(self) -> _Spare:
        ours, theirs = wire.pair()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._control.close()
            ours.close()
            _be_child(theirs, parent)
        theirs.close()
        return _Spare(pid, ours)

    def _reap(self) -> None:
        for name, pid in list(self._pids.items()):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            # Still unreaped, so its number can't have been given to another group.
            self._signal(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            del self._pids[name]
            with wire.gone_is_fine():
                wire.send(self._control, name, os.waitstatus_to_exitcode(status))
        self._kill_strays()

    def _kill_strays(self) -> None:
        """Kill what dead children left behind. What that leaves behind rings again when it dies."""
        for pid in set(kernel.children()) - {*self._pids.values(), self._spare.pid}:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, os.WNOHANG)

    def _kill_all(self) -> None:
        self._pids[""] = self._spare.pid
        for pid in self._pids.values():
            self._signal(pid, signal.SIGKILL)
        for pid in self._pids.values():
            os.waitpid(pid, 0)
        self._pids.clear()
        while kernel.children():
            self._kill_strays()
            select.select([self._deaths], [], [], 0.05)

    def _signal(self, pid: int, number: int) -> None:
        try:
            os.killpg(pid, number)
        except ProcessLookupError:  # it has not made its session yet
            os.kill(pid, number)


def _be_child(orders: socket.socket, parent: int) -> NoReturn:
    code = 1
    try:
        child.live(orders, parent)
        code = 0
    except BaseException:
        log.exception("the child broke")
    finally:
        sys.stderr.flush()
        os._exit(code)


def main(arguments: list[str]) -> None:
    """Run as `python -m beatstitch.worker.nursery DESCRIPTOR LEVEL HANDLERS MODULES`."""
    descriptor, level, handlers, modules = arguments
    logs.start(level)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.setsid()
    kernel.adopt_orphans()
    for handler in json.loads(handlers):
        _warm(handler, child.learn)
    for module in json.loads(modules):
        _warm(module, importlib.import_module)
    gc.collect()
    gc.freeze()  # a later collection would otherwise copy every page that it looks at
    Nursery(socket.socket(fileno=int(descriptor))).run()


def _warm(module: str, learn: Callable[[str], object]) -> None:
    try:
        learn(module)
    except ImportError:
        log.warning("cannot be imported ahead: %s", module, exc_info=True)
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        # A fork copies one thread and the locks of all: a child could wait for ever.
        log.error("importing %s started threads; children made now may hang", module)


if __name__ == "__main__":
    main(sys.argv[1:])
