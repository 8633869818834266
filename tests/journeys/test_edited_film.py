"""A timeline is edited by HTTP, and the film that is rendered of it is the edited one."""

from pathlib import Path
from typing import Any

import requests

from footage import find_cuts, read_codes
from servers import HttpCaller, waited
from songs import Song

SETTINGS = {"output_width": 640, "output_height": 360, "ken_burns_enabled": False}


def _project(caller: HttpCaller, media: tuple[Path, ...], song: Path) -> tuple[str, dict[str, int]]:
    """A project with a timeline; its address, and the code of each medium by id."""
    made = caller.post("/projects", json={"name": "Edit", "settings": SETTINGS})
    project = f"/projects/{made.json()['id']}"
    for medium in media:
        caller.upload(f"{project}/media", "files", medium)
    analysis = caller.upload(f"{project}/audio", "file", song).json()["analysis_job_id"]
    assert caller.ended(analysis)["status"] == "complete"
    assert waited(lambda: caller.media_ready(project))
    caller.post(f"{project}/audio/beats/edit", json={"manual": {"bpm": 120, "offset_ms": 500}})
    building = caller.post(f"{project}/timeline/generate").json()["job_id"]
    assert caller.ended(building)["status"] == "complete"
    assets = caller.get(project).json()["media_assets"]
    return project, {a["id"]: int(a["filename"].split("_")[1].split(".")[0]) for a in assets}


def _edit(caller: HttpCaller, project: str, wish: dict[str, Any]) -> dict[str, Any]:
    answer = caller.post(f"{project}/timeline/edit", json=wish)
    assert answer.status_code == 200, answer.text
    timeline: dict[str, Any] = answer.json()
    return timeline


def _filmed(caller: HttpCaller, project: str, edl_hash: str, to: Path) -> Path:
    wish = {"job_type": "preview", "edl_hash": edl_hash}
    job = caller.ended(caller.post(f"{project}/render", json=wish).json()["job_id"])
    assert job["status"] == "complete", job
    to.write_bytes(caller.get(f"{project}/outputs/preview").content)
    return to


def test_the_film_of_an_edited_timeline_shows_the_edits(
    caller: HttpCaller,
    photos: tuple[Path, ...],
    clips: tuple[Path, ...],
    short_song: Song,
    tmp_path: Path,
) -> None:
    project, codes = _project(caller, (clips[0], photos[0], clips[1]), short_song.path)
    generated = caller.get(f"{project}/timeline").json()
    other = next(medium for medium, code in codes.items() if code == 2)

    _edit(caller, project, {"move": {"index": 0, "to": 2}})
    _edit(caller, project, {"trim": {"index": 1, "in_ms": 1100}})
    _edit(caller, project, {"split": {"index": 2, "at_ms": 3500}})
    edited = _edit(
        caller,
        project,
        {"replace": {"index": 3, "media_asset_id": other, "source_in_ms": 1000}},
    )
    film = _filmed(caller, project, edited["edl_hash"], tmp_path / "film.mp4")

    seen = read_codes(film)
    segments = edited["segments"]
    assert find_cuts(seen) == [s["timeline_in_frame"] for s in segments[1:]] == [30, 75, 105, 135]
    for segment in segments:
        middle = (segment["timeline_in_frame"] + segment["timeline_out_frame"]) // 2
        code = seen[middle]
        assert code is not None
        assert code.clip_id == codes[segment["media_asset_id"]], segment
    first = seen[segments[3]["timeline_in_frame"]]
    assert first is not None
    assert (first.clip_id, first.frame) == (2, 30)

    plan = caller.post(f"{project}/timeline/plan", json={"job_type": "preview"}).json()
    assert (plan["chunks_to_encode"], plan["song_cached"]) == (0, True), plan
    for _ in range(4):
        undone = caller.post(f"{project}/timeline/undo")
    assert undone.json()["edl_hash"] == generated["edl_hash"]
    assert undone.json()["segments"] == generated["segments"]


def test_a_render_of_a_timeline_that_is_undone_meanwhile_comes_to_its_end(
    caller: HttpCaller, photos: tuple[Path, ...], short_song: Song
) -> None:
    project, _ = _project(caller, photos[:2], short_song.path)
    edited = _edit(caller, project, {"lock": {"index": 0}})
    wish = {"job_type": "preview", "edl_hash": edited["edl_hash"]}

    job_id = caller.post(f"{project}/render", json=wish).json()["job_id"]
    caller.post(f"{project}/timeline/undo")
    _edit(caller, project, {"move": {"index": 0, "to": 1}})

    job = caller.ended(job_id)
    assert (job["status"], job["edl_hash"]) == ("complete", edited["edl_hash"]), job
    assert caller.post(f"{project}/render", json=wish).status_code == requests.codes.conflict
