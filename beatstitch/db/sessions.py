"""Tokens given out, by their `jti`, so that one of them can be revoked before it expires."""

from datetime import datetime

from peewee import CharField, ForeignKeyField

from beatstitch.db import base
from beatstitch.db.users import User


class Session(base.Row):
    """One token: live while it is neither revoked nor expired."""

    jti = CharField(max_length=64, primary_key=True)
    user = ForeignKeyField(User, on_delete="CASCADE", backref="+")
    created_at: base.Column[datetime] = base.MomentField(default=base.utc_now)
    expires_at: base.Column[datetime] = base.MomentField(index=True)
    revoked_at: base.Column[datetime | None] = base.MomentField(null=True)


def start(jti: str, user_id: str, expires_at: datetime) -> None:
    """Note a token that was given out."""
    with base.transaction():
        Session.create(jti=jti, user=user_id, expires_at=expires_at)


def is_live(jti: str, at: datetime) -> bool:
    """Whether the token is known, not revoked and not expired at that moment."""
    return (
        Session.select()
        .where((Session.jti == jti) & Session.revoked_at.is_null() & (Session.expires_at > at))
        .exists()
    )


def revoke(jti: str, at: datetime) -> None:
    """Void one token; a token that is unknown or void stays so."""
    with base.transaction():
        Session.update(revoked_at=at).where(
            (Session.jti == jti) & Session.revoked_at.is_null()
        ).execute()


def prune(before: datetime) -> int:
    """Forget the tokens that expired before then; gives how many."""
    with base.transaction():
        return int(Session.delete().where(Session.expires_at < before).execute())
