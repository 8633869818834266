"""The song of a project and the versions of its beat grid."""

from datetime import datetime
from typing import Literal

from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    FloatField,
    ForeignKeyField,
    IntegerField,
    TextField,
    fn,
)

from beatstitch.db import base, projects, quotas
from beatstitch.db.files import KeyField
from beatstitch.db.projects import Project
from beatstitch.errors import NotFound

AnalysisStatus = Literal["queued", "processing", "complete", "failed"]
Origin = Literal["analysed", "user"]


class AudioTrack(base.Row):
    """A song; a project has one at a time. `pcm_key` is the WAV that analysis and films share,
    `pcm_stamp` the storage's of it, as it was decoded."""

    id = CharField(max_length=36, primary_key=True, default=base.new_id)
    project = ForeignKeyField(Project, on_delete="CASCADE", unique=True, backref="+")
    project_id: str
    filename = TextField()
    duration_ms = IntegerField(null=True)
    sample_rate = IntegerField(null=True)
    file_size = BigIntegerField()
    checksum = CharField(max_length=64)
    analysis_status: base.Column[AnalysisStatus] = base.WordField(default="queued")
    analysis_error = TextField(null=True)
    bpm: base.Column[float | None] = FloatField(null=True)
    original_key: base.Column[str] = KeyField(size="file_size", sha256="checksum")
    pcm_key: base.Column[str | None] = KeyField(null=True)
    pcm_stamp = TextField(null=True)
    peaks_key: base.Column[str | None] = KeyField(null=True)
    created_at: base.Column[datetime] = base.MomentField(default=base.utc_now)
    analysed_at: base.Column[datetime | None] = base.MomentField(null=True)


class BeatGridVersion(base.Row):
    """One version of a song's beat grid: an immutable file under `storage_key`, one is current.

    `checksum` is the SHA-256 of the grid's JSON, which the timelines built on it carry.
    """

    id = CharField(max_length=36, primary_key=True, default=base.new_id)
    track = ForeignKeyField(AudioTrack, on_delete="CASCADE", backref="+")
    track_id: str
    version = IntegerField()
    origin: base.Column[Origin] = base.WordField()
    storage_key: base.Column[str] = KeyField(sha256="checksum")
    checksum = CharField(max_length=64)
    bpm: base.Column[float] = FloatField()
    total_beats = IntegerField()
    is_current = BooleanField()
    created_at: base.Column[datetime] = base.MomentField(default=base.utc_now)


BeatGridVersion.add_index(
    BeatGridVersion.index(BeatGridVersion.track, BeatGridVersion.version, unique=True)
)
BeatGridVersion.add_index(
    BeatGridVersion.index(
        BeatGridVersion.track,
        unique=True,
        where=BeatGridVersion.is_current,
        name="beat_grid_version_current",
    )
)


def replace(
    project_id: str, *, track_id: str, filename: str, file_size: int, checksum: str, key: str
) -> AudioTrack:
    """The project's song from now on; the one before goes, with its grids. Raises LimitReached."""
    with base.transaction():
        owner_id = projects.by_id(project_id).user_id
        if (before := of_project(project_id)) is not None:
            quotas.give_back(owner_id, before.file_size)
        quotas.take(owner_id, file_size)
        AudioTrack.delete().where(AudioTrack.project == project_id).execute()
        return AudioTrack.create(
            id=track_id,
            project=project_id,
            filename=filename,
            file_size=file_size,
            checksum=checksum,
            original_key=key,
        )


def of_project(project_id: str) -> AudioTrack | None:
    """The project's song, or None."""
    return AudioTrack.get_or_none(AudioTrack.project == project_id)


def by_id(track_id: str) -> AudioTrack:
    """The song. Raises NotFound, for instance when another has replaced it."""
    track = AudioTrack.get_or_none(AudioTrack.id == track_id)
    if track is None:
        raise NotFound("not_found", "There is no such song.", resource_type="audio")
    return track


def set_columns(track_id: str, **columns: object) -> None:
    """Write these columns. Raises NotFound when another song has taken its place."""
    with base.transaction():
        if not AudioTrack.update(**columns).where(AudioTrack.id == track_id).execute():
            by_id(track_id)


def add_grid(
    track_id: str, *, origin: Origin, key: str, checksum: str, bpm: float, total_beats: int
) -> BeatGridVersion:
    """The song's current grid from now on; earlier versions are kept."""
    with base.transaction():
        last = (
            BeatGridVersion.select(fn.MAX(BeatGridVersion.version))
            .where(BeatGridVersion.track == track_id)
            .scalar()
        )
        _no_current(track_id)
        set_columns(track_id, bpm=bpm)
        return BeatGridVersion.create(
            track=track_id,
            version=(last or 0) + 1,
            origin=origin,
            storage_key=key,
            checksum=checksum,
            bpm=bpm,
            total_beats=total_beats,
            is_current=True,
        )


def grids(track_id: str) -> list[BeatGridVersion]:
    """All versions of the song's grid, oldest first."""
    return list(
        BeatGridVersion.select()
        .where(BeatGridVersion.track == track_id)
        .order_by(BeatGridVersion.version)
    )


def current_grid(track_id: str) -> BeatGridVersion | None:
    """The grid in force, or None before the first analysis."""
    return BeatGridVersion.get_or_none(
        (BeatGridVersion.track == track_id) & BeatGridVersion.is_current
    )


def grid_with(track_id: str, checksum: str) -> BeatGridVersion | None:
    """A version of the song's grid by the hash of its JSON, or None."""
    version: BeatGridVersion | None = (
        BeatGridVersion.select()
        .where((BeatGridVersion.track == track_id) & (BeatGridVersion.checksum == checksum))
        .first()
    )
    return version


def revert_grid(track_id: str) -> BeatGridVersion:
    """Make the last analysed grid current again. Raises NotFound when there is none."""
    with base.transaction():
        analysed: BeatGridVersion | None = (
            BeatGridVersion.select()
            .where((BeatGridVersion.track == track_id) & (BeatGridVersion.origin == "analysed"))
            .order_by(BeatGridVersion.version.desc())
            .first()
        )
        if analysed is None:
            raise NotFound(
                "not_found", "This song has not been analysed yet.", resource_type="beats"
            )
        _no_current(track_id)
        analysed.is_current = True
        analysed.save(only=[BeatGridVersion.is_current])
        set_columns(track_id, bpm=analysed.bpm)
        return analysed


def _no_current(track_id: str) -> None:
    BeatGridVersion.update(is_current=False).where(BeatGridVersion.track == track_id).execute()
