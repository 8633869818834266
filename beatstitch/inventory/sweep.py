"""Remove the files that no row names: what a crash left between a file and its row.

A file gets its name before the row that names it commits, so every file is nobody's for a moment.
Three things keep that moment safe: a file is left alone until it is old, so is a project with work
under way, and what has been stored anew under an old name since it was looked at stays.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from beatstitch.db import jobs
from beatstitch.inventory import expected
from beatstitch.inventory.expected import PLACES
from beatstitch.storage import Storage, Stored

LEFT_ALONE = timedelta(hours=24)
"""Longer than twice the longest job: a film of 90 minutes may take 6.5 hours to be joined."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep came to: how many projects were looked at of how many, and what went."""

    looked_at: int = 0
    projects: int = 0
    files: int = 0
    bytes: int = 0


def projects(storage: Storage) -> list[str]:
    """The ids of all projects that have or had files, whether their rows exist or not."""
    return sorted({name for place in PLACES for name in storage.folders(place)})


def unnamed(storage: Storage, project_id: str, before: datetime) -> Iterator[Stored]:
    """The project's files that are nobody's and were stored before then.

    The files are listed first and the rows read afterwards, so that what was named meanwhile is
    not taken for a leftover.
    """
    old = [
        file
        for place in PLACES
        for file in storage.list(f"{place}/{project_id}")
        if file.stored_at < before
    ]
    if not old:
        return
    theirs = expected.of_project(project_id)
    yield from (file for file in old if not theirs.has(file.key))


def leftovers(storage: Storage, project_id: str, before: datetime) -> list[Stored]:
    """Those of them that may go now: none while the project has live jobs."""
    if jobs.live_of_project(project_id):
        return []
    return list(unnamed(storage, project_id, before))


def due(storage: Storage, project_ids: Iterable[str], before: datetime, budget_s: float) -> Swept:
    """What a sweep would remove, of the projects that can be looked at within `budget_s`."""
    wanted = list(project_ids)
    looked_at = files = size = 0
    for project_id in _while_there_is_time(wanted, budget_s):
        looked_at += 1
        old = leftovers(storage, project_id, before)
        files += len(old)
        size += sum(file.size_bytes for file in old)
    return Swept(looked_at, len(wanted), files, size)


def sweep(
    storage: Storage,
    project_ids: Iterable[str],
    before: datetime,
    budget_s: float = float("inf"),
) -> Swept:
    """Remove what is nobody's and was stored before then, one project after another.

    After `budget_s` no further project is begun.
    """
    wanted = list(project_ids)
    looked_at = files = size = 0
    for project_id in _while_there_is_time(wanted, budget_s):
        looked_at += 1
        for file in leftovers(storage, project_id, before):
            storage.delete(file.key, stored_before=before)
            files += 1
            size += file.size_bytes
        files += sum(storage.tidy(f"{place}/{project_id}", before) for place in PLACES)
    return Swept(looked_at, len(wanted), files, size)


def _while_there_is_time(project_ids: Iterable[str], budget_s: float) -> Iterator[str]:
    give_up_at = time.monotonic() + budget_s
    for project_id in project_ids:
        if time.monotonic() > give_up_at:
            return
        yield project_id
