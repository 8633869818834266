"""Start a child behind its walls, hear it out, and see that its whole group is dead."""

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from beatstitch.errors import BeatstitchError, Unavailable
from beatstitch.process.confinement import ENVIRONMENT, Limits, Mode, confined
from beatstitch.process.ear import Ear
from beatstitch.process.faults import OutputTooLarge, ProcessKilled, ProcessTimeout
from beatstitch.process.syscalls import filter_fd
from beatstitch.settings import settings

log = logging.getLogger(__name__)


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
    return _run(argv, sandbox(), limits, reads, writes, Ear(limits, on_line, stop))


@lru_cache(maxsize=1)
def sandbox() -> Mode:
    """Which walls stand: found out once per process by really running bubblewrap."""
    if settings().sandbox == "off":
        log.warning("sandbox: degraded, for it is switched off by BEATSTITCH_SANDBOX")
        return "degraded"
    limits = Limits(timeout_s=10)
    try:
        _run(["true"], "bubblewrap", limits, (), (), Ear(limits, None, None))
    except BeatstitchError as refused:
        log.warning("sandbox: degraded, for bubblewrap does not work here: %s", refused.message)
        return "degraded"
    return "bubblewrap"


def _run(
    argv: Sequence[str],
    mode: Mode,
    limits: Limits,
    reads: Sequence[Path],
    writes: Sequence[Path],
    ear: Ear,
) -> Finished:
    ear.check()
    with filter_fd(limits.may_fork) as filter_number:
        command = confined(argv, mode, limits, reads, writes, filter_number)
        with _started(command, filter_number) as child:
            ear.listen(child, partial(_kill_group, child))
    stderr = ear.stderr.decode("utf-8", "replace")
    if not ear.is_ready:
        log.error("no child could be started: %s", stderr.strip())
        raise Unavailable("sandbox_failed", "The walls around media could not be set up.")
    code = child.returncode if mode == "degraded" else _unwrapped(child.returncode)
    _judge(code, limits)
    return Finished(code, bytes(ear.stdout), stderr)


@contextmanager
def _started(command: Sequence[str], inherits: int | None) -> Iterator[subprocess.Popen[bytes]]:
    """A child in a session of its own, killed with its group and reaped at the end."""
    child = subprocess.Popen(  # noqa: S603  the one door
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        cwd="/",
        start_new_session=True,
        pass_fds=() if inherits is None else (inherits,),
    )
    with child:
        try:
            yield child
        finally:
            _kill_group(child)


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    # Only before the child is reaped: until then its number can't belong to another group.
    os.killpg(child.pid, signal.SIGKILL)


def _unwrapped(code: int) -> int:
    """The code of the child behind bubblewrap's own, which tells a signal as a shell does."""
    return 128 - code if 128 < code < 128 + signal.NSIG else code


def _judge(code: int, limits: Limits) -> None:
    """Raise what a fatal signal means. A SIGKILL was not ours: `listen` has raised in that case."""
    if code == -signal.SIGXCPU:
        raise ProcessTimeout(limits.timeout_s)
    if code == -signal.SIGXFSZ:
        raise OutputTooLarge
    if code == -signal.SIGKILL:
        raise ProcessKilled
