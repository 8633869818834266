"""A person's timeline takes the place of the one in force; what a segment is, it doesn't know.

An EDL is a file under its own hash that never changes, and it is there before the row that makes it
current. What a lost race or a crash leaves is a file that no row names, which the sweep removes.
"""

from collections.abc import Callable

from flask import request

from beatstitch.beats.grid import BeatGrid, from_json
from beatstitch.db import audio, base, jobs, media, timelines
from beatstitch.db.projects import Project
from beatstitch.db.timelines import Timeline
from beatstitch.errors import Conflict, NotFound, PreconditionFailed, Stale
from beatstitch.inventory import incoming
from beatstitch.jobs.timeline_build.material import medium
from beatstitch.storage.configured import configured
from beatstitch.timeline.desk import Material
from beatstitch.timeline.edl import Edl, dumps, edl_hash, loads


def in_force(project: Project) -> Timeline:
    """The project's timeline. Raises NotFound, naming the way to one."""
    timeline = timelines.current(project.id)
    if timeline is None:
        raise NotFound(
            "not_found",
            "The project has no timeline yet.",
            resource_type="timeline",
            hint=f"POST /api/projects/{project.id}/timeline/generate",
        )
    return timeline


def edl_of(timeline: Timeline) -> Edl:
    """The EDL of a version."""
    with configured().open(timeline.storage_key) as file:
        return loads(file.read())


def change(project: Project, name: str, changed: Callable[[Edl, Material], Edl]) -> Timeline:
    """What `changed` makes of the timeline in force is in force from now on, as a version of its
    own; if that is the same timeline, none is made.

    When another timeline has come into force meanwhile, `changed` is asked again, with that one.
    Raises NotFound, Conflict, PreconditionFailed, Stale, InsufficientStorage.
    """
    while True:
        before = _may_change(project)
        edl = changed(edl_of(before), _material(project, before))
        checksum = edl_hash(edl)
        if checksum == before.edl_hash:
            return before
        key = stored(project.id, edl)
        with base.transaction():
            if _may_change(project).id != before.id:
                continue
            version = timelines.add(
                project.id,
                edl_hash=checksum,
                storage_key=key,
                segment_count=len(edl.segments),
                total_duration_ms=before.total_duration_ms,
                settings_used=before.settings_used,
                grid_checksum=before.grid_checksum,
                media_fingerprint=before.media_fingerprint,
                change=name,
            )
        _show(project)
        return version


def undo(project: Project) -> Timeline:
    """The version before is in force again. Raises Conflict without one, and as `change` does."""
    with base.transaction():
        _may_change(project)
        version = timelines.undo(project.id)
        if version is None:
            raise Conflict("nothing_to_undo", "There is no earlier timeline to go back to.")
    _show(project)
    return version


def redo(project: Project) -> Timeline:
    """The version that was undone last is in force again. Raises as `undo` does."""
    with base.transaction():
        _may_change(project)
        version = timelines.redo(project.id)
        if version is None:
            raise Conflict("nothing_to_redo", "There is no later timeline to go forward to.")
    _show(project)
    return version


def stored(project_id: str, edl: Edl) -> str:
    """The key of this EDL's file, which is there from now on."""
    key = timelines.edl_key(project_id, edl_hash(edl))
    text = dumps(edl, base.utc_now().isoformat().replace("+00:00", "Z"))
    incoming.write(text, configured(), key)
    return key


def tag(version: Timeline) -> str:
    """The ETag of a timeline."""
    return f'"{version.edl_hash}"'


def _may_change(project: Project) -> Timeline:
    """The timeline that may be changed now, and is the one that If-Match names, if it names any."""
    making = jobs.live_of_project(project.id, ["timeline_build"])
    if making:
        raise Conflict(
            "conflict",
            "The timeline is being made anew; wait for it, or cancel that job first.",
            existing_job_id=making[-1].id,
        )
    timeline = in_force(project)
    if "If-Match" in request.headers and timeline.edl_hash not in request.if_match:
        raise Stale(
            "stale",
            "The timeline has been changed since you read it; read it again.",
            current_hash=timeline.edl_hash,
        )
    return timeline


def _material(project: Project, timeline: Timeline) -> Material:
    ready = [a for a in media.of_project(project.id) if a.processing_status == "ready"]
    return Material(
        grid=_grid(project, timeline),
        media={asset.id: medium(asset) for asset in ready},
        set_aside=frozenset(asset.id for asset in ready if asset.excluded),
    )


def _grid(project: Project, timeline: Timeline) -> BeatGrid:
    """The beats that the timeline was cut on, which may have been edited since."""
    track = audio.of_project(project.id)
    version = audio.grid_with(track.id, timeline.grid_checksum) if track else None
    if version is None:
        raise PreconditionFailed(
            "precondition_failed",
            "The song was replaced since the timeline was made; generate the timeline anew.",
        )
    with configured().open(version.storage_key) as file:
        return from_json(file.read())


def _show(project: Project) -> None:
    """Lay the current EDL beside the others, for people and tools.

    Whoever lays down one that has been overtaken sees it here, and lays down the next.
    """
    current = timelines.current(project.id)
    while current is not None:
        configured().link(current.storage_key, f"derived/{project.id}/edl.json")
        shown, current = current, timelines.current(project.id)
        if current is not None and current.id == shown.id:
            return
