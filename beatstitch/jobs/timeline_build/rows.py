"""The rows around building a timeline: what it is made of now, and the version that came of it."""

from pydantic import TypeAdapter

from beatstitch.db import audio, base, media, projects, timelines
from beatstitch.db.jobs import Job
from beatstitch.documents import read
from beatstitch.errors import PreconditionFailed
from beatstitch.jobs.timeline_build.args import Args, Built, Ticket
from beatstitch.jobs.timeline_build.material import fingerprint, medium, usable
from beatstitch.storage.configured import configured
from beatstitch.timeline.edl import loads
from beatstitch.timeline.keep import Locked
from beatstitch.timeline.settings import read_settings, settings_json

_ARGS: TypeAdapter[Args] = TypeAdapter(Args)


def prepare(job: Job) -> Ticket:
    """The current grid, the media that are ready, the wishes of the project, and what is locked in
    its timeline.

    Raises PreconditionFailed when there is no grid or no medium that can be used.
    """
    project = projects.by_id(read(_ARGS, job.args, "bad_job_args").project_id)
    track = audio.of_project(project.id)
    grid = audio.current_grid(track.id) if track else None
    there = media.of_project(project.id)
    assets = usable(there)
    if track is None or track.duration_ms is None or grid is None or not assets:
        raise PreconditionFailed(
            "precondition_failed",
            "A timeline needs a song whose beats are known and one photo or clip that is ready.",
        )
    return Ticket(
        project_id=project.id,
        grid_key=grid.storage_key,
        grid_checksum=grid.checksum,
        media=tuple(map(medium, assets)),
        media_fingerprint=fingerprint(assets),
        settings=read_settings(project.settings),
        edl_prefix=f"derived/{project.id}/edl",
        generated_at=base.utc_now().isoformat().replace("+00:00", "Z"),
        locked=_locked(project.id),
        set_aside=tuple(medium(a) for a in there if a.excluded and a.processing_status == "ready"),
    )


def settle(job: Job, ticket: Ticket, result: Built) -> dict[str, object]:
    """The project has a new current timeline."""
    timelines.add(
        ticket.project_id,
        edl_hash=result.edl_hash,
        storage_key=result.edl_key,
        segment_count=result.segment_count,
        total_duration_ms=round(result.total_duration_us / 1000),
        settings_used=settings_json(ticket.settings),
        grid_checksum=ticket.grid_checksum,
        media_fingerprint=ticket.media_fingerprint,
    )
    return {
        "edl_hash": result.edl_hash,
        "segment_count": result.segment_count,
        "warnings": list(result.warnings),
    }


def _locked(project_id: str) -> Locked | None:
    """What is locked in the timeline in force."""
    timeline = timelines.current(project_id)
    if timeline is None:
        return None
    with configured().open(timeline.storage_key) as file:
        return Locked.of(loads(file.read()))
