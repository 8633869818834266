"""Projects: what a user works on, and the first door of every ownership check."""

from collections.abc import Mapping
from datetime import datetime

from peewee import CharField, ForeignKeyField, IntegerField, JSONField, TextField

from beatstitch.db import base, quotas, users
from beatstitch.db.users import User
from beatstitch.errors import LimitReached, NotFound, Stale


class Project(base.Row):
    """One film in the making. `version` rises with each change of what the user may write."""

    id = CharField(max_length=36, primary_key=True, default=base.new_id)
    user = ForeignKeyField(User, on_delete="CASCADE", backref="+")
    user_id: str
    name = CharField(max_length=100)
    description = TextField(default="")
    settings: base.Column[dict[str, object]] = JSONField(default=dict)
    version = IntegerField(default=1)
    created_at: base.Column[datetime] = base.MomentField(default=base.utc_now)
    updated_at: base.Column[datetime] = base.MomentField(default=base.utc_now)


def create(
    user_id: str,
    name: str,
    description: str = "",
    settings: Mapping[str, object] | None = None,
    project_id: str | None = None,
) -> Project:
    """A new project, under a new id or the given one.

    Raises LimitReached when the user has as many as allowed.
    """
    with base.transaction():
        count, most = count_of_user(user_id), quotas.allowance(users.by_id(user_id)).projects
        if count >= most:
            raise LimitReached(
                "too_many_projects",
                f"You have {count} projects; {most} are allowed. "
                "Delete one that you no longer need.",
                limit=most,
            )
        return Project.create(
            id=project_id or base.new_id(),
            user=user_id,
            name=name,
            description=description,
            settings=dict(settings or {}),
        )


def of_user(user_id: str, project_id: str) -> Project:
    """The project, if it is this user's. Raises NotFound otherwise, whoever else owns it."""
    project = Project.get_or_none((Project.id == project_id) & (Project.user == user_id))
    if project is None:
        raise missing()
    return project


def by_id(project_id: str) -> Project:
    """The project, for work that no person asks for directly. Raises NotFound."""
    project = Project.get_or_none(Project.id == project_id)
    if project is None:
        raise missing()
    return project


def missing() -> NotFound:
    """What a project that is not there, or not yours, answers."""
    return NotFound("not_found", "There is no such project.", resource_type="project")


def page(user_id: str, limit: int, before: str | None = None) -> list[Project]:
    """The user's projects, newest first, from the one after `before` (an id) onward."""
    wanted = Project.user == user_id
    if before is not None:
        wanted &= Project.id < before
    return list(Project.select().where(wanted).order_by(Project.id.desc()).limit(limit))


def count_of_user(user_id: str) -> int:
    """How many projects the user has."""
    return int(Project.select().where(Project.user == user_id).count())


def change(
    project: Project,
    *,
    name: str | None = None,
    description: str | None = None,
    settings: Mapping[str, object] | None = None,
    if_version: int | None = None,
) -> Project:
    """The project with what was given replaced. Raises Stale when `if_version` is not current."""
    given = {"name": name, "description": description, "settings": settings}
    changes = {column: value for column, value in given.items() if value is not None}
    wanted = Project.id == project.id
    if if_version is not None:
        wanted &= Project.version == if_version
    with base.transaction():
        changed = (
            Project.update(version=Project.version + 1, updated_at=base.utc_now(), **changes)
            .where(wanted)
            .execute()
        )
        if not changed:
            by_id(project.id)
            raise stale()
        return by_id(project.id)


def stale() -> Stale:
    """What a change of a version that is not current any more answers."""
    return Stale("stale", "The project has been changed since you read it; read it again.")


def delete(project: Project) -> None:
    """Remove the project with its media, song, timelines and outputs (rows only)."""
    with base.transaction():
        Project.delete().where(Project.id == project.id).execute()
