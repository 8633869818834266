"""Photos and clips of a project, with what probing them found and what the user wishes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, cast

from peewee import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    FloatField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
    fn,
)
from pydantic import TypeAdapter

from beatstitch.db import base, projects, quotas, users
from beatstitch.db.files import KeyField
from beatstitch.db.projects import Project
from beatstitch.db.users import User
from beatstitch.documents import read
from beatstitch.errors import Invalid, LimitReached, NotFound
from beatstitch.limits import MAX_MEDIA_PER_PROJECT
from beatstitch.render.source import Source, said_of

MediaType = Literal["image", "video"]
ProcessingStatus = Literal["pending", "processing", "ready", "failed"]
_SOURCE: TypeAdapter[Source] = TypeAdapter(Source)
_DAMAGED: TypeAdapter[tuple[tuple[int, int], ...]] = TypeAdapter(tuple[tuple[int, int], ...])


class MediaAsset(base.Row):
    """A photo or clip. Width and height are as displayed; sizes are null until it was probed.

    `excluded`, `pinned`, `in_ms`, `out_ms` and `focus` are the user's wishes: leave it out of
    timelines that are built, give it a place in them, show only this part of a clip, and keep this
    point of the picture in view; `focus_found` is such a point that taking it in has found.

    `stamp` is the storage's for the file that films are made of, as it was found to be sound, and
    `proxy_stamp` for the small copy, as it was made.
    `original_key` names the upload; `working_key` an upright sRGB copy of a photo; `proxy_key` the
    small copy that previews are made from. `probe` holds the facts that only renders need, `proxy`
    the same of the small copy; `proxy_used_at` is None until one was made or found needless.
    """

    id = CharField(max_length=36, primary_key=True, default=base.new_id)
    project = ForeignKeyField(Project, on_delete="CASCADE", backref="+")
    project_id: str
    filename = TextField()
    media_type: base.Column[MediaType] = base.WordField()
    processing_status: base.Column[ProcessingStatus] = base.WordField(default="pending")
    processing_error = TextField(null=True)
    width = IntegerField(null=True)
    height = IntegerField(null=True)
    rotation_deg = IntegerField(null=True)
    duration_ms = IntegerField(null=True)
    fps: base.Column[float | None] = FloatField(null=True)
    file_size = BigIntegerField()
    checksum = CharField(max_length=64)
    sort_order = IntegerField()
    excluded = BooleanField(default=False)
    pinned = BooleanField(default=False)
    in_ms = IntegerField(null=True)
    out_ms = IntegerField(null=True)
    focus: base.Column[dict[str, float] | None] = JSONField(null=True)
    focus_found: base.Column[dict[str, float] | None] = JSONField(null=True)
    original_key: base.Column[str] = KeyField(size="file_size", sha256="checksum")
    working_key: base.Column[str | None] = KeyField(null=True)
    stamp = TextField(null=True)
    thumbnail_key: base.Column[str | None] = KeyField(null=True)
    proxy_key: base.Column[str | None] = KeyField(null=True)
    filmstrip_key: base.Column[str | None] = KeyField(null=True)
    proxy: base.Column[dict[str, object] | None] = JSONField(null=True)
    proxy_stamp = TextField(null=True)
    proxy_used_at: base.Column[datetime | None] = base.MomentField(null=True)
    looks: base.Column[dict[str, object] | None] = JSONField(null=True)
    probe: base.Column[dict[str, object] | None] = JSONField(null=True)
    created_at: base.Column[datetime] = base.MomentField(default=base.utc_now)
    processed_at: base.Column[datetime | None] = base.MomentField(null=True)


def add(
    project_id: str,
    *,
    asset_id: str,
    filename: str,
    media_type: MediaType,
    file_size: int,
    checksum: str,
    original_key: str,
) -> MediaAsset:
    """A new asset at the end of the project's order. `checksum` is the SHA-256 in hex.

    Raises LimitReached when the project or its user has as many as allowed, or no room.
    """
    with base.transaction():
        count = MediaAsset.select().where(MediaAsset.project == project_id).count()
        if count >= MAX_MEDIA_PER_PROJECT:
            raise LimitReached(
                "too_many_media",
                f"The project has {count} photos and clips; {MAX_MEDIA_PER_PROJECT} are allowed. "
                "Remove some, or use a second project.",
                limit=MAX_MEDIA_PER_PROJECT,
            )
        owner = users.by_id(projects.by_id(project_id).user_id)
        require_room(owner)
        quotas.take(owner.id, file_size)
        last = (
            MediaAsset.select(fn.MAX(MediaAsset.sort_order))
            .where(MediaAsset.project == project_id)
            .scalar()
        )
        return MediaAsset.create(
            id=asset_id,
            project=project_id,
            filename=filename,
            media_type=media_type,
            file_size=file_size,
            checksum=checksum,
            original_key=original_key,
            sort_order=0 if last is None else last + 1,
        )


def require_room(owner: User, more: int = 1) -> None:
    """Raise LimitReached unless the user may have so many more in all projects together."""
    count = MediaAsset.select().join(Project).where(Project.user == owner.id).count()
    most = quotas.allowance(owner).media
    if count + more > most:
        raise LimitReached(
            "too_many_media",
            f"You have {count} photos and clips in all; {most} are allowed. "
            "Delete some that you no longer need.",
            limit=most,
        )


def of_user(user_id: str, asset_id: str) -> MediaAsset:
    """The asset, if its project is this user's. Raises NotFound otherwise."""
    asset: MediaAsset | None = (
        MediaAsset.select(MediaAsset)
        .join(Project)
        .where((MediaAsset.id == asset_id) & (Project.user == user_id))
        .first()
    )
    if asset is None:
        raise _missing()
    return asset


