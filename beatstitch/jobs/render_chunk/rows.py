"""The rows around one part of a film: what it is made of stands in the job itself."""

from pydantic import TypeAdapter

from beatstitch.db import chunks
from beatstitch.db.jobs import Job
from beatstitch.documents import read
from beatstitch.errors import Unavailable
from beatstitch.ffmpeg.fingerprint import fingerprint
from beatstitch.jobs.render_chunk.args import Args, Rendered
from beatstitch.render.order import ChunkOrder

_ARGS: TypeAdapter[Args] = TypeAdapter(Args)


def prepare(job: Job) -> ChunkOrder:
    """The order, as it was placed. Raises Unavailable when it was planned for another FFmpeg:
    chunks of two encoders don't join."""
    args = _args(job)
    if args.fingerprint != fingerprint():
        raise Unavailable(
            "other_ffmpeg",
            "This film was planned for another version of FFmpeg than this worker has. "
            "Render it again.",
        )
    return args.order


def settle(job: Job, ticket: ChunkOrder, result: Rendered) -> None:
    """The part is in the project's cache from now on."""
    project_id, key = _args(job).project_id, ticket.film_key
    chunks.keep(project_id, ticket.name, key, result.size_bytes, result.sha256)


def _args(job: Job) -> Args:
    return read(_ARGS, job.args, "bad_job_args")
