"""The one door to child processes: start one, watch it, and leave nothing of it behind.

A child runs in its own session under limits, in a sandbox where there is one, with both pipes
drained and a deadline that doesn't depend on what it prints. Whatever happens, its whole group is
killed at the end. Refuses to know what the child is for.
"""

import logging
import math
import os
import selectors
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import IO, Final

from beatstitch.confinement import ENVIRONMENT, Limits, Mode, confined
from beatstitch.errors import BeatstitchError, Cancelled, MediaRejected, Transient, Unavailable
from beatstitch.settings import settings

__all__ = [
    "Finished",
    "Limits",
    "Mode",
    "OutputTooLarge",
    "ProcessKilled",
    "ProcessStalled",
    "ProcessTimeout",
    "run",
    "sandbox",
]

READ_BYTES: Final = 64 * 1024
LINE_BYTES: Final = 64 * 1024
STDERR_BYTES: Final = 16 * 1024
TICK_S: Final = 0.1
"""How often a waiting `run` looks at its `stop` event."""
DRAIN_S: Final = 1.0
"""How long a killed group may take to let go of its pipes."""

log = logging.getLogger(__name__)


class ProcessTimeout(MediaRejected):
    """The child used up its wall-clock or CPU time. The same input would do so again."""


class OutputTooLarge(MediaRejected):
    """The child wrote more than it may, to a file or to its standard output."""


class ProcessStalled(Transient):
    """The child made no progress for too long."""


class ProcessKilled(Transient):
    """Somebody else killed the child, most likely the kernel for want of memory."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A child that ended by itself.

    `returncode` is negative for a signal, in the sandbox too. `stdout` is empty where lines were
    asked for. `stderr` is the last 16 kB.
    """

    returncode: int
    stdout: bytes
    stderr: str


def run(
    argv: Sequence[str],
    *,
    limits: Limits,
    reads: Sequence[Path] = (),
    writes: Sequence[Path] = (),
    on_line: Callable[[str], bool] | None = None,
    stop: threading.Event | None = None,
) -> Finished:
    """Run one child to its end, in its own session; its whole group is killed in every case.

    It sees the system's programs, the files and folders `reads`, and the folders `writes`, which
    it may change. `on_line` gets each line of its standard output, in the caller's thread, and
    says whether that is progress; without it, any output is. A line beyond 64 kB comes in pieces.
    The calling thread has to live as long as the child, for the kernel kills the child with it.

    Raises Cancelled when `stop` is set, ProcessTimeout, ProcessStalled, OutputTooLarge,
    ProcessKilled, NotFound for a path that is gone, Unavailable for a missing tool or a sandbox
    that broke, and whatever `on_line` raises.
    """
    return _run(argv, sandbox(), limits, reads, writes, _Ear(limits, on_line, stop))


@lru_cache(maxsize=1)
def sandbox() -> Mode:
    """Which walls stand: found out once per process by really running bubblewrap."""
    if settings().sandbox == "off":
        log.warning("sandbox: degraded, for it is switched off by BEATSTITCH_SANDBOX")
        return "degraded"
    limits = Limits(timeout_s=10)
    try:
        tried = _run(["true"], "bubblewrap", limits, (), (), _Ear(limits, None, None))
        trouble = "" if tried.returncode == 0 else tried.stderr.strip()
    except BeatstitchError as refused:
        trouble = refused.message
    if trouble:
        log.warning("sandbox: degraded, for bubblewrap does not work here: %s", trouble)
        return "degraded"
    return "bubblewrap"


def _run(
    argv: Sequence[str],
    mode: Mode,
    limits: Limits,
    reads: Sequence[Path],
    writes: Sequence[Path],
    ear: "_Ear",
) -> Finished:
    command = confined(argv, mode, limits, reads, writes)
    ear.check()
    with _started(command) as child:
        ear.listen(child)
    stderr = ear.stderr.decode("utf-8", "replace")
    code = child.returncode if mode == "degraded" else _unwrapped(child.returncode, stderr)
    _judge(code, limits)
    return Finished(code, bytes(ear.stdout), stderr)