def keys(asset: MediaAsset) -> tuple[str, ...]:
    """The storage keys of the upload and of everything that was made of it."""
    made = (asset.working_key, asset.thumbnail_key, asset.proxy_key, asset.filmstrip_key)
    return (asset.original_key, *filter(None, made))


def by_id(asset_id: str) -> MediaAsset:
    """The asset. Raises NotFound."""
    asset = MediaAsset.get_or_none(MediaAsset.id == asset_id)
    if asset is None:
        raise _missing()
    return asset


def _missing() -> NotFound:
    return NotFound("not_found", "There is no such photo or clip.", resource_type="media")


def of_project(project_id: str) -> list[MediaAsset]:
    """The project's assets in the user's order."""
    return list(
        MediaAsset.select()
        .where(MediaAsset.project == project_id)
        .order_by(MediaAsset.sort_order, MediaAsset.id)
    )


def status_counts(project_id: str) -> dict[ProcessingStatus, int]:
    """How many of the project's assets are in each processing status."""
    counted = (
        MediaAsset.select(MediaAsset.processing_status, fn.COUNT(MediaAsset.id))
        .where(MediaAsset.project == project_id)
        .group_by(MediaAsset.processing_status)
        .tuples()
    )
    counts: dict[ProcessingStatus, int] = {"pending": 0, "processing": 0, "ready": 0, "failed": 0}
    counts.update(cast(Iterable[tuple[ProcessingStatus, int]], counted))
    return counts


def probe_column(source: Source) -> dict[str, object]:
    """What the `probe` column holds: everything that the renderer has to know of the asset."""
    column: dict[str, object] = _SOURCE.dump_python(source, mode="json")
    return column


def source(asset: MediaAsset) -> Source:
    """How the renderer meets an asset that is ready. Raises Invalid for one that isn't."""
    return read(_SOURCE, asset.probe, "media_not_ready")


def note(asset: MediaAsset) -> str | None:
    """What is odd about the asset, in words: as it was taken in, and as its decoder told when its
    proxy was made; or why it can't be used."""
    # Of the facts that renders need no more than this is read, for whoever lists fifty media.
    found = read(_DAMAGED, (asset.probe or {}).get("damaged_ms", ()), "media_not_ready")
    return "; ".join(filter(None, (asset.processing_error, said_of(found)))) or None


def small_source(asset: MediaAsset) -> Source:
    """How the renderer meets the asset in a preview: its proxy, or itself while there is none.

    Raises Invalid for one that isn't ready.
    """
    return source(asset) if asset.proxy is None else read(_SOURCE, asset.proxy, "media_not_ready")


def touch_proxies(asset_ids: Iterable[str], at: datetime) -> None:
    """The proxies of these assets were used now, so they go last."""
    used = MediaAsset.id.in_(list(asset_ids)) & MediaAsset.proxy_used_at.is_null(False)
    with base.transaction():
        MediaAsset.update(proxy_used_at=at).where(used).execute()


def proxies_unused_since(moment: datetime, limit: int) -> list[MediaAsset]:
    """Assets with a proxy that no preview has used since then, the longest unused first."""
    unused = MediaAsset.proxy_key.is_null(False) & (MediaAsset.proxy_used_at < moment)
    return list(MediaAsset.select().where(unused).order_by(MediaAsset.proxy_used_at).limit(limit))


def set_columns(asset_id: str, **columns: object) -> None:
    """Write these columns. Raises NotFound when the asset has been deleted meanwhile."""
    with base.transaction():
        if not MediaAsset.update(**columns).where(MediaAsset.id == asset_id).execute():
            raise _missing()


def reorder(project_id: str, order: Sequence[str]) -> None:
    """Put the project's assets into this order. Raises Invalid unless it names each one once."""
    with base.transaction():
        known = {asset.id for asset in of_project(project_id)}
        if len(order) != len(known) or set(order) != known:
            raise Invalid(
                "wrong_order",
                "The order has to name every photo and clip of the project exactly once.",
                where=("body", "order"),
            )
        if not order:
            return
        place = Case(MediaAsset.id, [(asset_id, i) for i, asset_id in enumerate(order)])
        MediaAsset.update(sort_order=place).where(MediaAsset.project == project_id).execute()


def delete(asset: MediaAsset) -> None:
    """Remove the row; its files go when no row names them any more."""
    with base.transaction():
        if MediaAsset.delete().where(MediaAsset.id == asset.id).execute():
            quotas.give_back(projects.by_id(asset.project_id).user_id, asset.file_size)
