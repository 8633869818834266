"""Accounts: names, password hashes, and the token version that revokes every token at once."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime

from peewee import BigIntegerField, CharField, IntegerField, IntegrityError, TextField

from beatstitch.db import base
from beatstitch.errors import Conflict, NotFound

MAX_USERNAME = 50


class User(base.Row):
    """An account. `username_folded` is what has to be unique: Anna and anna are one person, and
    so is who types her name in letters of double width.

    `bytes_used` is kept by `quotas`; a `max_…` that is null is the deployment's.
    """

    id = CharField(max_length=36, primary_key=True, default=base.new_id)
    username = CharField(max_length=MAX_USERNAME)
    username_folded = CharField(max_length=MAX_USERNAME, unique=True)
    password_hash = TextField()
    token_version = IntegerField(default=0)
    bytes_used = BigIntegerField(default=0)
    max_projects: base.Column[int | None] = IntegerField(null=True)
    max_media: base.Column[int | None] = IntegerField(null=True)
    max_bytes: base.Column[int | None] = BigIntegerField(null=True)
    created_at: base.Column[datetime] = base.MomentField(default=base.utc_now)


def create(username: str, password_hash: str) -> User:
    """A new account. Raises Conflict when the name is taken, however it is written."""
    try:
        with base.transaction():
            return User.create(
                username=username, username_folded=folded(username), password_hash=password_hash
            )
    except IntegrityError as taken:
        raise Conflict("username_taken", f'The name "{username}" is taken.') from taken


def by_id(user_id: str) -> User:
    """The account. Raises NotFound."""
    user = User.get_or_none(User.id == user_id)
    if user is None:
        raise _missing()
    return user


def folded(username: str) -> str:
    """The name without its case and without what only its writing differs in (NFKC_Casefold, but
    for what can't be seen: Unicode, 3.13)."""
    plain = unicodedata.normalize("NFKC", username).casefold()
    return unicodedata.normalize("NFKC", plain)


def by_name(username: str) -> User | None:
    """The account of this name, however it is written, or None."""
    if "\0" in username:  # PostgreSQL has no such text, and takes the question for a mistake
        return None
    return User.get_or_none(User.username_folded == folded(username))


def named(username: str) -> User:
    """The account of this name, however it is written. Raises NotFound."""
    user = by_name(username)
    if user is None:
        raise _missing()
    return user


def page(limit: int) -> list[User]:
    """Accounts, newest first."""
    return list(User.select().order_by(User.id.desc()).limit(limit))


def set_password(user_id: str, password_hash: str) -> None:
    """A new password; every token given out before is void. Raises NotFound."""
    with base.transaction():
        changed = (
            User.update(password_hash=password_hash, token_version=User.token_version + 1)
            .where(User.id == user_id)
            .execute()
        )
    if not changed:
        raise _missing()


def set_limits(user_id: str, limits: Mapping[str, int | None]) -> None:
    """Other limits, by the names of their columns; None is the deployment's."""
    with base.transaction():
        User.update(dict(limits)).where(User.id == user_id).execute()


def void_tokens(user_id: str) -> None:
    """Every token given out so far is void."""
    with base.transaction():
        User.update(token_version=User.token_version + 1).where(User.id == user_id).execute()


def delete(user_id: str) -> None:
    """The account goes, with its tokens, keys, presets and projects (rows only)."""
    with base.transaction():
        User.delete().where(User.id == user_id).execute()


def _missing() -> NotFound:
    return NotFound("not_found", "There is no such user.", resource_type="user")
