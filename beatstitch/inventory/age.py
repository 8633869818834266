"""Let go of what has been kept as long as was promised: films, and what films are made from.

A film's row stays and answers that it was here; a chunk's row goes, for a chunk can be made again.
What a job may be reading is left for another time. Whoever has a file open reads on to its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from beatstitch.db import base, chunks, jobs, media, outputs
from beatstitch.db.chunks import Chunk
from beatstitch.db.media import MediaAsset
from beatstitch.db.outputs import Output, OutputKind
from beatstitch.inventory.expected import chunk_keys
from beatstitch.settings import settings
from beatstitch.storage import Storage

AT_ONCE = 500
"""How many of each go in one round: the rest waits for the next hour."""


@dataclass(frozen=True, slots=True)
class Promise:
    """The moments before which a film of each kind was made, and a chunk or a
    proxy last used, that may go."""

    films: Mapping[OutputKind, datetime]
    unused: datetime


@dataclass(frozen=True, slots=True)
class Aged:
    """What has gone."""

    films: int
    chunks: int
    proxies: int = 0


def promise(now: datetime) -> Promise:
    """What the settings promise, from now backwards."""
    here = settings()
    return Promise(
        films={
            "preview": now - timedelta(hours=here.keep_previews_hours),
            "final": now - timedelta(days=here.keep_finals_days),
        },
        unused=now - timedelta(days=here.keep_cache_days),
    )


def due(kept: Promise) -> tuple[list[Output], list[Chunk], list[MediaAsset]]:
    """The films, the chunks, and the media whose proxies may go now: AT_ONCE of each at most."""
    idle = _Idle()
    films = [
        film
        for kind, before in kept.films.items()
        for film in outputs.made_before(before, kind, AT_ONCE)
        if idle.is_so(film.project_id)
    ]
    old_chunks = [
        chunk for chunk in chunks.unused_since(kept.unused, AT_ONCE) if idle.is_so(chunk.project_id)
    ]
    old_proxies = [
        asset
        for asset in media.proxies_unused_since(kept.unused, AT_ONCE)
        if idle.is_so(asset.project_id)
    ]
    return films, old_chunks, old_proxies


def expire(storage: Storage, now: datetime, kept: Promise) -> Aged:
    """Remove films of a kind made before its moment, and chunks and proxies that nothing has used
    since."""
    # The rows first, and all in one transaction. A render that looks for its chunks asks and marks
    # them as used in one as well: so either they are gone for it, or are not ours to remove.
    with base.transaction():
        old_films, old_chunks, old_proxies = due(kept)
        for film in old_films:
            outputs.mark_removed(film.id, now)
        for chunk in old_chunks:
            chunks.forget(chunk)
        for asset in old_proxies:
            media.set_columns(asset.id, proxy=None, proxy_key=None, proxy_used_at=None)
    # What a crash leaves from here on is named by no row any more, and the sweep removes it.
    for film in old_films:
        for key in film.keys:
            storage.delete(key)
    for chunk in old_chunks:
        for key in chunk_keys(chunk):
            storage.delete(key, stored_before=kept.unused)
    for key in filter(None, (asset.proxy_key for asset in old_proxies)):
        storage.delete(key, stored_before=kept.unused)
    return Aged(len(old_films), len(old_chunks), len(old_proxies))


class _Idle:
    """Which projects have no work under way, each asked for once."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def is_so(self, project_id: str) -> bool:
        """Whether nothing that is under way may be reading the project's files."""
        if project_id not in self._known:
            self._known[project_id] = not jobs.live_of_project(project_id)
        return self._known[project_id]
