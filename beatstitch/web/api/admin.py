"""For those who look after the service, with a key of scope `admin`: what there is, and who did
what. Everything else that they do, they do with `flask --app beatstitch …` on the machine.
"""

import shutil

from flask import Blueprint

from beatstitch import queue
from beatstitch.db import audit, job_figures, usage
from beatstitch.inventory import age, sweep
from beatstitch.jobs.kinds import KINDS
from beatstitch.queue import presence
from beatstitch.settings import settings
from beatstitch.storage.configured import configured
from beatstitch.web import guard, repeats, trail, witness
from beatstitch.web.openapi import answers
from beatstitch.web.pages import cut
from beatstitch.web.shapes.admin import (
    AuditQuery,
    CleanupPlan,
    CleanupStarted,
    CleanupWish,
    Deed,
    DeedList,
    Stats,
    StorageShown,
    WorkerList,
    WorkerShown,
)
from beatstitch.web.shapes.jobs import url

blueprint = Blueprint("admin", __name__, url_prefix="/api/admin")
LOOK_S = 5.0
"""How long a look through the files of all projects may keep somebody waiting."""


@blueprint.get("/workers")
@answers({200: WorkerList})
@guard.needs("admin")
def list_workers() -> WorkerList:
    """The workers of this machine with their tools, and how many there are on all."""
    here = [WorkerShown.of(tools) for tools in presence.tools()]
    return WorkerList(items=here, total=len(presence.living()))


@blueprint.get("/storage")
@answers({200: StorageShown})
@guard.needs("admin")
def show_storage() -> StorageShown:
    """How full the data disk is, and with what."""
    disk = shutil.disk_usage(settings().storage_path)
    user_bytes, cache_bytes = usage.stored_bytes()
    return StorageShown(
        free_bytes=disk.free,
        total_bytes=disk.total,
        user_bytes=user_bytes,
        cache_bytes=cache_bytes,
    )


@blueprint.get("/stats")
@answers({200: Stats})
@guard.needs("admin")
def show_stats() -> Stats:
    """How many there are of everything."""
    ended: dict[str, int] = {}
    for total in job_figures.totals():
        ended[total.status] = ended.get(total.status, 0) + total.count
    live = {str(status): count for status, count in job_figures.live_counts().items()}
    return Stats(**usage.counts(), jobs_live=live, jobs_ended=ended)


@blueprint.post("/cleanup")
@repeats.repeatable(is_rows_alone=False)
@answers({200: CleanupPlan, 202: CleanupStarted}, refuses=(409,))
@guard.needs("admin")
def clean_up(json: CleanupWish) -> CleanupPlan | tuple[CleanupStarted, int, dict[str, str]]:
    """Say what has been kept long enough; with `dry_run: false`, have a job remove it."""
    if json.dry_run:
        return _due()
    job = queue.submit(
        KINDS["maintenance"],
        {},
        at=queue.now(),
        user_id=guard.caller().id,
        unique_key="recurring:maintenance",
        request_id=trail.request_id(),
    )
    witness.note("cleanup", subject=job.id)
    return CleanupStarted(job_id=job.id), 202, {"Location": url(job.id)}


@blueprint.get("/audit")
@answers({200: DeedList})
@guard.needs("admin")
def read_audit(query: AuditQuery) -> DeedList:
    """The audit log, newest first."""
    rows = audit.page(
        query.limit + 1, user_id=query.user_id, action=query.action, before=query.cursor
    )
    page, next_cursor = cut(rows, query.limit)
    return DeedList(
        items=[Deed.of(row) for row in page],
        next_cursor=next_cursor,
        total=audit.count(user_id=query.user_id, action=query.action),
    )


def _due() -> CleanupPlan:
    now, storage = queue.now().stamp(), configured()
    films, chunks, proxies = age.due(age.promise(now))
    swept = sweep.due(storage, sweep.projects(storage), now - sweep.LEFT_ALONE, LOOK_S)
    sizes = (*(film.file_size for film in films), *(chunk.bytes for chunk in chunks))
    return CleanupPlan(
        films=len(films),
        chunks=len(chunks),
        proxies=len(proxies),
        files=swept.files,
        bytes=sum(sizes) + swept.bytes,
        projects=swept.projects,
        looked_at=swept.looked_at,
    )
