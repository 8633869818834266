"""Versions of a project's timeline. The EDL itself is an immutable file named by its hash."""

from collections.abc import Mapping
from datetime import datetime

from peewee import (
    BooleanField,
    CharField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    fn,
)

from beatstitch.db import base
from beatstitch.db.files import KeyField
from beatstitch.db.projects import Project
from beatstitch.limits import MAX_TIMELINE_VERSIONS


class Timeline(base.Row):
    """One version. Undo and redo move `is_current`; a new version drops those that were undone.

    `grid_checksum` and `media_fingerprint` say what it was built from: when they differ from what
    the project has now, the timeline is stale. `change` says what made it: `generate`, or the name
    of an edit.
    """

    id = CharField(max_length=36, primary_key=True, default=base.new_id)
    project = ForeignKeyField(Project, on_delete="CASCADE", backref="+")
    project_id: str
    version = IntegerField()
    edl_hash = CharField(max_length=64)
    storage_key: base.Column[str] = KeyField()
    segment_count = IntegerField()
    total_duration_ms = IntegerField()
    settings_used: base.Column[dict[str, object]] = JSONField()
    grid_checksum = CharField(max_length=64)
    media_fingerprint = CharField(max_length=64)
    change = CharField(max_length=32, default="generate")
    is_current = BooleanField()
    generated_at: base.Column[datetime] = base.MomentField(default=base.utc_now)


Timeline.add_index(Timeline.index(Timeline.project, Timeline.version, unique=True))
Timeline.add_index(
    Timeline.index(
        Timeline.project, unique=True, where=Timeline.is_current, name="timeline_current"
    )
)


def add(
    project_id: str,
    *,
    edl_hash: str,
    storage_key: str,
    segment_count: int,
    total_duration_ms: int,
    settings_used: Mapping[str, object],
    grid_checksum: str,
    media_fingerprint: str,
    change: str = "generate",
) -> Timeline:
    """The current version from now on; versions that had been undone are dropped, and so are the
    oldest beyond MAX_TIMELINE_VERSIONS."""
    with base.transaction():
        now = current(project_id)
        if now is not None:
            Timeline.delete().where(
                (Timeline.project == project_id) & (Timeline.version > now.version)
            ).execute()
            _set_current(now, is_current=False)
        last = (
            Timeline.select(fn.MAX(Timeline.version)).where(Timeline.project == project_id).scalar()
        )
        version = (last or 0) + 1
        Timeline.delete().where(
            (Timeline.project == project_id) & (Timeline.version <= version - MAX_TIMELINE_VERSIONS)
        ).execute()
        return Timeline.create(
            project=project_id,
            version=version,
            edl_hash=edl_hash,
            storage_key=storage_key,
            segment_count=segment_count,
            total_duration_ms=total_duration_ms,
            settings_used=dict(settings_used),
            grid_checksum=grid_checksum,
            media_fingerprint=media_fingerprint,
            change=change,
            is_current=True,
        )


def current(project_id: str) -> Timeline | None:
    """The version in force, or None before the first one."""
    return Timeline.get_or_none((Timeline.project == project_id) & Timeline.is_current)


def with_hash(project_id: str, edl_hash: str) -> Timeline | None:
    """The newest kept version with this EDL, or None."""
    version: Timeline | None = (
        Timeline.select()
        .where((Timeline.project == project_id) & (Timeline.edl_hash == edl_hash))
        .order_by(Timeline.version.desc())
        .first()
    )
    return version


def edl_key(project_id: str, edl_hash: str) -> str:
    """Where the EDL with this hash lies in the storage, whichever version it was."""
    return f"derived/{project_id}/edl/{edl_hash}.json"


def reach(timeline: Timeline) -> tuple[bool, bool]:
    """Whether there is a version to go back to from this one, and one to go forward to."""
    others = Timeline.select(Timeline.version).where(Timeline.project == timeline.project_id)
    return (
        others.where(Timeline.version < timeline.version).exists(),
        others.where(Timeline.version > timeline.version).exists(),
    )


def undo(project_id: str) -> Timeline | None:
    """Go back one version; gives it, or None when there is none before."""
    return _step(project_id, forward=False)


def redo(project_id: str) -> Timeline | None:
    """Go forward one version again; gives it, or None when nothing was undone."""
    return _step(project_id, forward=True)


def _step(project_id: str, *, forward: bool) -> Timeline | None:
    with base.transaction():
        now = current(project_id)
        if now is None:
            return None
        beyond = Timeline.version > now.version if forward else Timeline.version < now.version
        nearest = Timeline.version.asc() if forward else Timeline.version.desc()
        target: Timeline | None = (
            Timeline.select()
            .where((Timeline.project == project_id) & beyond)
            .order_by(nearest)
            .first()
        )
        if target is None:
            return None
        _set_current(now, is_current=False)
        _set_current(target, is_current=True)
        return target


def _set_current(timeline: Timeline, *, is_current: bool) -> None:
    timeline.is_current = is_current
    timeline.save(only=[Timeline.is_current])
