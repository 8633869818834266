"""Let go of what has been kept as long as was promised: films, and what films are made from.

A film's row stays and answers that it was here; a chunk's row goes, for a chunk can be made again.
What a job may be reading is left for another time. Whoever has a file open reads on to its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from beatstitch.db import base, chunks, jobs, outputs
from beatstitch.db.outputs import OutputKind
from beatstitch.inventory.expected import chunk_keys
from beatstitch.storage import Storage

AT_ONCE = 500
"""How many of each go in one round: the rest waits for the next hour."""


@dataclass(frozen=True, slots=True)
class Aged:
    """What has gone."""

    films: int
    chunks: int


def expire(
    storage: Storage, now: datetime, films: Mapping[OutputKind, datetime], unused: datetime
) -> Aged:
    """Remove films of a kind made before its moment, and chunks that nothing has used since."""
    idle = _Idle()
    # The rows first, and all in one transaction. A render that looks for its chunks asks and marks
    # them as used in one as well: so either they are gone for it, or are not ours to remove.
    with base.transaction():
        old_films = [
            film
            for kind, before in films.items()
            for film in outputs.made_before(before, kind, AT_ONCE)
            if idle.is_so(film.project_id)
        ]
        for film in old_films:
            outputs.mark_removed(film.id, now)
        old_chunks = [
            chunk for chunk in chunks.unused_since(unused, AT_ONCE) if idle.is_so(chunk.project_id)
        ]
        for chunk in old_chunks:
            chunks.forget(chunk)
    # What a crash leaves from here on is named by no row any more, and the sweep removes it.
    for film in old_films:
        for key in film.keys:
            storage.delete(key)
    for chunk in old_chunks:
        for key in chunk_keys(chunk):
            storage.delete(key, stored_before=unused)
    return Aged(len(old_films), len(old_chunks))


class _Idle:
    """Which projects have no work under way, each asked for once."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def is_so(self, project_id: str) -> bool:
        """Whether nothing that is under way may be reading the project's files."""
        if project_id not in self._known:
            self._known[project_id] = not jobs.live_of_project(project_id)
        return self._known[project_id]
