"""The rows around one part of a film: what it is made of stands in the job itself."""

from pydantic import TypeAdapter

from beatstitch.db import chunks
from beatstitch.db.jobs import Job
from beatstitch.documents import read
from beatstitch.inventory.sources import require_same_song
from beatstitch.jobs.render_audio.args import Args, Rendered
from beatstitch.render.order import SongOrder

_ARGS: TypeAdapter[Args] = TypeAdapter(Args)


def prepare(job: Job) -> SongOrder:
    """The order, as it was placed."""
    return _args(job).order


def settle(job: Job, ticket: SongOrder, result: Rendered) -> None:
    """The part is in the project's cache from now on. Raises Conflict, and keeps nothing, when it
    may have been made of another sound than its name says."""
    project_id, key = _args(job).project_id, ticket.song_key
    require_same_song(project_id)
    chunks.keep(project_id, ticket.name, key, result.size_bytes, result.sha256)


def _args(job: Job) -> Args:
    return read(_ARGS, job.args, "bad_job_args")
