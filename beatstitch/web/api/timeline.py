"""The timeline: made by a job, read with its hash, changed by edits, taken back and redone."""

import json as json_text
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint

from beatstitch.db import audio, base, jobs, media, timelines
from beatstitch.db.projects import Project
from beatstitch.db.timelines import Timeline
from beatstitch.errors import Invalid, PreconditionFailed
from beatstitch.jobs.timeline_build.material import usable
from beatstitch.jobs.timeline_build.stale import stale_reason
from beatstitch.storage.configured import configured
from beatstitch.timeline.changes import read_edit
from beatstitch.timeline.desk import Material
from beatstitch.timeline.edit import edited
from beatstitch.timeline.edl import Edl
from beatstitch.timeline.given import given
from beatstitch.web import guard, intake, rates, repeats, versions
from beatstitch.web.api.projects import store_settings
from beatstitch.web.openapi import answers
from beatstitch.web.shapes.jobs import shown_status, url
from beatstitch.web.shapes.timeline import (
    Generation,
    GenerationStarted,
    SegmentsGiven,
    TimelineBrief,
    TimelineEdit,
    TimelineShown,
    TimelineState,
)

blueprint = Blueprint("timeline", __name__, url_prefix="/api/projects/<project_id>/timeline")
Tagged = tuple[TimelineShown, int, dict[str, str]]


@blueprint.post("/generate")
@repeats.repeatable(is_rows_alone=True)
@answers({202: GenerationStarted}, refuses=(400, 409))
@rates.of_category("analyse")
def generate_timeline(
    project_id: str, json: Generation
) -> tuple[GenerationStarted, int, dict[str, str]]:
    """Make the timeline from the song's beats, the media that are ready, and the settings."""
    project = guard.project(project_id)
    with base.transaction():
        _require_material(project)
        if json.settings is not None:
            store_settings(project, json.settings.model_dump(exclude_unset=True))
        job = intake.submit("timeline_build", project, project.id, project_id=project.id)
    started = GenerationStarted(
        job_id=job.id, status=shown_status(job), message="Timeline generation started"
    )
    return started, 202, {"Location": url(job.id)}


@blueprint.get("")
@answers({200: TimelineShown})
def get_timeline(project_id: str) -> Tagged:
    """The EDL in force, and whether it still is what the project would give."""
    project = guard.project(project_id)
    return _shown(project, versions.in_force(project))


@blueprint.put("")
@answers({200: TimelineShown}, refuses=(409, 412, 507))
def replace_timeline(project_id: str, json: SegmentsGiven) -> Tagged:
    """Put segments of one's own in place of the timeline's; If-Match may say which was read."""

    def changed(edl: Edl, material: Material) -> Edl:
        with _in_the_body():
            return given(edl, json.segments, json.snap, material)

    project = guard.project(project_id)
    return _shown(project, versions.change(project, "put", changed))


@blueprint.post("/edit")
@answers({200: TimelineShown}, refuses=(409, 412, 507))
def edit_timeline(project_id: str, json: TimelineEdit) -> Tagged:
    """Change the timeline by one edit; If-Match may say which was read."""
    with _in_the_body():
        name, edit = read_edit(json.model_dump(exclude_unset=True))

    def changed(edl: Edl, material: Material) -> Edl:
        with _in_the_body(name):
            return edited(edl, edit, material)

    project = guard.project(project_id)
    return _shown(project, versions.change(project, name, changed))


@blueprint.post("/undo")
@answers({200: TimelineShown}, refuses=(409, 412, 507))
def undo_timeline(project_id: str) -> Tagged:
    """Go back to the version before; If-Match may say which was read."""
    project = guard.project(project_id)
    return _shown(project, versions.undo(project))


@blueprint.post("/redo")
@answers({200: TimelineShown}, refuses=(409, 412, 507))
def redo_timeline(project_id: str) -> Tagged:
    """Go forward to the version that was undone; If-Match may say which was read."""
    project = guard.project(project_id)
    return _shown(project, versions.redo(project))


@blueprint.get("/status")
@answers({200: TimelineState})
def timeline_status(project_id: str) -> TimelineState:
    """Whether there is a timeline, and the job that is making one."""
    project = guard.project(project_id)
    timeline = timelines.current(project.id)
    reason = stale_reason(project, timeline) if timeline else None
    making = jobs.live_of_project(project.id, ["timeline_build"])
    can_undo, can_redo = timelines.reach(timeline) if timeline else (False, False)
    return TimelineState(
        project_id=project.id,
        generated=timeline is not None,
        edl_hash=timeline.edl_hash if timeline else None,
        segment_count=timeline.segment_count if timeline else None,
        total_duration_ms=timeline.total_duration_ms if timeline else None,
        generated_at=timeline.generated_at if timeline else None,
        stale=reason is not None,
        stale_reason=reason,
        change=timeline.change if timeline else None,
        can_undo=can_undo,
        can_redo=can_redo,
        job_id=making[-1].id if making else None,
    )


def _shown(project: Project, timeline: Timeline) -> Tagged:
    with configured().open(timeline.storage_key) as file:
        edl = json_text.load(file)
    can_undo, can_redo = timelines.reach(timeline)
    shown = TimelineShown.model_validate(
        {
            **edl,
            **dict(TimelineBrief.of(timeline, stale_reason(project, timeline))),
            "settings_used": timeline.settings_used,
            "change": timeline.change,
            "can_undo": can_undo,
            "can_redo": can_redo,
        }
    )
    return shown, 200, {"ETag": versions.tag(timeline)}


@contextmanager
def _in_the_body(*name: str) -> Iterator[None]:
    """What is wrong with an edit or its segments is wrong with the body that holds it."""
    try:
        yield
    except Invalid as refused:
        place = ("body", *name, *refused.where)
        raise Invalid(refused.code, refused.message, where=place) from refused


def _require_material(project: Project) -> None:
    """Raise PreconditionFailed unless there are beats and media, and all media are looked at."""
    assets = media.of_project(project.id)
    ready = len(usable(assets))
    pending = sum(asset.processing_status in ("pending", "processing") for asset in assets)
    track = audio.of_project(project.id)
    has_beats = (
        track is not None
        and track.analysis_status == "complete"
        and audio.current_grid(track.id) is not None
    )
    missing = [
        *(["a photo or clip that is ready"] if not ready else []),
        *([f"a look at {pending} of the media"] if pending else []),
        *(["the beats of a song"] if not has_beats else []),
    ]
    if missing:
        raise PreconditionFailed(
            "precondition_failed",
            f"The timeline can't be made yet; it waits for: {', '.join(missing)}.",
            media_ready=ready,
            media_pending=pending,
            beats_complete=has_beats,
        )
