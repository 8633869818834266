"""The rows around one part of a film: what it is made of stands in the job itself."""

from contextlib import suppress

from pydantic import TypeAdapter

from beatstitch import queue
from beatstitch.db import chunks
from beatstitch.db.jobs import Job
from beatstitch.documents import read
from beatstitch.errors import Conflict, Unavailable
from beatstitch.ffmpeg.fingerprint import fingerprint
from beatstitch.inventory.sources import require_unchanged
from beatstitch.jobs.kinds import KINDS
from beatstitch.jobs.render_chunk.args import Args, Rendered
from beatstitch.render.order import ChunkOrder

_ARGS: TypeAdapter[Args] = TypeAdapter(Args)


def prepare(job: Job) -> ChunkOrder:
    """The order, as it was placed. Raises Unavailable when it was planned for another FFmpeg:
    chunks of two encoders don't join; Conflict when a file that it shows has been written to."""
    args = _args(job)
    if args.fingerprint != fingerprint():
        raise Unavailable(
            "other_ffmpeg",
            "This film was planned for another version of FFmpeg than this worker has. "
            "Render it again.",
        )
    require_unchanged(args.order.shown)
    return args.order


def settle(job: Job, ticket: ChunkOrder, result: Rendered) -> None:
    """The part is in the project's cache from now on. Raises Conflict, and keeps nothing, when it
    may have been made of something else than its name says."""
    require_unchanged(ticket.shown)
    project_id, key = _args(job).project_id, ticket.film_key
    chunks.keep(project_id, ticket.name, key, result.size_bytes, result.sha256)


def give_up(job: Job) -> None:
    """Measure the clips of a part that came short to their ends: with their true lengths known the
    timeline is stale, and the next one is built around what is there."""
    if job.error_code != "chunk_unfit":
        return
    layers = (layer for piece in _args(job).order.chunk.pieces for layer in piece.layers)
    clips = dict.fromkeys(x.source.id for x in layers if x.source.media_type == "video")
    for asset_id in clips:
        with suppress(Conflict):  # it is being measured already
            queue.submit(
                KINDS["media_processing"],
                {"media_asset_id": asset_id, "decode_all": True},
                at=queue.now(),
                user_id=job.user_id,
                project_id=job.project_id,
                unique_key=f"measure:{asset_id}",
                request_id=job.request_id,
            )


def _args(job: Job) -> Args:
    return read(_ARGS, job.args, "bad_job_args")
