"""The beginning of a film whose render is under way: its first chunk, as soon as there is one."""

from flask import Blueprint, Response
from pydantic import TypeAdapter

from beatstitch.db import chunks, jobs
from beatstitch.db.chunks import Chunk
from beatstitch.db.jobs import Job, Status
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
    beginning = Beginning(job)
    waiting.until(lambda: beginning.chunk() is not None, guard.caller().id, query.wait)
    chunk = beginning.chunk()
    if chunk is None:
        raise NotFound(
            "not_found", "No part of the film is there yet.", resource_type="first_chunk"
        )
    return downloads.stored(chunk.storage_key, "video/mp4")


class Beginning:
    """The first chunk of the film that a render makes.

    Which one that is, is planned as its worker plans it, and again when the render has come
    further: a preview's media may have got their proxies meanwhile. To plan at every look would
    take 0.1 s for a song at a cut a beat, and a second for half an hour.
    """

    def __init__(self, job: Job) -> None:
        self._job_id = job.id
        self._args = read(_ARGS, job.args, "bad_job_args")
        self._names: dict[tuple[Status, int], str | None] = {}

    def chunk(self) -> Chunk | None:
        """Its row, or None while it isn't there. Raises NotFound when the render has gone."""
        job = jobs.by_id(self._job_id)
        state = (job.status, job.attempt)
        if state not in self._names:
            self._names[state] = self._name()
        name = self._names[state]
        return None if name is None else chunks.known(self._args.project_id, [name]).get(name)

    def _name(self) -> str | None:
        """Its key; None when the film can no longer be planned, since its song or media went."""
        try:
            return film_order(self._args, tools_of_workers() or "").chunks[0].name
        except BeatstitchError:
            return None
