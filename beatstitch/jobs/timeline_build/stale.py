"""Whether a timeline still is what its project would give now, and why not."""

from collections.abc import Sequence

from beatstitch.db import audio, media
from beatstitch.db.media import MediaAsset
from beatstitch.db.projects import Project
from beatstitch.db.timelines import Timeline
from beatstitch.documents import digest
from beatstitch.timeline.settings import read_settings, settings_json


def usable(assets: Sequence[MediaAsset]) -> list[MediaAsset]:
    """The assets that a timeline is made of, in order: ready, and not set aside by the user."""
    return [a for a in assets if a.processing_status == "ready" and not a.excluded]


def fingerprint(assets: Sequence[MediaAsset]) -> str:
    """A hash of which media in which order a timeline is made of."""
    return digest([[a.id, a.checksum, a.media_type, a.duration_ms] for a in assets])


def stale_reason(project: Project, timeline: Timeline) -> str | None:
    """What has changed since the timeline was built, in words; None while it is current."""
    track = audio.of_project(project.id)
    grid = audio.current_grid(track.id) if track else None
    if grid is None or grid.checksum != timeline.grid_checksum:
        return "The song or its beats have changed."
    if fingerprint(usable(media.of_project(project.id))) != timeline.media_fingerprint:
        return "The photos and clips have changed."
    if settings_json(read_settings(project.settings)) != timeline.settings_used:
        return "The settings have changed."
    return None
