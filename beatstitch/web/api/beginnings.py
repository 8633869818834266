"""The beginning of a film whose render is under way: its first chunk, as soon as there is one."""

from flask import Blueprint, Response
from pydantic import TypeAdapter

from beatstitch.db import chunks
from beatstitch.db.chunks import Chunk
from beatstitch.db.jobs import Job
from beatstitch.documents import read
from beatstitch.errors import BeatstitchError, NotFound
from beatstitch.jobs.render_film.args import Args
from beatstitch.jobs.render_film.wanted import film_order
from beatstitch.web import downloads, guard, intake, waiting
from beatstitch.web.api.plan import tools_of_workers
from beatstitch.web.openapi import answers
from beatstitch.web.shapes.jobs import BeginningQuery

blueprint = Blueprint("beginnings", __name__, url_prefix="/api/jobs")
_ARGS: TypeAdapter[Args] = TypeAdapter(Args)


@blueprint.get("/<job_id>/first-chunk")
@answers({200: None}, file="video/mp4")
def get_first_chunk(job_id: str, query: BeginningQuery) -> Response:
    """The first seconds of a film that is being rendered, without sound; with `wait`, as soon as
    they are there. 404 until then, and for a job that renders nothing."""
    job = guard.job(job_id)
    if job.kind not in intake.RENDERS:
        raise NotFound("not_found", "This job renders no film.", resource_type="first_chunk")
    waiting.until(lambda: _first_chunk(job) is not None, guard.caller().id, query.wait)
    chunk = _first_chunk(job)
    if chunk is None:
        raise NotFound(
            "not_found", "No part of the film is there yet.", resource_type="first_chunk"
        )
    return downloads.stored(chunk.storage_key, "video/mp4")


def _first_chunk(job: Job) -> Chunk | None:
    """The row of the film's first chunk, planned as its worker plans it. None also when the film
    can no longer be planned, since its song or media went meanwhile."""
    args = read(_ARGS, job.args, "bad_job_args")
    try:
        first = film_order(args, tools_of_workers() or "").chunks[0]
    except BeatstitchError:
        return None
    return chunks.known(args.project_id, [first.name]).get(first.name)
