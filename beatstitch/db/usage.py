"""What is there, summed up from the rows: of a project that goes, of a user, and of all."""

from peewee import Expression, fn

from beatstitch.db import base
from beatstitch.db.api_keys import ApiKey
from beatstitch.db.audio import AudioTrack
from beatstitch.db.chunks import Chunk
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


def stored_bytes() -> tuple[int, int]:
    """The bytes that count for users, and those of chunks, which can be made again."""
    users: int = User.select(fn.COALESCE(fn.SUM(User.bytes_used), 0)).scalar()
    cache: int = Chunk.select(fn.COALESCE(fn.SUM(Chunk.bytes), 0)).scalar()
    return int(users), int(cache)


def counts() -> dict[str, int]:
    """How many users, projects, media, films and keys there are."""
    tables = {
        "users": User,
        "projects": Project,
        "media": MediaAsset,
        "outputs": Output,
        "keys": ApiKey,
    }
    return {name: int(model.select().count()) for name, model in tables.items()}


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
