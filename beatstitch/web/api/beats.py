"""The beats of the song: read, replaced, edited, and as they were heard again."""

import json as json_text
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Blueprint

from beatstitch.beats.changes import read_edit
from beatstitch.beats.edit import edited
from beatstitch.beats.given import completed, for_song
from beatstitch.beats.grid import BeatGrid
from beatstitch.db import audio, jobs
from beatstitch.db.audio import BeatGridVersion
from beatstitch.errors import Invalid, NotFound
from beatstitch.storage.configured import configured
from beatstitch.web import grids, guard
from beatstitch.web.openapi import answers
from beatstitch.web.shapes.beats import EditGiven, GridGiven
from beatstitch.web.shapes.song import BeatsStatus, Grid, StillHearing

blueprint = Blueprint("beats", __name__, url_prefix="/api/projects/<project_id>")
Tagged = tuple[Grid, int, dict[str, str]]


@blueprint.get("/audio/beats")
@answers({200: Grid, 202: StillHearing})
def get_beats(project_id: str) -> Tagged | tuple[StillHearing, int]:
    """The beat grid; while the song is being heard, how far that is. Its ETag is its version."""
    project = guard.project(project_id)
    track = grids.song(project)
    hearing = jobs.live_of_project(project.id, ["beat_analysis"])
    if hearing:
        return StillHearing.of(hearing[-1]), 202
    grid = audio.current_grid(track.id)
    if grid is None:
        reason = track.analysis_error or "The analysis has not ended well."
        raise NotFound(
            "not_found",
            f"This song has no beats yet. {reason} Analyse it again, perhaps with a bpm_hint.",
            resource_type="beats",
        )
    return _shown(grid)


@blueprint.put("/audio/beats")
@answers({200: Grid}, refuses=(409, 412, 507))
def replace_beats(project_id: str, json: GridGiven) -> Tagged:
    """Put a grid of one's own in place of the beats; If-Match may say which ones were read."""

    def given(current: BeatGrid) -> BeatGrid:
        with _in_the_body():
            grid = for_song(
                json.document(),
                checksum=current.audio_checksum,
                duration_us=current.duration_us,
            )
        return replace(
            completed(
                grid, current, sections=json.sections is None, energy=json.beat_energy is None
            ),
            analyzer="user",
            verdict="high",
            analyzed_at=current.analyzed_at,
            sample_rate=current.sample_rate,
        )

    return _shown(grids.change(guard.project(project_id), given))


@blueprint.post("/audio/beats/edit")
@answers({200: Grid}, refuses=(409, 412, 507))
def edit_beats(project_id: str, json: EditGiven) -> Tagged:
    """Change the beats by one edit; If-Match may say which ones were read."""
    with _in_the_body():
        edit = read_edit(json.model_dump(exclude_unset=True))

    def changed(current: BeatGrid) -> BeatGrid:
        with _in_the_body():
            return edited(current, edit)

    return _shown(grids.change(guard.project(project_id), changed))


@blueprint.post("/audio/beats/revert")
@answers({200: Grid}, refuses=(400, 409, 412, 507))
def revert_beats(project_id: str) -> Tagged:
    """Go back to the beats that were heard; If-Match may say which ones were read."""
    return _shown(grids.revert(guard.project(project_id)))


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


def _shown(version: BeatGridVersion) -> Tagged:
    with configured().open(version.storage_key) as file:
        shown = Grid.model_validate(json_text.load(file))
    return shown, 200, {"ETag": grids.tag(version)}


@contextmanager
def _in_the_body() -> Iterator[None]:
    """What is wrong with a grid or an edit is wrong with the body that holds it."""
    try:
        yield
    except Invalid as refused:
        place = ("body", *refused.where)
        raise Invalid(refused.code, refused.message, where=place) from refused
