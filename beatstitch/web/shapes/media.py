"""Photos, clips and the order they are in."""

from typing import Annotated

from pydantic import Field
from spectree.model_adapter.pydantic_adapter import BaseFile

from beatstitch.db.media import MediaAsset, MediaType, ProcessingStatus, note
from beatstitch.limits import MAX_MEDIA_PER_PROJECT, MAX_VIDEO_S
from beatstitch.web.openapi import Body, Moment, Shown

Point = Annotated[int, Field(ge=0, le=MAX_VIDEO_S * 1000)]
Share = Annotated[float, Field(ge=0, le=1)]


class Looks(Shown):
    """How it looks, each from 0 to 1; `scenes_ms` are the moments at which a scene begins."""

    brightness: float
    sharpness: float
    motion: float
    scenes_ms: list[int]


class Focus(Shown):
    """A point of the upright picture, from its top left corner, as shares of width and height."""

    x: float
    y: float


class FocusWish(Body):
    """The point of the upright picture that has to stay in view."""

    x: Share
    y: Share


class Asset(Shown):
    """A photo or clip. Sizes are as displayed, and null until a worker has looked at the file.
    `focus` is the user's, `focus_found` that of the worker, which holds where the user has none."""

    id: str
    project_id: str
    filename: str
    media_type: MediaType
    processing_status: ProcessingStatus
    processing_error: str | None
    width: int | None
    height: int | None
    rotation_deg: int | None
    duration_ms: int | None
    fps: float | None
    file_size: int
    thumbnail_url: str | None
    proxy_url: str | None
    filmstrip_url: str | None
    looks: Looks | None
    sort_order: int
    excluded: bool
    pinned: bool
    in_ms: int | None
    out_ms: int | None
    focus: Focus | None
    focus_found: Focus | None
    created_at: Moment
    processed_at: Moment | None

    @staticmethod
    def of(row: MediaAsset) -> "Asset":
        """From the row."""
        has_thumbnail = row.thumbnail_key is not None
        return Asset(
            id=row.id,
            project_id=row.project_id,
            filename=row.filename,
            media_type=row.media_type,
            processing_status=row.processing_status,
            processing_error=note(row),
            width=row.width,
            height=row.height,
            rotation_deg=row.rotation_deg,
            duration_ms=row.duration_ms,
            fps=row.fps,
            file_size=row.file_size,
            thumbnail_url=f"/api/media/{row.id}/thumbnail" if has_thumbnail else None,
            proxy_url=f"/api/media/{row.id}/proxy" if row.proxy_key else None,
            filmstrip_url=f"/api/media/{row.id}/filmstrip" if row.filmstrip_key else None,
            looks=None if row.looks is None else Looks.model_validate(row.looks),
            sort_order=row.sort_order,
            excluded=row.excluded,
            pinned=row.pinned,
            in_ms=row.in_ms,
            out_ms=row.out_ms,
            focus=None if row.focus is None else Focus.model_validate(row.focus),
            focus_found=(
                None if row.focus_found is None else Focus.model_validate(row.focus_found)
            ),
            created_at=row.created_at,
            processed_at=row.processed_at,
        )


class MediaWishes(Body):
    """What is given is the wish from now on: leave it out of new timelines, give it a place in
    them, show only this part of a clip, keep this point of the picture in view. null takes a point
    away."""

    excluded: bool = False
    pinned: bool = False
    in_ms: Point | None = None
    out_ms: Point | None = None
    focus: FocusWish | None = None


class MediumChanged(Asset):
    """The photo or clip; a timeline that was made with other wishes is stale."""

    timeline_invalidated: bool


class FailedUpload(Shown):
    """A file that was not taken, and why."""

    filename: str
    error: str
    message: str


class Uploaded(Shown):
    """What became of every file of an upload."""

    uploaded: list[Asset]
    failed: list[FailedUpload]
    total_uploaded: int


class Files(Body):
    """Photos and clips, as many parts named `files` as there are files."""

    files: list[BaseFile]


class Order(Body):
    """Every photo and clip of the project, once."""

    order: Annotated[list[str], Field(max_length=MAX_MEDIA_PER_PROJECT)]


class Reordered(Shown):
    """The order from now on."""

    success: bool
    new_order: list[str]
    timeline_invalidated: bool
