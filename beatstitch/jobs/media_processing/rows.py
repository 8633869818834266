"""The rows around taking in a file: which one, and what became known of it."""

from contextlib import suppress
from dataclasses import asdict

from pydantic import TypeAdapter

from beatstitch import queue
from beatstitch.db import base, media
from beatstitch.db.jobs import Job
from beatstitch.documents import read
from beatstitch.errors import Conflict, NotFound
from beatstitch.jobs.kinds import KINDS
from beatstitch.jobs.media_processing.args import Args, Facts, Ticket
from beatstitch.limits import MAX_VIDEO_S
from beatstitch.storage.configured import configured

_ARGS: TypeAdapter[Args] = TypeAdapter(Args)


def prepare(job: Job) -> Ticket:
    """The file to look at, which is being looked at from now on. Raises NotFound once deleted."""
    args = _args(job)
    asset = media.by_id(args.media_asset_id)
    media.set_columns(asset.id, processing_status="processing", processing_error=None)
    return Ticket(
        media_asset_id=asset.id,
        name=asset.filename,
        key=asset.original_key,
        checksum=asset.checksum,
        prefix=f"derived/{asset.project_id}/media",
        max_video_s=MAX_VIDEO_S,
        decode_all=args.decode_all,
        media_s=(asset.duration_ms or 0) / 1000 if args.decode_all else 0,
        # Looked at before the file is: one that is changed meanwhile has another one afterwards.
        stamp=configured().stamp(asset.original_key),
    )


def settle(job: Job, ticket: Ticket, result: Facts) -> dict[str, object]:
    """The asset is ready, with everything that was found out; its proxy is a job of its own."""
    source = result.source
    media.set_columns(
        ticket.media_asset_id,
        processing_status="ready",
        processing_error=result.note,
        media_type=source.media_type,
        width=source.width,
        height=source.height,
        rotation_deg=result.rotation_deg,
        duration_ms=source.duration_ms,
        fps=result.fps,
        working_key=source.key if source.key != ticket.key else None,
        stamp=ticket.stamp if source.key == ticket.key else configured().stamp(source.key),
        thumbnail_key=result.thumbnail_key,
        probe=media.probe_column(source),
        focus_found=None if result.focus is None else asdict(result.focus),
        processed_at=base.utc_now(),
    )
    with suppress(Conflict):  # it is being made already
        queue.submit(
            KINDS["proxy"],
            {"media_asset_id": ticket.media_asset_id},
            at=queue.now(),
            user_id=job.user_id,
            project_id=job.project_id,
            unique_key=f"proxy:{ticket.media_asset_id}",
            request_id=job.request_id,
        )
    return {"media_asset_id": ticket.media_asset_id}


def give_up(job: Job) -> None:
    """The asset can't be used, and why."""
    try:
        media.set_columns(
            _args(job).media_asset_id,
            processing_status="failed",
            processing_error=job.error_message,
            processed_at=base.utc_now(),
        )
    except NotFound:
        # Deleted meanwhile: there is nobody left to tell.
        return


def _args(job: Job) -> Args:
    return read(_ARGS, job.args, "bad_job_args")
