"""What a user has, summed up from the rows: for a project that goes, and to put `quotas` right."""

from peewee import Expression, fn

from beatstitch.db import base
from beatstitch.db.audio import AudioTrack
from beatstitch.db.media import MediaAsset
from beatstitch.db.outputs import Output
from beatstitch.db.projects import Project
from beatstitch.db.users import User


def of_project(project_id: str) -> int:
    """The bytes of a project that count."""
    return _sum(Project.id == project_id)


def media_of_user(user_id: str) -> int:
    """How many photos and clips the user has in all projects."""
    return int(MediaAsset.select().join(Project).where(Project.user == user_id).count())


def recount(user_id: str) -> int:
    """Set the user's bytes to what the rows say; gives by how many they were wrong."""
    with base.transaction():
        before: int = User.get_by_id(user_id).bytes_used
        right = _sum(Project.user == user_id)
        User.update(bytes_used=right).where(User.id == user_id).execute()
    return right - before


def _sum(whose: Expression) -> int:
    counted = (
        (MediaAsset, MediaAsset.file_size, whose),
        (AudioTrack, AudioTrack.file_size, whose),
        (Output, Output.file_size, whose & Output.removed_at.is_null()),
    )
    return sum(
        int(model.select(fn.COALESCE(fn.SUM(size), 0)).join(Project).where(which).scalar())
        for model, size, which in counted
    )
