"""One attempt, from inside its own process: limits, then the handler's `run`, then the answer.

There is no database and no storage here, and no network where the kernel lets go of it. What comes
in is the order in the attempt's folder; what goes out are messages, a result file, and the files
that the handler keeps in its scratch folder.
"""

import errno
import importlib
import json
import logging
import os
import resource
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from beatstitch import logs
from beatstitch.errors import BeatstitchError, InsufficientStorage, Transient, Unavailable
from beatstitch.worker import kernel, wire
from beatstitch.workspace import Workspace

TRANSIENT = (Transient, Unavailable, InsufficientStorage)
INTERNAL = (
    "internal_error",
    "Something went wrong inside BeatStitch. Its log has the details.",
)
FULL = (errno.ENOSPC, errno.EDQUOT)
DISK_FULL = ("disk_full", "The disk is full. Free some space and try again.")
REPORT_EVERY_S = 0.2

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """A handler's `run`, and how its ticket is read and its result written."""

    run: Callable[[Any, Workspace], Any]
    ticket: TypeAdapter[Any]
    result: TypeAdapter[Any]


@cache
def learn(handler: str) -> Work:
    """The work of a handler, by the dotted path of its module. Before the fork it costs nobody."""
    run = importlib.import_module(handler).run
    types: dict[str, Any] = get_type_hints(run)
    return Work(run, TypeAdapter(types["ticket"]), TypeAdapter(types["return"]))


def order(child: socket.socket, folder: Path, channel: int) -> None:
    """Have a child that waits carry out the order in `folder`, and speak on the descriptor
    `channel`. Raises OSError when it has died."""
    socket.send_fds(child, [str(folder).encode()], [channel])


def live(orders: socket.socket, parent: int) -> None:
    """Be a child of `parent`: wait for an order, and carry it out."""
    os.setsid()
    kernel.die_with(parent)
    stop = threading.Event()
    _hear_signals(stop)
    folder, channels, _, _ = socket.recv_fds(orders, wire.MAX_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
    orders.close()
    if folder:
        _carry_out(Path(folder.decode()), socket.socket(fileno=channels[0]), stop)


def _carry_out(folder: Path, channel: socket.socket, stop: threading.Event) -> None:
    order = wire.Order(**json.loads(wire.Order.file(folder).read_bytes()))
    _limit(order)
    if order.is_confined and not kernel.leave_network():
        log.debug("no network namespace here")
    with logs.bind(**order.ids):
        answer = _answer(order, folder, channel, stop)
    wire.send(channel, *answer)


def _hear_signals(stop: threading.Event) -> None:
    def hear(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, hear)


def _limit(order: wire.Order) -> None:
    """Soft limits only: the launcher of FFmpeg sets its own, and may not raise a hard one."""
    _soft(resource.RLIMIT_AS, order.memory_bytes)
    _soft(resource.RLIMIT_CPU, order.cpu_s)
    _soft(resource.RLIMIT_CORE, 0)
    os.nice(order.niceness)


def _soft(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    most = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (most, hard))


def _answer(
    order: wire.Order, folder: Path, channel: socket.socket, stop: threading.Event
) -> tuple[object, ...]:
    """Run the handler; gives the last message."""
    try:
        return _run(order, folder, channel, stop)
    except BeatstitchError as fault:
        log.info("the handler refused: %s", fault.code, extra={"code": fault.code})
        return "failed", fault.code, wire.clipped(fault.message), isinstance(fault, TRANSIENT)
    except MemoryError:
        log.exception("out of memory")
        limit = f"{order.memory_bytes / 2**30:g} GiB"
        return "failed", "out_of_memory", f"This needs more memory than the {limit} allowed.", False
    except OSError as fault:
        log.exception("the operating system refused")
        is_full = fault.errno in FULL
        return ("failed", *DISK_FULL, True) if is_full else ("failed", *INTERNAL, False)
    except Exception:
        log.exception("the handler failed")
        return "failed", *INTERNAL, False


def _run(
    order: wire.Order, folder: Path, channel: socket.socket, stop: threading.Event
) -> tuple[object, ...]:
    scratch = wire.scratch(folder)
    tempfile.tempdir = str(scratch)
    workspace = Workspace(
        scratch=scratch,
        inputs={key: Path(path) for key, path in order.inputs.items()},
        reporter=_Reporter(channel),
        stop=stop,
    )
    _send_log_lines(channel)
    work = learn(order.handler)
    result = work.run(work.ticket.validate_python(order.ticket), workspace)
    wire.result_file(folder).write_bytes(work.result.dump_json(result))
    kept = {key: str(path.absolute()) for key, path in workspace.kept.items()}
    wire.kept_file(folder).write_text(json.dumps(kept))
    return ("done",)


class _Reporter:
    """Sends progress to the worker: every new stage, and otherwise a few times a second.

    The same progress again is sent too: it says that the work goes on.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._stage: str | None = None
        self._next_at = 0.0

    def __call__(self, percent: int, stage: str, message: str) -> None:
        if stage == self._stage and time.monotonic() < self._next_at:
            return
        wire.send(self._channel, "progress", int(percent), stage, wire.clipped(message))
        self._stage, self._next_at = stage, time.monotonic() + REPORT_EVERY_S


class _JobLog(logging.Handler):
    """Hands on what a handler says to the person who waits (the logger `beatstitch.job`)."""

    def __init__(self, channel: socket.socket) -> None:
        super().__init__(logging.INFO)
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line."""
        wire.send(self._channel, "line", record.levelname, wire.clipped(record.getMessage()))


def _send_log_lines(channel: socket.socket) -> None:
    logging.getLogger("beatstitch.job").addHandler(_JobLog(channel))