@contextmanager
def _started(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A child in a session of its own, killed with its group and reaped at the end."""
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        cwd="/",
        start_new_session=True,
    )
    try:
        yield child
    finally:
        _kill_group(child)
        child.wait()
        for pipe in _pipes(child):
            pipe.close()


def _pipes(child: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert child.stdout is not None and child.stderr is not None  # noqa: S101
    return child.stdout, child.stderr


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    # Only before the child is reaped: until then its number can't belong to another group.
    os.killpg(child.pid, signal.SIGKILL)


def _unwrapped(code: int, stderr: str) -> int:
    """The code of the child behind bubblewrap's own, which tells a signal as a shell does."""
    if code == 1 and stderr.startswith("bwrap: "):
        log.error("sandbox: %s", stderr.strip())
        raise Unavailable("sandbox_failed", "The sandbox for media could not be set up.")
    return 128 - code if 128 < code < 128 + signal.NSIG else code


def _judge(code: int, limits: Limits) -> None:
    """Raise what a fatal signal means. SIGKILL was not ours: `listen` has raised in that case."""
    if code == -signal.SIGXCPU:
        raise _too_slow(limits)
    if code == -signal.SIGXFSZ:
        raise _too_large()
    if code == -signal.SIGKILL:
        raise ProcessKilled(
            "process_killed", "A helper process was killed, most likely for want of memory."
        )


def _too_slow(limits: Limits) -> ProcessTimeout:
    return ProcessTimeout("timeout", f"It took longer than {limits.timeout_s:g} s.")


def _too_large() -> OutputTooLarge:
    return OutputTooLarge("output_too_large", "The result grew larger than it may.")


class _Ear:
    """Hears a child's exit and both its pipes, and keeps the time."""

    def __init__(
        self,
        limits: Limits,
        on_line: Callable[[str], bool] | None,
        stop: threading.Event | None,
    ) -> None:
        self._limits = limits
        self._on_line = on_line
        self._stop = stop
        self._line = bytearray()
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._progress_at = monotonic()
        self._deadline = self._progress_at + limits.timeout_s
        self._has_exited = False
        self._is_deaf = False

    def listen(self, child: subprocess.Popen[bytes]) -> None:
        """Hear the child out. Afterwards its group is dead and its pipes are empty, in any case."""
        with _ready(child, self._hear_exit, self._hear_stdout, self._hear_stderr) as selector:
            try:
                while not self._has_exited:
                    _hear(selector, self._patience_s())
                    self.check()
            except BaseException:
                self._is_deaf = True
                raise
            finally:
                _kill_group(child)
                _drain(selector)
        self._hand_over(self._line)

    def check(self) -> None:
        """Raise what ends the child early: somebody's wish, the deadline or a stall."""
        now = monotonic()
        if self._stop is not None and self._stop.is_set():
            raise Cancelled("cancelled", "Stopped on request.")
        if now >= self._deadline:
            raise _too_slow(self._limits)
        if now >= self._stalled_at():
            raise ProcessStalled(
                "stalled", f"There was no progress for {self._limits.stall_s:g} s."
            )

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
        heard = os.read(pipe, READ_BYTES)
        if heard and not self._is_deaf:
            (self._collect if self._on_line is None else self._split)(heard)
        return bool(heard)

    def _collect(self, heard: bytes) -> None:
        self.stdout += heard
        self._progress_at = monotonic()
        if len(self.stdout) > self._limits.output_bytes:
            raise _too_large()

    def _split(self, heard: bytes) -> None:
        *lines, self._line = (self._line + heard).split(b"\n")
        if len(self._line) > LINE_BYTES:
            lines.append(self._line)
            self._line = bytearray()
        for line in lines:
            self._hand_over(line)

    def _hand_over(self, line: bytearray) -> None:
        if line and self._on_line is not None and self._on_line(line.decode("utf-8", "replace")):
            self._progress_at = monotonic()


@contextmanager
def _ready(
    child: subprocess.Popen[bytes],
    on_exit: Callable[[int], bool],
    on_stdout: Callable[[int], bool],
    on_stderr: Callable[[int], bool],
) -> Iterator[selectors.BaseSelector]:
    """A selector over the child's exit and pipes; each handler says whether there is more."""
    exit_fd = os.pidfd_open(child.pid)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(exit_fd, selectors.EVENT_READ, on_exit)
            for pipe, handler in zip(_pipes(child), (on_stdout, on_stderr), strict=True):
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
