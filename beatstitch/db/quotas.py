"""How much a user may have, and the bytes they have: counted with every change, never summed up.

What counts is what they uploaded and the films made for them; what can be made again does not.
"""

from dataclasses import dataclass

from peewee import fn

from beatstitch.db import base
from beatstitch.db.users import User
from beatstitch.errors import LimitReached
from beatstitch.settings import settings


@dataclass(frozen=True, slots=True)
class Allowance:
    """The most of each that a user may have."""

    projects: int
    media: int
    bytes: int


def allowance(user: User) -> Allowance:
    """The user's own limits, and the deployment's where they have none."""
    here = settings()
    return Allowance(
        projects=here.projects_per_user if user.max_projects is None else user.max_projects,
        media=here.media_per_user if user.max_media is None else user.max_media,
        bytes=here.bytes_per_user if user.max_bytes is None else user.max_bytes,
    )


def take(user_id: str, size_bytes: int) -> None:
    """Count what is about to be stored. Raises LimitReached when it doesn't fit.

    One statement, so that two uploads at once can't both have the last of it.
    """
    most = fn.COALESCE(User.max_bytes, settings().bytes_per_user)
    fits = (User.id == user_id) & (User.bytes_used + size_bytes <= most)
    with base.transaction():
        if not User.update(bytes_used=User.bytes_used + size_bytes).where(fits).execute():
            raise _no_room(User.get_by_id(user_id), size_bytes)


def require_room(user: User, size_bytes: int) -> None:
    """Raise LimitReached when so much more doesn't fit. It counts nothing: what has only been
    announced may fit no more when it comes."""
    if user.bytes_used + size_bytes > allowance(user).bytes:
        raise _no_room(user, size_bytes)


def add(user_id: str, size_bytes: int) -> None:
    """Count what has been made for the user: a film is never thrown away for its size."""
    _change(user_id, size_bytes)


def give_back(user_id: str, size_bytes: int) -> None:
    """What was stored has gone."""
    _change(user_id, -size_bytes)


def _change(user_id: str, by_bytes: int) -> None:
    with base.transaction():
        User.update(bytes_used=User.bytes_used + by_bytes).where(User.id == user_id).execute()


def _no_room(user: User, size_bytes: int) -> LimitReached:
    limit = allowance(user).bytes
    return LimitReached(
        "quota_exceeded",
        f"You have stored {user.bytes_used / 1e6:,.1f} of {limit / 1e6:,.1f} MB, and this "
        f"needs {size_bytes / 1e6:,.1f} MB more. Delete what you no longer need.",
        used_bytes=user.bytes_used,
        limit_bytes=limit,
        needed_bytes=size_bytes,
    )
