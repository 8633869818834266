"""A person's beat grid takes the place of the one in force; what a beat is, it doesn't know.

A grid is a file under its own hash that never changes, and it is there before the row that makes it
current. What a lost race or a crash leaves is a file that no row names, which the sweep removes.
"""

import hashlib
from collections.abc import Callable

from flask import request

from beatstitch.beats.grid import BeatGrid, dumps, from_json
from beatstitch.db import audio, base, jobs
from beatstitch.db.audio import AudioTrack, BeatGridVersion
from beatstitch.db.projects import Project
from beatstitch.errors import Conflict, NotFound, PreconditionFailed, Stale
from beatstitch.inventory import incoming
from beatstitch.storage.configured import configured


def song(project: Project) -> AudioTrack:
    """The project's song. Raises NotFound."""
    track = audio.of_project(project.id)
    if track is None:
        raise NotFound(
            "not_found",
            "The project has no song yet; upload one to its audio.",
            resource_type="audio",
        )
    return track


def change(project: Project, changed: Callable[[BeatGrid], BeatGrid]) -> BeatGridVersion:
    """What `changed` makes of the grid in force is in force from now on, as a version of its own.

    When another grid has come into force meanwhile, `changed` is asked again, with that one.
    Raises NotFound, Conflict, PreconditionFailed, Stale, InsufficientStorage.
    """
    while True:
        before = _in_force(project)
        with configured().open(before.storage_key) as file:
            grid = changed(from_json(file.read()))
        key, checksum = _stored(project, dumps(grid))
        with base.transaction():
            if _in_force(project).id != before.id:
                continue
            version = audio.add_grid(
                before.track_id,
                origin="user",
                key=key,
                checksum=checksum,
                bpm=grid.bpm,
                total_beats=len(grid.beats),
            )
        _show(project, version.track_id)
        return version


def revert(project: Project) -> BeatGridVersion:
    """The grid that was heard last is in force again. Raises as `change` does."""
    with base.transaction():
        version = audio.revert_grid(_in_force(project).track_id)
    _show(project, version.track_id)
    return version


def tag(version: BeatGridVersion) -> str:
    """The ETag of a grid."""
    return f'"{version.checksum}"'


def _in_force(project: Project) -> BeatGridVersion:
    """The grid that may be changed now, and is the one that If-Match names, if it names any."""
    track = song(project)
    hearing = jobs.live_of_project(project.id, ["beat_analysis"])
    if hearing:
        raise Conflict(
            "conflict",
            "The song is being heard; wait for its beats, or cancel that job first.",
            existing_job_id=hearing[-1].id,
        )
    version = audio.current_grid(track.id)
    if version is None:
        raise PreconditionFailed(
            "precondition_failed", "This song has no beats yet to change; analyse it first."
        )
    if "If-Match" in request.headers and version.checksum not in request.if_match:
        raise Stale("stale", "The beats have been changed since you read them; read them again.")
    return version


def _stored(project: Project, text: str) -> tuple[str, str]:
    """The key of this grid's file and its hash."""
    checksum = hashlib.sha256(text.encode()).hexdigest()
    key = f"derived/{project.id}/beats/{checksum}.json"
    incoming.write(text, configured(), key)
    return key, checksum


def _show(project: Project, track_id: str) -> None:
    """Lay the current grid beside the others, for people and tools.

    Whoever lays down one that has been overtaken sees it here, and lays down the next.
    """
    current = audio.current_grid(track_id)
    while current is not None:
        configured().link(current.storage_key, f"derived/{project.id}/beats.json")
        shown, current = current, audio.current_grid(track_id)
        if current is not None and current.id == shown.id:
            return
