"""Renders and the films that come of them."""

from dataclasses import asdict

from flask import Blueprint, Response, make_response

from beatstitch.db import outputs, timelines
from beatstitch.db.outputs import Output, OutputKind
from beatstitch.db.projects import Project
from beatstitch.documents import digest
from beatstitch.errors import Conflict, Gone, NotFound, PreconditionFailed
from beatstitch.jobs.timeline_build.stale import stale_reason
from beatstitch.storage.configured import configured
from beatstitch.web import downloads, guard, intake, rates, repeats, witness
from beatstitch.web.openapi import answers
from beatstitch.web.pages import PageQuery, cut
from beatstitch.web.shapes.jobs import shown_status, url
from beatstitch.web.shapes.outputs import Film, FilmList, RenderStarted, RenderWish

blueprint = Blueprint("outputs", __name__, url_prefix="/api/projects/<project_id>")


@blueprint.post("/render")
@repeats.repeatable(is_rows_alone=True)
@answers({202: RenderStarted}, refuses=(400, 409))
@rates.of_category("render")
@guard.needs("render")
def render(project_id: str, json: RenderWish) -> tuple[RenderStarted, int, dict[str, str]]:
    """Render the timeline with this hash. One that is stale is rendered with a warning."""
    project = guard.project(project_id)
    timeline = timelines.current(project.id)
    if timeline is None:
        raise PreconditionFailed(
            "precondition_failed",
            "The project has no timeline yet; generate one first.",
            timeline_generated=False,
        )
    if json.edl_hash != timeline.edl_hash:
        raise Conflict(
            "edl_hash_mismatch",
            "The timeline has changed since it was read; read it again and render what it is now.",
            provided_hash=json.edl_hash,
            current_hash=timeline.edl_hash,
            hint=f"GET /api/projects/{project.id}/timeline",
        )
    job = intake.submit(
        f"render_{json.job_type}",
        project,
        f"{project.id}:{json.edl_hash}:{digest(asdict(json.target))[:16]}",
        project_id=project.id,
        edl_hash=json.edl_hash,
        job_type=json.job_type,
        target=asdict(json.target),
    )
    started = RenderStarted(
        job_id=job.id,
        job_type=json.job_type,
        status=shown_status(job),
        edl_hash=json.edl_hash,
        created_at=job.created_at,
        warning=stale_reason(project, timeline),
    )
    return started, 202, {"Location": url(job.id)}


@blueprint.get("/outputs")
@answers({200: FilmList})
def list_outputs(project_id: str, query: PageQuery) -> FilmList:
    """All films, newest first."""
    project = guard.project(project_id)
    rows, next_cursor = cut(outputs.page(project.id, query.limit + 1, query.cursor), query.limit)
    return FilmList(
        items=[Film.of(row) for row in rows],
        next_cursor=next_cursor,
        total=outputs.count(project.id),
    )


@blueprint.get("/outputs/<output_id>")
@answers({200: None}, refuses=(410,), file="video/mp4")
def get_output(project_id: str, output_id: str) -> Response:
    """A film by its id, or the newest `preview` or `final`."""
    project = guard.project(project_id)
    film = _film(project, output_id)
    return downloads.stored(film.storage_key, "video/mp4", f"{project.name} {film.kind}.mp4")


@blueprint.delete("/outputs/<output_id>")
@answers({204: None})
def delete_output(project_id: str, output_id: str) -> Response:
    """Remove a film and its report."""
    film = outputs.in_project(guard.project(project_id).id, output_id)
    outputs.delete(film)
    for key in film.keys:
        configured().delete(key)
    witness.note("output_deleted", subject=film.id)
    return make_response("", 204)


@blueprint.get("/outputs/<output_id>/sync-report")
@answers({200: None}, refuses=(410,), file="application/json")
def get_sync_report(project_id: str, output_id: str) -> Response:
    """How far every cut of the film is from its beat, measured on the file."""
    film = _film(guard.project(project_id), output_id)
    if film.sync_report_key is None:
        raise NotFound("not_found", "This film has no report.", resource_type="sync_report")
    return downloads.stored(film.sync_report_key, "application/json")


@blueprint.get("/outputs/<output_id>/provenance")
@answers({200: None}, refuses=(410,), file="application/json")
def get_provenance(project_id: str, output_id: str) -> Response:
    """What the film was made of and with: its EDL and beat grid, hashes, versions."""
    film = _film(guard.project(project_id), output_id)
    if film.provenance_key is None:
        raise NotFound("not_found", "This film has no provenance.", resource_type="provenance")
    return downloads.stored(film.provenance_key, "application/json")


_KINDS: tuple[OutputKind, ...] = ("preview", "final")


def _film(project: Project, name: str) -> Output:
    """The film of this id or the newest of this kind. Raises NotFound, Gone."""
    kind = next((kind for kind in _KINDS if kind == name), None)
    film = outputs.newest(project.id, kind) if kind else outputs.in_project(project.id, name)
    if film is None:
        raise NotFound(
            "not_found", f"The project has no {kind} yet; render one.", resource_type="output"
        )
    if film.removed_at is not None:
        raise Gone("gone", "This film was cleaned away; render it again.", resource_type="output")
    return film
