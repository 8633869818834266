"""What is heard of a child: its exit and both its pipes, against the clock.

One selector over whatever is ready, so that neither a silent child nor a flood on one pipe keeps
the deadline from being seen. Starts nothing and decides nothing about what was heard.
"""

import math
import os
import selectors
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import IO

from beatstitch.errors import Cancelled
from beatstitch.process.confinement import Limits
from beatstitch.process.faults import OutputTooLarge, ProcessStalled, ProcessTimeout

READ_BYTES = 64 * 1024
LINE_BYTES = 64 * 1024
STDERR_BYTES = 16 * 1024
TICK_S = 0.1
"""How often the `stop` event is looked at."""
DRAIN_S = 1.0
"""How long a killed group may take to let go of its pipes."""

Handler = Callable[[int], bool]
"""Reads what is ready on a file descriptor and says whether there can be more."""


class Ear:
    """Hears one child.

    `is_ready` says whether its launchers came through, `stdout` is what was collected, `stderr` the
    last 16 kB.
    """

    def __init__(
        self,
        limits: Limits,
        on_line: Callable[[str], bool] | None,
        stop: threading.Event | None,
    ) -> None:
        self.is_ready = False
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._limits = limits
        self._on_line = on_line
        self._stop = stop
        self._line = bytearray()
        self._progress_at = monotonic()
        self._deadline = self._progress_at + limits.timeout_s
        self._leash: IO[bytes] | None = None
        self._has_exited = False
        self._is_deaf = False

    def listen(self, child: subprocess.Popen[bytes], kill: Callable[[], None]) -> None:
        """Let the child go when it is ready, hear it out, `kill` its group, and empty its pipes.

        The group is killed in every case. Raises what `check` and the caller's `on_line` raise.
        """
        self._leash = child.stdin
        with _ready(child, self._hear_exit, self._hear_stdout, self._hear_stderr) as selector:
            try:
                while not self._has_exited:
                    _hear(selector, self._patience_s())
                    self.check()
            except BaseException:
                self._is_deaf = True
                raise
            finally:
                kill()
                _drain(selector)
        if self._line:
            self._hand_over(self._line)

    def check(self) -> None:
        """Raise what ends a child early: Cancelled, ProcessTimeout or ProcessStalled."""
        now = monotonic()
        if self._stop is not None and self._stop.is_set():
            raise Cancelled("cancelled", "Stopped on request.")
        if now >= self._deadline:
            raise ProcessTimeout(self._limits.timeout_s)
        if self._limits.stall_s is not None and now >= self._stalled_at():
            raise ProcessStalled(self._limits.stall_s)

    def _stalled_at(self) -> float:
        stall_s = self._limits.stall_s
        return math.inf if stall_s is None else self._progress_at + stall_s

    def _patience_s(self) -> float:
        wait_s = min(self._deadline, self._stalled_at()) - monotonic()
        return max(0.0, wait_s if self._stop is None else min(wait_s, TICK_S))

    def _hear_exit(self, _pidfd: int) -> bool:
        self._has_exited = True
        return False

    def _hear_stderr(self, pipe: int) -> bool:
        heard = os.read(pipe, READ_BYTES)
        self.stderr += heard
        del self.stderr[:-STDERR_BYTES]
        return bool(heard)

    def _hear_stdout(self, pipe: int) -> bool:
        if not self.is_ready:
            return self._let_go(pipe)
        heard = os.read(pipe, READ_BYTES)
        if heard and not self._is_deaf:
            (self._collect if self._on_line is None else self._split)(heard)
        return bool(heard)

    def _let_go(self, pipe: int) -> bool:
        """The first byte says that the launchers are in place (`confinement.LEASHED`)."""
        self.is_ready = bool(os.read(pipe, 1))
        if self.is_ready and self._leash is not None:
            with suppress(BrokenPipeError):  # it has been killed meanwhile, which is heard next
                os.write(self._leash.fileno(), b"go\n")
        return self.is_ready

    def _collect(self, heard: bytes) -> None:
        self.stdout += heard
        self._progress_at = monotonic()
        if len(self.stdout) > self._limits.output_bytes:
            raise OutputTooLarge

    def _split(self, heard: bytes) -> None:
        *lines, self._line = (self._line + heard).split(b"\n")
        if len(self._line) > LINE_BYTES:
            lines.append(self._line)
            self._line = bytearray()
        for line in lines:
            self._hand_over(line)

    def _hand_over(self, line: bytearray) -> None:
        if self._on_line is not None and self._on_line(line.decode("utf-8", "replace")):
            self._progress_at = monotonic()


@contextmanager
def _ready(
    child: subprocess.Popen[bytes], on_exit: Handler, on_stdout: Handler, on_stderr: Handler
) -> Iterator[selectors.BaseSelector]:
    """A selector over the child's exit and its pipes, with who handles what."""
    exit_fd = os.pidfd_open(child.pid)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(exit_fd, selectors.EVENT_READ, on_exit)
            for pipe, handler in ((child.stdout, on_stdout), (child.stderr, on_stderr)):
                if pipe is not None:
                    selector.register(pipe, selectors.EVENT_READ, handler)
            yield selector
    finally:
        os.close(exit_fd)


def _hear(selector: selectors.BaseSelector, wait_s: float) -> None:
    for key, _ in selector.select(wait_s):
        if not key.data(key.fd):
            selector.unregister(key.fileobj)


def _drain(selector: selectors.BaseSelector) -> None:
    # The end of both pipes says that nobody of the group writes any more. A grandchild that left
    # the group may hold them open for ever, so this has an end of its own.
    until = monotonic() + DRAIN_S
    while selector.get_map() and (wait_s := until - monotonic()) > 0:
        _hear(selector, wait_s)
