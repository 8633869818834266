"""The song and its beats."""

import json as json_text

from flask import Blueprint, Response

from beatstitch.db import audio, jobs
from beatstitch.db.audio import AudioTrack
from beatstitch.db.projects import Project
from beatstitch.errors import NotFound
from beatstitch.storage.configured import configured
from beatstitch.web import downloads, guard, intake, rates, uploads
from beatstitch.web.openapi import answers
from beatstitch.web.problems import Refused
from beatstitch.web.shapes.jobs import shown_status, url
from beatstitch.web.shapes.song import (
    BeatsStatus,
    Grid,
    Hearing,
    HearingStarted,
    SongFile,
    SongTaken,
    StillHearing,
)

blueprint = Blueprint("audio", __name__, url_prefix="/api/projects/<project_id>")
Located = dict[str, str]


@blueprint.post("/audio")
@answers({202: SongTaken}, takes=SongFile)
@rates.of_category("upload")
def upload_song(project_id: str) -> tuple[SongTaken, int, Located]:
    """Upload the song; its analysis starts by itself. A song that was there before goes."""
    project = guard.project(project_id)
    with uploads.received("file") as files:
        if len(files) != 1:
            raise Refused(
                [{"loc": ("body", "file"), "msg": "A project has one song", "type": "too_long"}]
            )
        track, job = intake.take_song(project, files[0])
    shown = SongTaken(
        id=track.id,
        filename=track.filename,
        duration_ms=track.duration_ms,
        sample_rate=track.sample_rate,
        file_size=track.file_size,
        analysis_status="queued",
        analysis_job_id=job.id,
        message="Audio uploaded, beat analysis started",
    )
    return shown, 202, {"Location": url(job.id)}


@blueprint.get("/audio/file")
@answers({200: None, 206: None}, refuses=(416,), file="audio/*")
def get_song_file(project_id: str) -> Response:
    """The song as it was uploaded."""
    track = _song(guard.project(project_id))
    content_type = uploads.content_type(configured(), track.original_key)
    return downloads.stored(track.original_key, content_type, track.filename)


@blueprint.post("/audio/analyze")
@answers({202: HearingStarted}, refuses=(409,))
@rates.of_category("analyse")
def analyze_song(project_id: str, json: Hearing) -> tuple[HearingStarted, int, Located]:
    """Hear the beats again, perhaps by another detector or near a given tempo."""
    project = guard.project(project_id)
    job = intake.hear(project, _song(project), **json.model_dump(exclude_unset=True))
    started = HearingStarted(
        job_id=job.id, status=shown_status(job), message="Beat analysis started"
    )
    return started, 202, {"Location": url(job.id)}


@blueprint.get("/audio/beats")
@answers({200: Grid, 202: StillHearing})
def get_beats(project_id: str) -> tuple[Grid | StillHearing, int]:
    """The beat grid; while the song is being heard, how far that is."""
    project = guard.project(project_id)
    track = _song(project)
    hearing = jobs.live_of_project(project.id, ["beat_analysis"])
    if hearing:
        job = hearing[-1]
        return StillHearing(
            job_id=job.id,
            status=shown_status(job),
            progress_percent=job.progress_percent,
            progress_message=job.progress_message,
        ), 202
    grid = audio.current_grid(track.id)
    if grid is None:
        reason = track.analysis_error or "The analysis has not ended well."
        raise NotFound(
            "not_found",
            f"This song has no beats yet. {reason} Analyse it again, perhaps with a bpm_hint.",
            resource_type="beats",
        )
    with configured().open(grid.storage_key) as file:
        return Grid.model_validate(json_text.load(file)), 200


@blueprint.get("/beats/status")
@answers({200: BeatsStatus})
def beats_status(project_id: str) -> BeatsStatus:
    """Whether there are beats."""
    project = guard.project(project_id)
    track = audio.of_project(project.id)
    grid = audio.current_grid(track.id) if track else None
    return BeatsStatus(
        project_id=project.id,
        audio_uploaded=track is not None,
        analysis_status=track.analysis_status if track else None,
        bpm=grid.bpm if grid else None,
        total_beats=grid.total_beats if grid else None,
        analyzed_at=track.analysed_at if track else None,
    )


def _song(project: Project) -> AudioTrack:
    track = audio.of_project(project.id)
    if track is None:
        raise NotFound(
            "not_found",
            "The project has no song yet; upload one to its audio.",
            resource_type="audio",
        )
    return track
