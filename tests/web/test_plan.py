"""The dry run: what a render would make, what is there, and what that takes."""

from collections.abc import Callable, Iterator

import pytest

from beatstitch.db import audio, chunks, media
from beatstitch.db.jobs import Job
from beatstitch.jobs.render_film.args import Args
from beatstitch.jobs.render_film.wanted import film_order
from beatstitch.queue.presence import Presence, Tools
from beatstitch.render.source import Source
from callers import Caller, refused

FFMPEG = "ffmpeg 5.1, x264 164"


@pytest.fixture
def worker(app: object) -> Iterator[None]:
    """A worker that says which FFmpeg it has."""
    presence = Presence("worker-1-a", Tools("bubblewrap", FFMPEG))
    yield
    presence.close()


@pytest.fixture
def project(anna: Caller, ready_project: str, with_timeline: Callable[[str], str]) -> str:
    """A film of two photos that a renderer would know."""
    project_id = ready_project.rpartition("/")[2]
    track = audio.of_project(project_id)
    assert track is not None
    audio.set_columns(track.id, pcm_key=f"derived/{project_id}/song.wav")
    for asset in media.of_project(project_id):
        source = Source(asset.id, asset.original_key, asset.id, "image", "jpeg_pipe", 640, 360)
        media.set_columns(asset.id, probe=media.probe_column(source))
    with_timeline(ready_project)
    return ready_project


def keep(project: str, edl_hash: str, *, every: int = 1) -> None:
    """Every so manieth chunk of the final film is in the cache, with 1 MB."""
    project_id = project.rpartition("/")[2]
    film = film_order(Args(project_id, edl_hash, "final"), FFMPEG)
    for chunk in film.chunks[::every]:
        chunks.keep(project_id, chunk.name, chunk.film_key, 1_000_000)
    chunks.keep(project_id, film.song.name, film.song.song_key, 400_000)


def test_without_a_cache_everything_is_to_be_made(anna: Caller, project: str, worker: None) -> None:
    plan = anna.post(f"{project}/timeline/plan", {}).json

    timeline = anna.get(f"{project}/timeline").json
    assert (plan["edl_hash"], plan["job_type"]) == (timeline["edl_hash"], "final")
    assert (plan["width"], plan["height"], plan["fps"]) == (1920, 1080, 30)
    assert plan["frames"] == 510
    # Equal pieces are made once: the same photo with the same move.
    assert 255 < plan["frames_to_encode"] <= 510
    assert (plan["chunks_cached"], plan["song_cached"], plan["warnings"]) == (0, False, [])
    assert plan["chunks_total"] == len(plan["chunks"]) > 5
    assert [c["start_ms"] for c in plan["chunks"]][1:] == [c["end_ms"] for c in plan["chunks"]][:-1]
    assert plan["chunks"][-1]["end_ms"] == plan["duration_ms"] == 17_000
    assert plan["estimated_seconds"] > 1
    assert 5_000_000 < plan["estimated_bytes"] < 100_000_000
    assert not Job.select().where(Job.kind.startswith("render")).exists()


def test_what_is_cached_costs_nothing_and_an_edit_costs_its_chunks(
    anna: Caller, project: str, worker: None
) -> None:
    edl_hash = anna.get(f"{project}/timeline").json["edl_hash"]
    whole = anna.post(f"{project}/timeline/plan", {}).json
    keep(project, edl_hash)

    cached = anna.post(f"{project}/timeline/plan", {}).json
    anna.post(f"{project}/timeline/edit", {"set_effect": {"index": 2, "ken_burns": STILL}})
    edited = anna.post(f"{project}/timeline/plan", {}).json
    preview = anna.post(f"{project}/timeline/plan", {"job_type": "preview"}).json

    assert (cached["chunks_to_encode"], cached["frames_to_encode"]) == (0, 0)
    assert cached["song_cached"]
    assert cached["estimated_bytes"] == cached["chunks_total"] * 1_000_000 + 400_000
    assert cached["estimated_seconds"] < whole["estimated_seconds"]
    assert 1 <= edited["chunks_to_encode"] <= 2
    assert edited["edl_hash"] != edl_hash
    assert preview["chunks_cached"] == 0
    assert preview["width"] == 640


STILL = {"enabled": False}


def test_a_plan_is_for_the_delivery_that_is_asked_for(
    anna: Caller, project: str, worker: None
) -> None:
    plans = [
        anna.post(f"{project}/timeline/plan", wish).json
        for wish in ({}, {"profile": "tiktok"}, {"quality": "high"}, {"codec": "h265"})
    ]

    assert (plans[1]["width"], plans[1]["height"]) == (1080, 1920)
    assert plans[2]["estimated_seconds"] > plans[0]["estimated_seconds"]
    assert plans[2]["estimated_bytes"] > plans[0]["estimated_bytes"]
    assert plans[3]["estimated_seconds"] > plans[0]["estimated_seconds"]


def test_a_plan_tells_what_to_know_before(anna: Caller, project: str) -> None:
    anna.patch(f"{project}/settings", {"beats_per_cut": 2})

    warnings = anna.post(f"{project}/timeline/plan", {}).json["warnings"]

    assert warnings == [
        "The timeline is stale. The settings have changed.",
        "No worker of this machine is there to say what it can use of the cache.",
    ]


def test_a_plan_needs_a_timeline_and_its_owner(anna: Caller, ben: Caller, project: str) -> None:
    refused(anna.post(f"{anna.project()}/timeline/plan", {}), 404, "not_found")
    refused(ben.post(f"{project}/timeline/plan", {}), 404, "not_found")
    refused(anna.post(f"{project}/timeline/plan", {"job_type": "x"}), 422, "validation_error")
    gone = anna.get(f"{project}/timeline").json["segments"][0]["media_asset_id"]
    anna.delete(f"/media/{gone}")
    body = refused(anna.post(f"{project}/timeline/plan", {}), 422, "bad_edl")
    assert "Segment 0" in body["message"]
