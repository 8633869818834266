"""The audit log: who let themselves in, and who changed what can't be changed back.

It names users by id and outlives them. No secret and no password ever stands in it.
"""

from datetime import datetime
from typing import Literal

from peewee import CharField, ModelSelect, TextField

from beatstitch.db import base

Action = Literal[
    "registered",
    "login",
    "login_failed",
    "logout",
    "password_changed",
    "password_refused",
    "key_issued",
    "key_rotated",
    "key_revoked",
    "project_deleted",
    "media_deleted",
    "output_deleted",
    "cleanup",
    "command",
]


class AuditEvent(base.Row):
    """One deed. `actor` is how it came: "login", "key bs_…", "operator" or "nobody"."""

    id = CharField(max_length=36, primary_key=True, default=base.new_id)
    action: base.Column[Action] = base.WordField()
    user_id = CharField(max_length=36, null=True)
    actor = TextField()
    subject = TextField(null=True)
    address = TextField(null=True)
    request_id = TextField(null=True)
    at: base.Column[datetime] = base.MomentField(default=base.utc_now, index=True)


AuditEvent.add_index(AuditEvent.index(AuditEvent.user_id, AuditEvent.id))


def note(
    action: Action,
    *,
    actor: str,
    user_id: str | None = None,
    subject: str | None = None,
    address: str | None = None,
    request_id: str | None = None,
) -> None:
    """Write a deed down, in the caller's transaction if there is one."""
    with base.transaction():
        AuditEvent.create(
            action=action,
            actor=actor,
            user_id=user_id,
            subject=subject,
            address=address,
            request_id=request_id,
        )


def page(
    limit: int,
    *,
    user_id: str | None = None,
    action: str | None = None,
    before: str | None = None,
) -> list[AuditEvent]:
    """Deeds, newest first, from the one after `before` (an id) onward."""
    wanted = _filtered(user_id, action)
    if before is not None:
        wanted = wanted.where(AuditEvent.id < before)
    return list(wanted.order_by(AuditEvent.id.desc()).limit(limit))


def count(*, user_id: str | None = None, action: str | None = None) -> int:
    """How many deeds `page` would go through."""
    return int(_filtered(user_id, action).count())


def _filtered(user_id: str | None, action: str | None) -> "ModelSelect[AuditEvent]":
    wanted = AuditEvent.select()
    if user_id is not None:
        wanted = wanted.where(AuditEvent.user_id == user_id)
    return wanted if action is None else wanted.where(AuditEvent.action == action)


def prune(before: datetime) -> int:
    """Forget what was done before then; gives how many."""
    with base.transaction():
        return int(AuditEvent.delete().where(AuditEvent.at < before).execute())
