"""API keys: what a program shows in place of a login. Of its secret only a hash is here."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Literal

from peewee import CharField, ForeignKeyField, JSONField

from beatstitch.db import base
from beatstitch.db.users import User
from beatstitch.errors import LimitReached, NotFound
from beatstitch.limits import MAX_KEYS_PER_USER

Scope = Literal["read", "write", "render", "account", "admin"]
USE_NOTED_EVERY = timedelta(minutes=5)


class ApiKey(base.Row):
    """A key. `prefix` finds it and may be shown; `rates` are a trusted key's own, by category."""

    id = CharField(max_length=36, primary_key=True, default=base.new_id)
    user = ForeignKeyField(User, on_delete="CASCADE", backref="+")
    user_id: str
    name = CharField(max_length=100)
    prefix = CharField(max_length=16, unique=True)
    secret_hash = CharField(max_length=64)
    scopes: base.Column[list[Scope]] = JSONField()
    rates: base.Column[dict[str, str]] = JSONField(default=dict)
    created_at: base.Column[datetime] = base.MomentField(default=base.utc_now)
    expires_at: base.Column[datetime | None] = base.MomentField(null=True)
    last_used_at: base.Column[datetime | None] = base.MomentField(null=True)

    def has_ended(self, at: datetime) -> bool:
        """Whether its time was up at that moment."""
        return self.expires_at is not None and self.expires_at <= at


def add(
    user_id: str,
    *,
    name: str,
    prefix: str,
    secret_hash: str,
    scopes: Collection[Scope],
    expires_at: datetime | None,
    rates: Mapping[str, str],
) -> ApiKey:
    """A new key. Raises LimitReached when the user has as many as allowed."""
    with base.transaction():
        count = ApiKey.select().where(ApiKey.user == user_id).count()
        if count >= MAX_KEYS_PER_USER:
            raise LimitReached(
                "too_many_keys",
                f"There are {count} keys; {MAX_KEYS_PER_USER} are allowed. "
                "Revoke one that is no longer needed.",
                limit=MAX_KEYS_PER_USER,
            )
        return ApiKey.create(
            user=user_id,
            name=name,
            prefix=prefix,
            secret_hash=secret_hash,
            scopes=list(scopes),
            expires_at=expires_at,
            rates=dict(rates),
        )


def by_prefix(prefix: str) -> ApiKey | None:
    """The key that begins so, or None."""
    return ApiKey.get_or_none(ApiKey.prefix == prefix)


def by_id(key_id: str) -> ApiKey:
    """The key. Raises NotFound."""
    return _found(ApiKey.get_or_none(ApiKey.id == key_id))


def of_user(user_id: str, key_id: str) -> ApiKey:
    """The key, if it is this user's. Raises NotFound otherwise."""
    return _found(ApiKey.get_or_none((ApiKey.id == key_id) & (ApiKey.user == user_id)))


def page(user_id: str, limit: int, before: str | None = None) -> list[ApiKey]:
    """The user's keys, newest first, from the one after `before` (an id) onward."""
    wanted = ApiKey.user == user_id
    if before is not None:
        wanted &= ApiKey.id < before
    return list(ApiKey.select().where(wanted).order_by(ApiKey.id.desc()).limit(limit))


def count_of_user(user_id: str) -> int:
    """How many keys the user has."""
    return int(ApiKey.select().where(ApiKey.user == user_id).count())


def replace_secret(key_id: str, prefix: str, secret_hash: str) -> ApiKey:
    """Another secret for the same key; the one before is void. Raises NotFound."""
    with base.transaction():
        ApiKey.update(prefix=prefix, secret_hash=secret_hash, last_used_at=None).where(
            ApiKey.id == key_id
        ).execute()
        return by_id(key_id)


def note_use(key: ApiKey, at: datetime) -> None:
    """Remember that the key was used: at most once in five minutes, so that reads stay reads."""
    if key.last_used_at is not None and at - key.last_used_at < USE_NOTED_EVERY:
        return
    with base.transaction():
        ApiKey.update(last_used_at=at).where(ApiKey.id == key.id).execute()


def delete(key_id: str) -> None:
    """The key opens nothing any more. Raises NotFound."""
    with base.transaction():
        if not ApiKey.delete().where(ApiKey.id == key_id).execute():
            raise missing()


def missing() -> NotFound:
    """What a key that is not there, or not yours, answers."""
    return NotFound("not_found", "There is no such key.", resource_type="key")


def _found(key: ApiKey | None) -> ApiKey:
    if key is None:
        raise missing()
    return key
