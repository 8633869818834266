"""Answers kept under the caller's Idempotency-Key, so that a repeat gets the same and does nothing.

A row without an answer is a request that is still under way, or was cut off by a crash: after
CLAIM_ENDS it may be made again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from peewee import CharField, CompositeKey, Expression, ForeignKeyField, JSONField

from beatstitch.db import base
from beatstitch.db.users import User

KEPT = timedelta(hours=24)
CLAIM_ENDS = timedelta(minutes=10)


class KeptAnswer(base.Row):
    """What was asked under a key, by its `fingerprint`, and the answer once there is one."""

    user = ForeignKeyField(User, on_delete="CASCADE", backref="+", index=False)
    user_id: str
    key = CharField(max_length=255)
    fingerprint = CharField(max_length=64)
    claim = CharField(max_length=36)
    answer: base.Column[dict[str, object] | None] = JSONField(null=True)
    created_at: base.Column[datetime] = base.MomentField(default=base.utc_now, index=True)

    class Meta:
        primary_key = CompositeKey("user", "key")


def claim(user_id: str, key: str, fingerprint: str, claim_id: str, at: datetime) -> KeptAnswer:
    """The row under this key: ours from now on if it carries `claim_id`, else somebody's before."""
    this = (KeptAnswer.user == user_id) & (KeptAnswer.key == key)
    is_cut_off = KeptAnswer.answer.is_null() & (KeptAnswer.created_at < at - CLAIM_ENDS)
    with base.transaction():
        KeptAnswer.delete().where(
            this & (is_cut_off | (KeptAnswer.created_at < at - KEPT))
        ).execute()
        KeptAnswer.insert(
            user=user_id, key=key, fingerprint=fingerprint, claim=claim_id, created_at=at
        ).on_conflict_ignore().execute()
        return KeptAnswer.get(this)


def keep(user_id: str, key: str, claim_id: str, answer: Mapping[str, object]) -> None:
    """The answer that every repeat gets; nothing is kept for a claim that was taken over."""
    with base.transaction():
        KeptAnswer.update(answer=dict(answer)).where(_mine(user_id, key, claim_id)).execute()


def release(user_id: str, key: str, claim_id: str) -> None:
    """Nothing was done: the same key may be used again."""
    with base.transaction():
        KeptAnswer.delete().where(_mine(user_id, key, claim_id)).execute()


def prune(at: datetime) -> int:
    """Forget the answers that have been kept long enough; gives how many."""
    with base.transaction():
        return int(KeptAnswer.delete().where(KeptAnswer.created_at < at - KEPT).execute())


def _mine(user_id: str, key: str, claim_id: str) -> Expression:
    return (KeptAnswer.user == user_id) & (KeptAnswer.key == key) & (KeptAnswer.claim == claim_id)
