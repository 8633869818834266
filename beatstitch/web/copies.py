"""A project once more: its rows under new ids, its files as further links to the same bytes.

Films are not copied, nor are the versions of the timeline before the current one. The files come
first and the rows in one transaction after them, so that nobody meets half a project.
"""

import re
from collections.abc import Iterator

from peewee import Model

from beatstitch.db import audio, base, chunks, media, projects, quotas, timelines, users
from beatstitch.db.audio import AudioTrack
from beatstitch.db.files import KeyField
from beatstitch.db.media import MediaAsset
from beatstitch.db.projects import Project
from beatstitch.errors import Conflict, NotFound
from beatstitch.inventory.expected import chunk_keys
from beatstitch.jobs.timeline_build.material import fingerprint, usable
from beatstitch.storage.configured import configured
from beatstitch.timeline.edl import Edl, dumps, edl_hash, loads
from beatstitch.web import intake, versions

UNFINISHED = ("pending", "processing")
"""Of a medium: what has been made of it so far is not copied, and a job looks at it anew."""
MADE_OF_IT = (
    *("working_key", "stamp", "thumbnail_key", "probe", "focus_found"),
    *("proxy_key", "filmstrip_key", "proxy", "proxy_stamp", "proxy_used_at", "looks"),
)


def duplicate(project: Project, name: str) -> Project:
    """A second project with the same media, song, beats, settings and timeline.

    Raises LimitReached, InsufficientStorage, and Conflict when the first one changed meanwhile.
    """
    with base.transaction():
        copy = _Copy(project)
    try:
        copy.link_files()
        with base.transaction():
            return copy.write_rows(name)
    except NotFound as gone:
        copy.drop_files()
        raise Conflict(
            "project_changed", "The project was changed while it was being copied; try again."
        ) from gone
    except BaseException:
        copy.drop_files()
        raise


class _Copy:
    """What is copied, as it was at one moment, and the ids that take the place of its own."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._assets = media.of_project(project.id)
        self._track = audio.of_project(project.id)
        self._grids = audio.grids(self._track.id) if self._track else []
        self._timeline = timelines.current(project.id)
        self._chunks = chunks.of_project(project.id)
        old = (
            project.id,
            *(a.id for a in self._assets),
            *([self._track.id] if self._track else []),
        )
        self._ids = {old_id: base.new_id() for old_id in old}
        self._pattern = re.compile("|".join(map(re.escape, self._ids)))
        self._edl: Edl | None = None
        self._laid: list[str] = []

    @property
    def id(self) -> str:
        """The id of the copy."""
        return self._ids[self._project.id]

    def link_files(self) -> None:
        """Lay every file under its new key. Raises NotFound when one has gone."""
        for key in self._keys():
            self._link(key)
        for row in list(self._chunks):
            try:
                for key in chunk_keys(row):
                    self._link(key)
            except NotFound:  # kept long enough, and cleaned away: it can be made again
                self._chunks.remove(row)
        for grid in self._grids:
            if grid.is_current:
                self._link(grid.storage_key, f"derived/{self.id}/beats.json")
        if self._timeline is not None:
            self._edl = loads(self._text(dumps(versions.edl_of(self._timeline))))
            key = versions.stored(self.id, self._edl)
            self._laid.append(key)
            self._link(key, f"derived/{self.id}/edl.json")

    def drop_files(self) -> None:
        """Nothing became of it."""
        for key in self._laid:
            configured().delete(key)

    def write_rows(self, name: str) -> Project:
        """The copy is there from now on; work that was under way is asked for again."""
        old = self._project
        copy = projects.create(old.user_id, name, old.description, old.settings, project_id=self.id)
        media.require_room(users.by_id(old.user_id), len(self._assets))
        sizes = [asset.file_size for asset in self._assets]
        quotas.take(old.user_id, sum(sizes) + (self._track.file_size if self._track else 0))
        for asset in self._assets:
            self._write_asset(copy, asset)
        if self._track is not None:
            self._write_song(copy, self._track)
        self._write_timeline()
        for row in self._chunks:
            self._insert(row)
        return copy

    def _write_asset(self, copy: Project, asset: MediaAsset) -> None:
        if asset.processing_status not in UNFINISHED:
            self._insert(asset)
            return
        self._insert(asset, processing_status="pending", **dict.fromkeys(MADE_OF_IT))
        asset_id = self._ids[asset.id]
        intake.submit("media_processing", copy, asset_id, media_asset_id=asset_id)

    def _write_song(self, copy: Project, track: AudioTrack) -> None:
        self._insert(track)
        for grid in self._grids:
            self._insert(grid, id=base.new_id())
        if track.analysis_status in ("queued", "processing"):
            intake.hear(copy, audio.by_id(self._ids[track.id]))

    def _write_timeline(self) -> None:
        timeline = self._timeline
        if timeline is None or self._edl is None:
            return
        is_of_these = timeline.media_fingerprint == fingerprint(usable(self._assets))
        now = usable(media.of_project(self.id))
        self._insert(
            timeline,
            id=base.new_id(),
            version=1,
            edl_hash=edl_hash(self._edl),
            storage_key=timelines.edl_key(self.id, edl_hash(self._edl)),
            media_fingerprint=fingerprint(now) if is_of_these else timeline.media_fingerprint,
        )

    def _keys(self) -> Iterator[str]:
        """The keys of the files that are copied as they are."""
        rows: tuple[Model, ...] = (
            *self._assets,
            *([self._track] if self._track else []),
            *self._grids,
        )
        for row in rows:
            is_unfinished = getattr(row, "processing_status", None) in UNFINISHED
            for field in row._meta.sorted_fields:
                if not isinstance(field, KeyField) or (is_unfinished and field.name in MADE_OF_IT):
                    continue
                if (key := getattr(row, field.name)) is not None:
                    yield key
        if self._track is not None:
            heard = f"derived/{self._project.id}/impressions"
            yield from (file.key for file in configured().list(heard))

    def _link(self, key: str, as_key: str | None = None) -> None:
        target = as_key or self._text(key)
        configured().link(key, target)
        self._laid.append(target)

    def _insert(self, row: Model, **changes: object) -> None:
        values = {name: self._value(value) for name, value in row.__data__.items()}
        type(row).insert(**values | changes).execute()

    def _value(self, value: object) -> object:
        """The same with the ids of the copy, wherever they stand."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {name: self._value(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner) for inner in value]
        return value

    def _text(self, text: str) -> str:
        return self._pattern.sub(lambda found: self._ids[found[0]], text)
