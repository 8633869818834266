"""The worker's view of one attempt: what its child has said, and how long it may still take."""

import json
import logging
import shutil
import signal
import socket
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, cast

from pydantic import TypeAdapter

from beatstitch import queue
from beatstitch.queue import Claim, FanOut, Fault, Instant, Kind, Lease, Line, Progress
from beatstitch.queue.lease import GIVE_UP_AFTER_MS, LEASE_MS
from beatstitch.storage import Storage
from beatstitch.worker import wire
from beatstitch.worker.brood import Brood

HEAVY_NICENESS = 10  # a tenth of the weight of who answers people (sched(7))
CPU_THREADS = 2  # RLIMIT_CPU counts the seconds of all threads
KILL_AFTER_MS = 1_500  # between asking to stop and killing: a cancel has to be over in 2 s
Ending = Literal["cancel", "leave", "timeout", "stall", "lost"]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Attempt:
    """A child at work on a claimed job. `ending` is why it was told to stop, if it was."""

    claim: Claim
    kind: Kind
    rows: ModuleType
    ticket: Any
    folder: Path
    channel: socket.socket
    lease: Lease
    began_ms: int
    time_limit_s: float
    heard_ms: int
    ending: Ending | None = None
    kill_at_ms: int | None = None
    is_done: bool = False
    fault: Fault | None = None
    progress: Progress | None = None
    written: Progress | None = None
    lines: list[Line] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the attempt, unlike any other's."""
        return self.folder.name

    def ids(self) -> dict[str, str]:
        """What every log line about this attempt carries."""
        return ids(self.claim)

    def is_joining(self) -> bool:
        """Whether children have done the larger part of the job already."""
        return self.claim.job.fan_outs > 0

    def hear(self, at: Instant) -> None:
        """Take in what the child has said. Raises EOFError when it can say no more."""
        for kind, *rest in wire.received(self.channel):
            self.heard_ms = at.boot_ms
            if kind == "progress":
                self._hear_progress(Progress(*rest), at)
            elif kind == "line":
                self.lines.append(Line(at.stamp(), *rest))
            elif kind == "done":
                self.is_done = True
            else:
                self.fault = Fault(*rest)

    def _hear_progress(self, progress: Progress, at: Instant) -> None:
        if self.progress is None or progress.stage != self.progress.stage:
            self.lines.append(Line(at.stamp(), "INFO", progress.message))
        self.progress = progress

    def unwritten(self) -> Progress | None:
        """Progress that the row does not show yet."""
        return self.progress if self.progress != self.written else None

    def check(self, at: Instant) -> Ending | None:
        """Why the attempt has to end now, by what the clock says."""
        if at.boot_ms >= self.began_ms + self.time_limit_s * 1000:
            return "timeout"
        if at.boot_ms >= self.heard_ms + self.kind.stall_s * 1000:
            return "stall"
        if self.lease.left_ms(at) <= LEASE_MS - GIVE_UP_AFTER_MS:
            return "lost"
        return None

    def next_check_ms(self) -> float:
        """The moment of the boot clock at which `check` may give another answer."""
        if self.kill_at_ms is not None:
            return self.kill_at_ms
        return min(
            self.began_ms + self.time_limit_s * 1000,
            self.heard_ms + self.kind.stall_s * 1000,
            self.lease.until_ms - (LEASE_MS - GIVE_UP_AFTER_MS),
        )

    def end(self, why: Ending, brood: Brood, at: Instant) -> None:
        """Ask the child to stop; `kill_late` does the rest if it takes too long."""
        if self.ending is not None:
            return
        self.ending = why
        self.kill_at_ms = at.boot_ms + KILL_AFTER_MS
        brood.signal(self.name, signal.SIGTERM)

    def kill_late(self, brood: Brood, at: Instant) -> None:
        """Kill a child that was asked to stop and has not."""
        if self.kill_at_ms is not None and at.boot_ms >= self.kill_at_ms:
            brood.signal(self.name, signal.SIGKILL)
            self.kill_at_ms = at.boot_ms + KILL_AFTER_MS

    def sweep(self) -> None:
        """Remove the folder of the attempt."""
        self.channel.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Ground:
    """Where attempts are made: the storage, a scratch folder on the same disk, and the limits.

    In `scratch` each worker has a folder of its name; nothing else may lie there.
    """

    storage: Storage
    scratch: Path
    kinds: Mapping[str, Kind]
    time_factor: float = 1.0
    is_confined: bool = True


def begin(claim: Claim, ground: Ground, brood: Brood, at: Instant) -> Attempt | None:
    """Prepare a claimed job and start its child; None when it has fanned out instead.

    Raises whatever `prepare` raises, and Unavailable without a nursery.
    """
    kind = ground.kinds[claim.job.kind]
    rows = kind.module("rows")
    ticket = rows.prepare(claim.job)
    if isinstance(ticket, FanOut):
        queue.fan_out(claim.lease, ticket, ground.kinds, at)
        log.info("job waits for its parts", extra={"parts": len(ticket.children)})
        return None
    folder = ground.scratch / claim.lease.owner / f"{claim.job.id}.{claim.lease.attempt}"
    limit_s = ground.time_factor * kind.time_limit_s(float(getattr(ticket, "media_s", 0)))
    try:
        _write_order(folder, claim, kind, ticket, ground, limit_s)
        channel = brood.fork(folder.name, folder)
    except BaseException:  # an input is gone, or the disk is full
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Attempt(
        claim=claim,
        kind=kind,
        rows=rows,
        ticket=ticket,
        folder=folder,
        channel=channel,
        lease=claim.lease,
        began_ms=at.boot_ms,
        time_limit_s=limit_s,
        heard_ms=at.boot_ms,
    )


def _write_order(
    folder: Path, claim: Claim, kind: Kind, ticket: Any, ground: Ground, limit_s: float
) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    wire.scratch(folder).mkdir(parents=True)
    order = wire.Order(
        handler=f"{kind.room}.handler",
        ticket=_written_as(cast(Hashable, type(ticket))).dump_python(ticket, mode="json"),
        inputs={key: str(ground.storage.fetch(key)) for key in ticket.inputs},
        ids=ids(claim),
        memory_bytes=kind.memory_bytes,
        cpu_s=int(limit_s * CPU_THREADS) + 1,
        niceness=HEAVY_NICENESS if kind.lane == "heavy" else 0,
        is_confined=ground.is_confined,
    )
    wire.Order.file(folder).write_text(json.dumps(asdict(order)))


@cache
def _written_as(ticket: Any) -> TypeAdapter[Any]:
    return TypeAdapter(ticket)


def ids(claim: Claim) -> dict[str, str]:
    """What log lines about a claimed job carry."""
    job = claim.job
    known = {
        "job_id": job.id,
        "job_kind": job.kind,
        "attempt": str(claim.lease.attempt),
        "user_id": job.user_id,
        "project_id": job.project_id,
        "request_id": job.request_id,
    }
    return {name: value for name, value in known.items() if value is not None}
