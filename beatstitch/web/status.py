"""How the service is: for people, for load balancers, for Prometheus. No internals in its words."""

import logging
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, TypeVar

from flask import Blueprint, Response, current_app

from beatstitch import __version__
from beatstitch.db import job_figures
from beatstitch.process import sandbox
from beatstitch.queue import presence
from beatstitch.settings import settings
from beatstitch.web import guard
from beatstitch.web.measures import Measures
from beatstitch.web.openapi import Shown, answers

EXTENSION = "beatstitch.measures"
LOW_DISK_BYTES = 2 * 1000**3
Word = Literal["healthy", "warning", "unhealthy"]

C = TypeVar("C", bound="Check")

blueprint = Blueprint("status", __name__)
log = logging.getLogger(__name__)


class Check(Shown):
    """One thing that was looked at."""

    status: Word


class StorageCheck(Check):
    """The data disk."""

    free_gb: float | None = None


class SandboxCheck(Check):
    """What confines FFmpeg at the workers, at the weakest of them; without one, here."""

    mode: str | None = None


class QueueCheck(Check):
    """How many jobs wait, and for how long the oldest has."""

    depth: int | None = None
    oldest_seconds: int | None = None


class WorkersCheck(Check):
    """Workers of this machine."""

    alive: int | None = None


class Checks(Shown):
    """Everything that was looked at."""

    database: Check
    storage: StorageCheck
    ffmpeg: Check
    sandbox: SandboxCheck
    queue: QueueCheck
    workers: WorkersCheck


class Health(Shown):
    """Unhealthy, and 503, is a service that can't work; a warning is one that works worse."""

    status: Literal["healthy", "unhealthy"]
    checks: Checks
    version: str


class Alive(Shown):
    """The process answers."""

    status: Literal["alive"] = "alive"


@blueprint.get("/health")
@answers({200: Health, 503: Health})
@guard.open_to_all
def health() -> tuple[Health, int]:
    """Whether the service can work, and what is wrong if it can't."""
    return _look()


@blueprint.get("/api/health")
@answers({200: Health, 503: Health})
@guard.open_to_all
def api_health() -> tuple[Health, int]:
    """The same as /health, for those who are let into /api alone."""
    return _look()


@blueprint.get("/health/live")
@answers({200: Alive})
@guard.open_to_all
def liveness() -> Alive:
    """Answers as long as the process does."""
    return Alive()


@blueprint.get("/metrics")
@answers({200: None}, file="text/plain", is_stored=False)
@guard.open_to_all
def metrics() -> Response:
    """Measurements for Prometheus. The shipped nginx doesn't pass this address on."""
    here: Measures = current_app.extensions[EXTENSION]
    return Response(here.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _look() -> tuple[Health, int]:
    checks = Checks(
        database=_tried(_database, Check),
        storage=_tried(_storage, StorageCheck),
        ffmpeg=_tried(_ffmpeg, Check),
        sandbox=_tried(_sandbox, SandboxCheck),
        queue=_tried(_queue, QueueCheck),
        workers=_tried(_workers, WorkersCheck),
    )
    works = "unhealthy" not in (checks.database.status, checks.storage.status)
    shown = Health(status="healthy" if works else "unhealthy", checks=checks, version=__version__)
    return shown, 200 if works else 503


def _tried(look: Callable[[], C], check: type[C]) -> C:
    """A look that goes wrong is an answer too; why it did stands in the log."""
    try:
        return look()
    except Exception:
        log.exception("health check failed", extra={"check": look.__name__.strip("_")})
        return check(status="unhealthy")


def _database() -> Check:
    job_figures.live_counts()
    return Check(status="healthy")


def _storage() -> StorageCheck:
    folder = settings().storage_path
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK | os.X_OK):  # Linux remounts a disk with errors to be read
        return StorageCheck(status="unhealthy", free_gb=round(free / 1000**3, 2))
    floor = max(LOW_DISK_BYTES, settings().disk_floor_bytes)
    return StorageCheck(
        status="warning" if free < floor else "healthy", free_gb=round(free / 1000**3, 2)
    )


def _ffmpeg() -> Check:
    """Whether every worker has found one; while there is no worker, whether there is one here."""
    found = [tools.ffmpeg is not None for tools in presence.tools()]
    is_there = all(found) if found else shutil.which("ffmpeg") is not None
    return Check(status="healthy" if is_there else "warning")


def _sandbox() -> SandboxCheck:
    modes = {tools.sandbox for tools in presence.tools()} or {sandbox()}
    is_full = modes == {"bubblewrap"}
    mode = "bubblewrap" if is_full else "degraded"
    return SandboxCheck(status="healthy" if is_full else "warning", mode=mode)


def _queue() -> QueueCheck:
    oldest = job_figures.oldest_queued()
    waited_s = (datetime.now(UTC) - oldest).total_seconds() if oldest else 0
    return QueueCheck(
        status="healthy",
        depth=job_figures.live_counts()["queued"],
        oldest_seconds=max(0, int(waited_s)),
    )


def _workers() -> WorkersCheck:
    alive = len(presence.living())
    return WorkersCheck(status="healthy" if alive else "warning", alive=alive)
