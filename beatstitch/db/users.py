"""Accounts: names, password hashes, and the token version that revokes every token at once."""

from datetime import datetime

from peewee import CharField, IntegerField, IntegrityError, TextField

from beatstitch.db import base
from beatstitch.errors import Conflict, NotFound


class User(base.Row):
    """An account. `username_folded` is what has to be unique: Anna and anna are one person."""

    id = CharField(max_length=36, primary_key=True, default=base.new_id)
    username = CharField(max_length=50)
    username_folded = CharField(max_length=50, unique=True)
    password_hash = TextField()
    token_version = IntegerField(default=0)
    created_at: base.Column[datetime] = base.MomentField(default=base.utc_now)


def create(username: str, password_hash: str) -> User:
    """A new account. Raises Conflict when the name is taken, in whatever case."""
    try:
        with base.transaction():
            return User.create(
                username=username, username_folded=username.casefold(), password_hash=password_hash
            )
    except IntegrityError as taken:
        raise Conflict("username_taken", f'The name "{username}" is taken.') from taken


def by_id(user_id: str) -> User:
    """The account. Raises NotFound."""
    user = User.get_or_none(User.id == user_id)
    if user is None:
        raise NotFound("not_found", "There is no such user.", resource_type="user")
    return user


def by_name(username: str) -> User | None:
    """The account of this name in whatever case, or None."""
    return User.get_or_none(User.username_folded == username.casefold())


def set_password(user_id: str, password_hash: str) -> None:
    """A new password; every token given out before is void. Raises NotFound."""
    with base.transaction():
        changed = (
            User.update(password_hash=password_hash, token_version=User.token_version + 1)
            .where(User.id == user_id)
            .execute()
        )
    if not changed:
        raise NotFound("not_found", "There is no such user.", resource_type="user")
