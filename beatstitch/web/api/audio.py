"""The song, and the analysis of it."""

from flask import Blueprint, Response

from beatstitch.db import jobs
from beatstitch.errors import NotFound
from beatstitch.storage.configured import configured
from beatstitch.web import downloads, grids, guard, intake, rates, repeats, resumable, uploads
from beatstitch.web.openapi import answers, body_of
from beatstitch.web.problems import Refused
from beatstitch.web.shapes.jobs import shown_status, url
from beatstitch.web.shapes.song import (
    Hearing,
    HearingStarted,
    Peaks,
    SongFile,
    SongTaken,
    StillHearing,
)
from beatstitch.web.shapes.uploads import WholeUpload

blueprint = Blueprint("audio", __name__, url_prefix="/api/projects/<project_id>")
Located = dict[str, str]


@blueprint.post("/audio")
@repeats.repeatable(is_rows_alone=False)
@answers({202: SongTaken}, takes=SongFile, instead=WholeUpload, refuses=(409, 410))
@rates.of_category("upload")
def upload_song(project_id: str) -> tuple[SongTaken, int, Located]:
    """Upload the song; its analysis starts by itself. A song that was there before goes."""
    project = guard.project(project_id)
    with resumable.received("file", lambda: [body_of(WholeUpload).upload_id]) as files:
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
@answers({200: None}, file="audio/*")
def get_song_file(project_id: str) -> Response:
    """The song as it was uploaded."""
    track = grids.song(guard.project(project_id))
    content_type = uploads.content_type(configured(), track.original_key)
    return downloads.stored(track.original_key, content_type, track.filename)


@blueprint.get("/audio/peaks")
@answers({200: Peaks, 202: StillHearing, 206: None, 304: None}, refuses=(412, 416))
def get_peaks(project_id: str) -> Response | tuple[StillHearing, int]:
    """What the song's waveform is drawn from; until that is made, how far the analysis is."""
    project = guard.project(project_id)
    track = grids.song(project)
    if track.peaks_key is not None:
        return downloads.stored(track.peaks_key, "application/json")
    hearing = jobs.live_of_project(project.id, ["beat_analysis"])
    if hearing:
        return StillHearing.of(hearing[-1]), 202
    raise NotFound(
        "not_found",
        "There is no waveform of this song, for its analysis has not ended well; analyse it again.",
        resource_type="peaks",
    )


@blueprint.post("/audio/analyze")
@repeats.repeatable(is_rows_alone=True)
@answers({202: HearingStarted}, refuses=(409,))
@rates.of_category("analyse")
def analyze_song(project_id: str, json: Hearing) -> tuple[HearingStarted, int, Located]:
    """Hear the beats again, perhaps by another detector or near a given tempo."""
    project = guard.project(project_id)
    job = intake.hear(project, grids.song(project), **json.model_dump(exclude_unset=True))
    started = HearingStarted(
        job_id=job.id, status=shown_status(job), message="Beat analysis started"
    )
    return started, 202, {"Location": url(job.id)}
