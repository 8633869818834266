"""Presets: settings under a name, which a user lays over a project."""

from collections.abc import Mapping
from datetime import datetime

from peewee import CharField, ForeignKeyField, IntegrityError, JSONField

from beatstitch.db import base
from beatstitch.db.users import User
from beatstitch.errors import Conflict, LimitReached, NotFound
from beatstitch.limits import MAX_PRESETS_PER_USER


class Preset(base.Row):
    """Some settings or all, by the name that its user knows them by."""

    id = CharField(max_length=36, primary_key=True, default=base.new_id)
    user = ForeignKeyField(User, on_delete="CASCADE", backref="+")
    user_id: str
    name = CharField(max_length=100)
    settings: base.Column[dict[str, object]] = JSONField()
    created_at: base.Column[datetime] = base.MomentField(default=base.utc_now)


Preset.add_index(Preset.index(Preset.user, Preset.name, unique=True))


def create(user_id: str, name: str, settings: Mapping[str, object]) -> Preset:
    """A new preset. Raises Conflict for a name in use, LimitReached for one too many."""
    try:
        with base.transaction():
            if (count := count_of_user(user_id)) >= MAX_PRESETS_PER_USER:
                raise LimitReached(
                    "too_many_presets",
                    f"You have {count} presets; {MAX_PRESETS_PER_USER} are allowed. "
                    "Delete one that you no longer need.",
                    limit=MAX_PRESETS_PER_USER,
                )
            return Preset.create(user=user_id, name=name, settings=dict(settings))
    except IntegrityError as taken:
        raise Conflict("preset_exists", f'You have a preset "{name}" already.') from taken


def of_user(user_id: str, preset_id: str) -> Preset:
    """The preset, if it is this user's. Raises NotFound otherwise."""
    preset = Preset.get_or_none((Preset.id == preset_id) & (Preset.user == user_id))
    if preset is None:
        raise NotFound("not_found", "There is no such preset.", resource_type="preset")
    return preset


def page(user_id: str, limit: int, before: str | None = None) -> list[Preset]:
    """The user's presets, newest first, from the one after `before` (an id) onward."""
    wanted = Preset.user == user_id
    if before is not None:
        wanted &= Preset.id < before
    return list(Preset.select().where(wanted).order_by(Preset.id.desc()).limit(limit))


def count_of_user(user_id: str) -> int:
    """How many presets the user has."""
    return int(Preset.select().where(Preset.user == user_id).count())


def delete(preset: Preset) -> None:
    """Forget it; projects that it was laid over stay as they are."""
    with base.transaction():
        Preset.delete().where(Preset.id == preset.id).execute()
