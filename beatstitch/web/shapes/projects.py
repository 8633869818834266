"""Projects, whole and in lists, and what they lack before they can be rendered."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from beatstitch.db.audio import AnalysisStatus
from beatstitch.db.projects import Project
from beatstitch.web.openapi import Body, Moment, Shown
from beatstitch.web.shapes.media import Asset
from beatstitch.web.shapes.song import Track
from beatstitch.web.shapes.timeline import SettingsGiven, SettingsShown, TimelineBrief

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _on_one_line(name: str) -> str:
    if not name.strip() or _CONTROL.search(name):
        raise ValueError("must be a line of text that isn't blank")
    return name


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_on_one_line)]
Description = Annotated[str, Field(max_length=500)]


class NewProject(Body):
    """A film to be."""

    name: Name
    description: Description = ""
    settings: SettingsGiven | None = None


class ProjectChange(Body):
    """What is given is replaced."""

    name: Name | None = None
    description: Description | None = None


class ProjectCopy(Body):
    """A copy, by a name of its own or by the first one's with "(copy)" after it."""

    name: Name | None = None


class ProjectBrief(Shown):
    """A project in a list."""

    id: str
    name: str
    description: str
    settings: SettingsShown
    created_at: Moment
    updated_at: Moment

    @staticmethod
    def of(row: Project) -> "ProjectBrief":
        """From the row."""
        return ProjectBrief(
            id=row.id,
            name=row.name,
            description=row.description,
            settings=SettingsShown.model_validate(row.settings),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class ProjectList(Shown):
    """A page of projects, newest first; `projects` is the same as `items`."""

    items: list[ProjectBrief]
    projects: list[ProjectBrief]
    next_cursor: str | None
    total: int


class Counts(Shown):
    """How many there are."""

    media: int
    outputs: int


class ProjectShown(ProjectBrief):
    """A project with everything in it."""

    media_assets: list[Asset]
    audio_track: Track | None
    timeline: TimelineBrief | None
    counts: Counts


class MediaState(Shown):
    """How many photos and clips are how far."""

    total: int
    pending: int
    processing: int
    ready: int
    failed: int


class AudioState(Shown):
    """Whether there is a song, and how far its analysis is."""

    uploaded: bool
    analysis_status: AnalysisStatus | None


class TimelineMark(Shown):
    """Whether there is a timeline, and whether it is current."""

    generated: bool
    edl_hash: str | None
    stale: bool
    stale_reason: str | None


class ProjectState(Shown):
    """What is there and what is missing."""

    project_id: str
    media: MediaState
    audio: AudioState
    timeline: TimelineMark
    ready_to_render: bool


class SettingsChanged(Shown):
    """The settings from now on; a timeline that was made with others is stale."""

    id: str
    settings: SettingsShown
    timeline_invalidated: bool
    updated_at: Moment
