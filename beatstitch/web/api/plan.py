"""A dry run: what a render of the timeline would have to make, and what is there already.

Nothing is queued and no media are looked at.
"""

import os
from collections.abc import Iterator

from flask import Blueprint

from beatstitch.db import chunks
from beatstitch.db.projects import Project
from beatstitch.db.timelines import Timeline
from beatstitch.jobs.render_film.args import Args
from beatstitch.jobs.render_film.wanted import film_order
from beatstitch.jobs.timeline_build.stale import stale_reason
from beatstitch.queue import presence
from beatstitch.render.estimate import estimate
from beatstitch.render.order import ChunkOrder, FilmOrder
from beatstitch.web import guard, versions
from beatstitch.web.openapi import answers
from beatstitch.web.shapes.outputs import PlanWish
from beatstitch.web.shapes.timeline import PlannedChunk, RenderPlan

blueprint = Blueprint("plan", __name__, url_prefix="/api/projects/<project_id>/timeline")


@blueprint.post("/plan")
@answers({200: RenderPlan})
@guard.needs("read")
def plan_timeline(project_id: str, json: PlanWish) -> RenderPlan:
    """What rendering the timeline in force would take. Nothing is made."""
    project = guard.project(project_id)
    timeline = versions.in_force(project)
    encoder = tools_of_workers()
    wish = Args(project.id, timeline.edl_hash, json.job_type, json.target)
    film = film_order(wish, encoder or "")
    rows = chunks.known(project.id, (film.song.name, *(chunk.name for chunk in film.chunks)))
    kept = {name: row.bytes for name, row in rows.items()}
    missing = {chunk.name: chunk for chunk in film.chunks if chunk.name not in kept}
    guess = estimate(film, kept)
    look = film.plan.profile
    return RenderPlan(
        edl_hash=timeline.edl_hash,
        job_type=json.job_type,
        width=look.width,
        height=look.height,
        fps=round(float(look.frame_rate), 3),
        duration_ms=timeline.total_duration_ms,
        frames=film.plan.frames,
        frames_to_encode=sum(chunk.chunk.frames for chunk in missing.values()),
        chunks_total=len(film.chunks),
        chunks_cached=len(film.chunks) - sum(c.name in missing for c in film.chunks),
        chunks_to_encode=len(missing),
        song_cached=film.song.name in kept,
        estimated_seconds=round(guess.cpu_s / len(os.sched_getaffinity(0)) + 0.5),
        estimated_bytes=guess.film_bytes,
        warnings=list(_warnings(project, timeline, encoder)),
        chunks=[_shown(chunk, film, chunk.name in kept) for chunk in film.chunks],
    )


def tools_of_workers() -> str | None:
    """The FFmpeg of this machine's workers: what another one made is no use to them."""
    return next((tools.ffmpeg for tools in presence.tools() if tools.ffmpeg), None)


def _warnings(project: Project, timeline: Timeline, encoder: str | None) -> Iterator[str]:
    edl = versions.edl_of(timeline)
    yield from edl.warnings
    reason = stale_reason(project, timeline)
    if reason is not None:
        yield f"The timeline is stale. {reason}"
    others = sum(segment.reason is not None for segment in edl.segments)
    if others:
        yield (
            f"{others} of {len(edl.segments)} segments show something else than was wished for; "
            "their reason says what."
        )
    if encoder is None:
        yield "No worker of this machine is there to say what it can use of the cache."


def _shown(chunk: ChunkOrder, film: FilmOrder, is_cached: bool) -> PlannedChunk:
    first, rate = chunk.chunk.first_frame, film.plan.profile.frame_rate
    return PlannedChunk(
        start_ms=round(first * 1000 / rate),
        end_ms=round((first + chunk.chunk.frames) * 1000 / rate),
        cached=is_cached,
    )
