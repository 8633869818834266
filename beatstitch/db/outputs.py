"""Finished films of a project."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from peewee import BigIntegerField, CharField, ForeignKeyField, JSONField

from beatstitch.db import base, projects, quotas
from beatstitch.db.files import KeyField
from beatstitch.db.projects import Project
from beatstitch.errors import NotFound

OutputKind = Literal["preview", "final"]


class Output(base.Row):
    """A film. `job_id` is the render that made it; the job's row may be pruned before the film."""

    id = CharField(max_length=36, primary_key=True, default=base.new_id)
    project = ForeignKeyField(Project, on_delete="CASCADE", backref="+")
    project_id: str
    job_id = CharField(max_length=36, unique=True)
    kind: base.Column[OutputKind] = base.WordField()
    storage_key: base.Column[str] = KeyField(size="file_size", gone="removed_at")
    file_size = BigIntegerField()
    edl_hash = CharField(max_length=64)
    sync_report_key: base.Column[str | None] = KeyField(null=True, gone="removed_at")
    provenance_key: base.Column[str | None] = KeyField(null=True, gone="removed_at")
    target: base.Column[dict[str, object] | None] = JSONField(null=True)
    created_at: base.Column[datetime] = base.MomentField(default=base.utc_now)
    removed_at: base.Column[datetime | None] = base.MomentField(null=True)

    @property
    def keys(self) -> tuple[str, ...]:
        """The storage keys of the film and of what lies beside it."""
        return tuple(filter(None, (self.storage_key, self.sync_report_key, self.provenance_key)))


Output.add_index(Output.index(Output.project, Output.kind, Output.id))


def add(
    project_id: str,
    *,
    output_id: str,
    job_id: str,
    kind: OutputKind,
    storage_key: str,
    file_size: int,
    edl_hash: str,
    sync_report_key: str | None = None,
    provenance_key: str | None = None,
    target: Mapping[str, object] | None = None,
) -> Output:
    """Note a finished film, whose file is in storage already."""
    with base.transaction():
        quotas.add(projects.by_id(project_id).user_id, file_size)
        return Output.create(
            id=output_id,
            project=project_id,
            job_id=job_id,
            kind=kind,
            storage_key=storage_key,
            file_size=file_size,
            edl_hash=edl_hash,
            sync_report_key=sync_report_key,
            provenance_key=provenance_key,
            target=target,
        )


def of_project(project_id: str, kind: OutputKind | None = None) -> list[Output]:
    """The project's films, newest first, those cleaned away included."""
    wanted = Output.project == project_id
    if kind is not None:
        wanted &= Output.kind == kind
    return list(Output.select().where(wanted).order_by(Output.id.desc()))


def page(project_id: str, limit: int, before: str | None = None) -> list[Output]:
    """The project's films, newest first, from the one after `before` (an id) onward."""
    wanted = Output.project == project_id
    if before is not None:
        wanted &= Output.id < before
    return list(Output.select().where(wanted).order_by(Output.id.desc()).limit(limit))


def count(project_id: str) -> int:
    """How many films the project has, those cleaned away included."""
    return int(Output.select().where(Output.project == project_id).count())


def newest(project_id: str, kind: OutputKind) -> Output | None:
    """The newest film of this kind, or None."""
    film: Output | None = (
        Output.select()
        .where((Output.project == project_id) & (Output.kind == kind))
        .order_by(Output.id.desc())
        .first()
    )
    return film


def in_project(project_id: str, output_id: str) -> Output:
    """The film, if it is this project's. Raises NotFound."""
    output = Output.get_or_none((Output.id == output_id) & (Output.project == project_id))
    if output is None:
        raise NotFound("not_found", "There is no such output.", resource_type="output")
    return output


def made_before(moment: datetime, kind: OutputKind, limit: int) -> list[Output]:
    """Films of this kind that are older and still there, the oldest first."""
    wanted = (Output.kind == kind) & (Output.created_at < moment) & Output.removed_at.is_null()
    return list(Output.select().where(wanted).order_by(Output.id).limit(limit))


def mark_removed(output_id: str, at: datetime) -> None:
    """The file is gone; the row stays, to answer that it was here."""
    with base.transaction():
        _give_back(output_id)
        Output.update(removed_at=at).where(Output.id == output_id).execute()


def delete(output: Output) -> None:
    """Remove the row; its file goes when no row names it any more."""
    with base.transaction():
        _give_back(output.id)
        Output.delete().where(Output.id == output.id).execute()


def _give_back(output_id: str) -> None:
    """The bytes of a film that still has its file count no more."""
    kept = Output.get_or_none((Output.id == output_id) & Output.removed_at.is_null())
    if kept is not None:
        quotas.give_back(projects.by_id(kept.project_id).user_id, kept.file_size)
