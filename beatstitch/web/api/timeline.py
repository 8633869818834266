"""The timeline: made by a job, read with its hash."""

import json as json_text

from flask import Blueprint

from beatstitch.db import audio, base, jobs, media, timelines
from beatstitch.db.projects import Project
from beatstitch.errors import NotFound, PreconditionFailed
from beatstitch.jobs.timeline_build.stale import stale_reason, usable
from beatstitch.storage.configured import configured
from beatstitch.web import guard, intake, rates
from beatstitch.web.api.projects import store_settings
from beatstitch.web.openapi import answers
from beatstitch.web.shapes.jobs import shown_status, url
from beatstitch.web.shapes.timeline import (
    Generation,
    GenerationStarted,
    TimelineBrief,
    TimelineShown,
    TimelineState,
)

blueprint = Blueprint("timeline", __name__, url_prefix="/api/projects/<project_id>/timeline")


@blueprint.post("/generate")
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
            store_settings(project, json.settings)
        job = intake.submit("timeline_build", project, project.id, project_id=project.id)
    started = GenerationStarted(
        job_id=job.id, status=shown_status(job), message="Timeline generation started"
    )
    return started, 202, {"Location": url(job.id)}


@blueprint.get("")
@answers({200: TimelineShown})
def get_timeline(project_id: str) -> tuple[TimelineShown, int, dict[str, str]]:
    """The EDL in force, and whether it still is what the project would give."""
    project = guard.project(project_id)
    timeline = timelines.current(project.id)
    if timeline is None:
        raise NotFound(
            "not_found",
            "The project has no timeline yet.",
            resource_type="timeline",
            hint=f"POST /api/projects/{project.id}/timeline/generate",
        )
    with configured().open(timeline.storage_key) as file:
        edl = json_text.load(file)
    brief = TimelineBrief.of(timeline, stale_reason(project, timeline))
    shown = TimelineShown.model_validate(
        {**edl, **dict(brief), "settings_used": timeline.settings_used}
    )
    return shown, 200, {"ETag": f'"{timeline.edl_hash}"'}


@blueprint.get("/status")
@answers({200: TimelineState})
def timeline_status(project_id: str) -> TimelineState:
    """Whether there is a timeline, and the job that is making one."""
    project = guard.project(project_id)
    timeline = timelines.current(project.id)
    reason = stale_reason(project, timeline) if timeline else None
    making = jobs.live_of_project(project.id, ["timeline_build"])
    return TimelineState(
        project_id=project.id,
        generated=timeline is not None,
        edl_hash=timeline.edl_hash if timeline else None,
        segment_count=timeline.segment_count if timeline else None,
        total_duration_ms=timeline.total_duration_ms if timeline else None,
        generated_at=timeline.generated_at if timeline else None,
        stale=reason is not None,
        stale_reason=reason,
        job_id=making[-1].id if making else None,
    )


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
