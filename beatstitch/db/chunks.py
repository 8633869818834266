"""Rendered pieces of a project's film that are kept, under the hash of all that went into them."""

from collections.abc import Iterable
from datetime import datetime

from peewee import BigIntegerField, CharField, CompositeKey, ForeignKeyField, TextField

from beatstitch.db import base
from beatstitch.db.files import KeyField
from beatstitch.db.projects import Project

_KEYS_A_QUERY = 500  # SQLite takes 32,766 variables a statement, older builds 999


class Chunk(base.Row):
    """A cached chunk. `key` is its content key, `storage_key` where the file lies.

    `stamp` is the storage's, of a mezzanine, as it was made: of the rest the join reads all anyway.
    """

    project = ForeignKeyField(Project, on_delete="CASCADE", backref="+")
    project_id: str
    key = CharField(max_length=64)
    storage_key: base.Column[str] = KeyField(size="bytes", sha256="sha256", is_cache=True)
    bytes = BigIntegerField()
    sha256: base.Column[str | None] = CharField(max_length=64, null=True)
    stamp = TextField(null=True)
    last_used_at: base.Column[datetime] = base.MomentField(default=base.utc_now, index=True)

    class Meta:
        primary_key = CompositeKey("project", "key")


def keep(
    project_id: str,
    key: str,
    storage_key: str,
    size_bytes: int,
    sha256: str | None = None,
    stamp: str | None = None,
) -> None:
    """Note a chunk whose file is in storage. The same key again replaces the row."""
    with base.transaction():
        Chunk.insert(
            project=project_id,
            key=key,
            storage_key=storage_key,
            bytes=size_bytes,
            sha256=sha256,
            stamp=stamp,
        ).on_conflict(
            conflict_target=[Chunk.project, Chunk.key],
            preserve=[
                Chunk.storage_key,
                Chunk.bytes,
                Chunk.sha256,
                Chunk.stamp,
                Chunk.last_used_at,
            ],
        ).execute()


def known(project_id: str, keys: Iterable[str]) -> dict[str, Chunk]:
    """Those of the keys that are cached."""
    wanted = list(dict.fromkeys(keys))
    found: dict[str, Chunk] = {}
    for start in range(0, len(wanted), _KEYS_A_QUERY):
        rows = Chunk.select().where(
            (Chunk.project == project_id) & Chunk.key.in_(wanted[start : start + _KEYS_A_QUERY])
        )
        found.update({row.key: row for row in rows})
    return found


def stamps(storage_keys: Iterable[str]) -> dict[str, str | None]:
    """The stamps of the files of that name that are cached for anybody."""
    rows = Chunk.select().where(Chunk.storage_key.in_(list(storage_keys)))
    return {row.storage_key: row.stamp for row in rows}


def of_project(project_id: str) -> list[Chunk]:
    """All that is cached for the project."""
    return list(Chunk.select().where(Chunk.project == project_id))


def everything() -> list[Chunk]:
    """All that is cached for anybody."""
    return list(Chunk.select())


def touch(project_id: str, keys: Iterable[str], at: datetime) -> None:
    """These chunks were used now, so they go last."""
    wanted = list(dict.fromkeys(keys))
    with base.transaction():
        for start in range(0, len(wanted), _KEYS_A_QUERY):
            Chunk.update(last_used_at=at).where(
                (Chunk.project == project_id) & Chunk.key.in_(wanted[start : start + _KEYS_A_QUERY])
            ).execute()


def unused_since(moment: datetime, limit: int) -> list[Chunk]:
    """Chunks that nothing has used since then, the longest unused first."""
    return list(
        Chunk.select().where(Chunk.last_used_at < moment).order_by(Chunk.last_used_at).limit(limit)
    )


def forget(chunk: Chunk) -> None:
    """Remove the row; its file goes when no row names it any more."""
    with base.transaction():
        this = (Chunk.project == chunk.project_id) & (Chunk.key == chunk.key)
        Chunk.delete().where(this).execute()
