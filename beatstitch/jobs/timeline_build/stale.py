"""Whether a timeline still is what its project would give now, and why not."""

from beatstitch.db import audio, media
from beatstitch.db.projects import Project
from beatstitch.db.timelines import Timeline
from beatstitch.jobs.timeline_build.material import fingerprint, usable
from beatstitch.timeline.settings import read_settings


def stale_reason(project: Project, timeline: Timeline) -> str | None:
    """What has changed since the timeline was built, in words; None while it is current."""
    track = audio.of_project(project.id)
    grid = audio.current_grid(track.id) if track else None
    if track is None or audio.grid_with(track.id, timeline.grid_checksum) is None:
        return "The song has changed."
    if grid is None or grid.checksum != timeline.grid_checksum:
        return "The beats of the song have changed."
    if fingerprint(usable(media.of_project(project.id))) != timeline.media_fingerprint:
        return "The photos and clips have changed."
    # Read, so that a timeline from before a setting was has the default of it.
    if read_settings(project.settings) != read_settings(timeline.settings_used):
        return "The settings have changed."
    return None
