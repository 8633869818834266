"""Photos and clips."""

from typing import cast

from flask import Blueprint, Response, make_response

from beatstitch.db import base, media, timelines
from beatstitch.db.projects import Project
from beatstitch.db.wishes import Wishes, wish
from beatstitch.errors import (
    BeatstitchError,
    InsufficientStorage,
    LimitReached,
    MediaRejected,
    NotFound,
    TooLarge,
    Unavailable,
    UnsupportedMedia,
)
from beatstitch.jobs.timeline_build.stale import stale_reason
from beatstitch.storage.configured import configured
from beatstitch.web import downloads, guard, intake, rates, repeats, resumable, uploads, witness
from beatstitch.web.openapi import answers, body_of
from beatstitch.web.shapes.media import (
    Asset,
    FailedUpload,
    Files,
    MediaWishes,
    MediumChanged,
    Order,
    Reordered,
    Uploaded,
)
from beatstitch.web.shapes.uploads import WholeUploads

blueprint = Blueprint("media", __name__, url_prefix="/api")
# What one file of many may be refused for, without a word to the others.
OF_ONE_FILE = (MediaRejected, UnsupportedMedia, TooLarge, LimitReached)


@blueprint.post("/projects/<project_id>/media")
@repeats.repeatable(is_rows_alone=False)
@answers({201: Uploaded}, takes=Files, instead=WholeUploads, refuses=(409, 410))
@rates.of_category("upload")
def upload_media(project_id: str) -> tuple[Uploaded, int]:
    """Upload photos and clips, or take those that came in pieces. Each is taken or refused for
    itself; a job looks at each."""
    project = guard.project(project_id)
    taken: list[Asset] = []
    failed: list[FailedUpload] = []
    with resumable.received("files", lambda: body_of(WholeUploads).upload_ids) as files:
        for file in files:
            try:
                taken.append(Asset.of(intake.take_medium(project, file)))
            except OF_ONE_FILE as refused:
                failed.append(_failed(file.name, refused))
            except (InsufficientStorage, Unavailable) as fault:
                if not taken:
                    raise
                failed.append(_failed(file.name, fault))
    return Uploaded(uploaded=taken, failed=failed, total_uploaded=len(taken)), 201


@blueprint.post("/projects/<project_id>/media/reorder")
@answers({200: Reordered})
def reorder_media(project_id: str, json: Order) -> Reordered:
    """Put the photos and clips into another order."""
    project = guard.project(project_id)
    with base.transaction():
        was_current = _is_current(project)
        media.reorder(project.id, json.order)
        invalidated = was_current and not _is_current(project)
    return Reordered(success=True, new_order=json.order, timeline_invalidated=invalidated)


@blueprint.get("/media/<media_id>")
@answers({200: Asset})
def get_medium(media_id: str) -> Asset:
    """One photo or clip."""
    return Asset.of(guard.asset(media_id))


@blueprint.patch("/media/<media_id>")
@answers({200: MediumChanged})
def change_medium(media_id: str, json: MediaWishes) -> MediumChanged:
    """Wish something of a photo or clip; the next timeline that is generated honours it."""
    project = guard.project(guard.asset(media_id).project_id)
    with base.transaction():
        was_current = _is_current(project)
        wish(guard.asset(media_id), cast(Wishes, json.model_dump(exclude_unset=True)))
        invalidated = was_current and not _is_current(project)
    asset = Asset.of(guard.asset(media_id))
    return MediumChanged(**dict(asset), timeline_invalidated=invalidated)


@blueprint.delete("/media/<media_id>")
@answers({204: None})
def delete_medium(media_id: str) -> Response:
    """Remove a photo or clip with its files; a timeline that shows it is stale."""
    asset = guard.asset(media_id)
    intake.drop_medium(guard.project(asset.project_id), asset)
    witness.note("media_deleted", subject=f"{asset.id} {asset.filename}")
    return make_response("", 204)


@blueprint.get("/media/<media_id>/thumbnail")
@answers({200: None}, file="image/jpeg")
def get_thumbnail(media_id: str) -> Response:
    """256 × 256 pixels of it, as JPEG. 404 while there is none."""
    asset = guard.asset(media_id)
    if asset.thumbnail_key is None:
        raise NotFound("not_found", "There is no thumbnail yet.", resource_type="thumbnail")
    return downloads.stored(asset.thumbnail_key, "image/jpeg")


@blueprint.get("/media/<media_id>/proxy")
@answers({200: None}, file="image/jpeg, video/mp4")
def get_proxy(media_id: str) -> Response:
    """A small copy for previews: MP4 of a clip, JPEG of a photo. 404 while there is none."""
    asset = guard.asset(media_id)
    if asset.proxy_key is None:
        raise NotFound("not_found", "There is no small copy yet.", resource_type="proxy")
    is_clip = asset.media_type == "video"
    return downloads.stored(asset.proxy_key, "video/mp4" if is_clip else "image/jpeg")


@blueprint.get("/media/<media_id>/filmstrip")
@answers({200: None}, file="image/jpeg")
def get_filmstrip(media_id: str) -> Response:
    """Ten pictures over the length of a clip, side by side. 404 while there are none."""
    asset = guard.asset(media_id)
    if asset.filmstrip_key is None:
        raise NotFound("not_found", "There is no filmstrip yet.", resource_type="filmstrip")
    return downloads.stored(asset.filmstrip_key, "image/jpeg")


@blueprint.get("/media/<media_id>/file")
@answers({200: None}, file="image/*, video/*")
def get_medium_file(media_id: str) -> Response:
    """The file as it was uploaded."""
    asset = guard.asset(media_id)
    content_type = uploads.content_type(configured(), asset.original_key)
    return downloads.stored(asset.original_key, content_type, asset.filename)


def _is_current(project: Project) -> bool:
    """Whether there is a timeline that isn't stale."""
    timeline = timelines.current(project.id)
    return timeline is not None and stale_reason(project, timeline) is None


def _failed(name: str, refused: BeatstitchError) -> FailedUpload:
    return FailedUpload(filename=name, error=refused.code, message=refused.message)
