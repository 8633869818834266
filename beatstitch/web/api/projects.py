"""Projects and their settings."""

from collections.abc import Mapping

from flask import Blueprint, Response, make_response, request

from beatstitch.db import audio, base, media, outputs, projects, timelines
from beatstitch.db.projects import Project
from beatstitch.db.timelines import Timeline
from beatstitch.jobs.timeline_build.stale import stale_reason
from beatstitch.timeline.settings import read_settings, settings_json
from beatstitch.web import copies, guard, intake, repeats, witness
from beatstitch.web.openapi import answers
from beatstitch.web.pages import PageQuery, cut
from beatstitch.web.shapes.media import Asset
from beatstitch.web.shapes.projects import (
    AudioState,
    Counts,
    MediaState,
    NewProject,
    ProjectBrief,
    ProjectChange,
    ProjectCopy,
    ProjectList,
    ProjectShown,
    ProjectState,
    SettingsChanged,
    TimelineMark,
)
from beatstitch.web.shapes.song import Track
from beatstitch.web.shapes.timeline import SettingsGiven, SettingsShown, TimelineBrief

blueprint = Blueprint("projects", __name__, url_prefix="/api/projects")
Headers = dict[str, str]


@blueprint.get("")
@answers({200: ProjectList})
def list_projects(query: PageQuery) -> ProjectList:
    """My projects, newest first."""
    user = guard.caller()
    rows, next_cursor = cut(projects.page(user.id, query.limit + 1, query.cursor), query.limit)
    shown = [ProjectBrief.of(row) for row in rows]
    return ProjectList(
        items=shown,
        projects=shown,
        next_cursor=next_cursor,
        total=projects.count_of_user(user.id),
    )


@blueprint.post("")
@repeats.repeatable(is_rows_alone=True)
@answers({201: ProjectShown})
def create_project(json: NewProject) -> tuple[ProjectShown, int, Headers]:
    """Make a project."""
    given = json.settings.model_dump(exclude_unset=True) if json.settings else {}
    settings = settings_json(read_settings(given))
    project = projects.create(guard.caller().id, json.name, json.description, settings)
    return _whole(project), 201, {"Location": f"/api/projects/{project.id}", **_version(project)}


@blueprint.get("/<project_id>")
@answers({200: ProjectShown})
def get_project(project_id: str) -> tuple[ProjectShown, int, Headers]:
    """One project with everything in it. Its ETag is the version of what can be written."""
    project = guard.project(project_id)
    return _whole(project), 200, _version(project)


@blueprint.patch("/<project_id>")
@answers({200: ProjectShown}, refuses=(412,))
def change_project(project_id: str, json: ProjectChange) -> tuple[ProjectShown, int, Headers]:
    """Change name or description."""
    before = guard.project(project_id)
    project = projects.change(
        before,
        name=json.name,
        description=json.description,
        if_version=_if_match(before),
    )
    return _whole(project), 200, _version(project)


@blueprint.delete("/<project_id>")
@answers({204: None})
def delete_project(project_id: str) -> Response:
    """Remove a project: its jobs are cancelled, its files go."""
    project = guard.project(project_id)
    intake.drop_project(project)
    witness.note("project_deleted", subject=f"{project.id} {project.name}")
    return make_response("", 204)


@blueprint.post("/<project_id>/duplicate")
@repeats.repeatable(is_rows_alone=False)
@answers({201: ProjectShown}, refuses=(409, 507))
def duplicate_project(project_id: str, json: ProjectCopy) -> tuple[ProjectShown, int, Headers]:
    """Make a second project with the same media, song, beats, settings and timeline."""
    project = guard.project(project_id)
    copy = copies.duplicate(project, json.name or f"{project.name[:93]} (copy)")
    return _whole(copy), 201, {"Location": f"/api/projects/{copy.id}", **_version(copy)}


@blueprint.get("/<project_id>/status")
@answers({200: ProjectState})
def project_status(project_id: str) -> ProjectState:
    """What is there, and what is missing before a render."""
    project = guard.project(project_id)
    counts = media.status_counts(project.id)
    track = audio.of_project(project.id)
    timeline = timelines.current(project.id)
    reason = stale_reason(project, timeline) if timeline else None
    return ProjectState(
        project_id=project.id,
        media=MediaState(total=sum(counts.values()), **counts),
        audio=AudioState(
            uploaded=track is not None,
            analysis_status=track.analysis_status if track else None,
        ),
        timeline=TimelineMark(
            generated=timeline is not None,
            edl_hash=timeline.edl_hash if timeline else None,
            stale=reason is not None,
            stale_reason=reason,
        ),
        ready_to_render=timeline is not None,
    )


@blueprint.patch("/<project_id>/settings")
@answers({200: SettingsChanged}, refuses=(412,))
def change_settings(project_id: str, json: SettingsGiven) -> tuple[SettingsChanged, int, Headers]:
    """Change what is given of the settings."""
    return settings_changed(project_id, json.model_dump(exclude_unset=True))


def settings_changed(
    project_id: str, given: Mapping[str, object]
) -> tuple[SettingsChanged, int, Headers]:
    """Lay these settings over those in force, if If-Match says so; the answer to that."""
    with base.transaction():
        before = guard.project(project_id)
        project = store_settings(before, given, if_version=_if_match(before))
        timeline = timelines.current(project.id)
    shown = SettingsChanged(
        id=project.id,
        settings=SettingsShown.model_validate(project.settings),
        timeline_invalidated=_has_gone_stale(before, project, timeline),
        updated_at=project.updated_at,
    )
    return shown, 200, _version(project)


def store_settings(
    project: Project, given: Mapping[str, object], if_version: int | None = None
) -> Project:
    """The project with these settings replaced, and all others as they are now, whoever changed
    them since the project was read. Raises Invalid, Stale, NotFound."""
    with base.transaction():
        merged = {**projects.by_id(project.id).settings, **given}
        return projects.change(
            project, settings=settings_json(read_settings(merged)), if_version=if_version
        )


def _has_gone_stale(before: Project, after: Project, timeline: Timeline | None) -> bool:
    if timeline is None:
        return False
    return stale_reason(before, timeline) is None and stale_reason(after, timeline) is not None


def _whole(project: Project) -> ProjectShown:
    assets = media.of_project(project.id)
    track = audio.of_project(project.id)
    timeline = timelines.current(project.id)
    return ProjectShown(
        **dict(ProjectBrief.of(project)),
        media_assets=[Asset.of(asset) for asset in assets],
        audio_track=Track.of(track) if track else None,
        timeline=TimelineBrief.of(timeline, stale_reason(project, timeline)) if timeline else None,
        counts=Counts(media=len(assets), outputs=outputs.count(project.id)),
    )


def _version(project: Project) -> Headers:
    return {"ETag": f'"{project.version}"'}


def _if_match(project: Project) -> int | None:
    """The version that has to be the current one still; None when any will do.

    Raises Stale when it is none of those that the caller names.
    """
    if "If-Match" not in request.headers or request.if_match.star_tag:
        return None
    if str(project.version) not in request.if_match:
        raise projects.stale()
    return project.version
