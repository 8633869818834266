"""A render in the middle of which something happens: a kill, a more urgent wish, a deletion."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footage import Code, ffmpeg, find_cuts, read_codes
from oddities import IDS
from running import children_with
from servers import Deployment, HttpCaller, deployed, waited
from songs import Song

SETTINGS = {
    "output_width": 640,
    "output_height": 360,
    "beats_per_cut": 2,
    "fit": "blur",
    "ken_burns_enabled": False,
}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    """A deployment of the test's own, with a server and as yet no worker. One heavy job at a time,
    so that a film takes its chunks one after another."""
    with deployed(tmp_path, BEATSTITCH_HEAVY_SLOTS="1") as deployment:
        deployment.serve()
        yield deployment


def planned(place: Deployment, song: Song, media: tuple[Path, ...]) -> tuple[HttpCaller, str, str]:
    """A worker and somebody's project with a timeline: its owner, its path, the timeline's hash."""
    place.work()
    caller = place.caller()
    made = caller.post("/projects", json={"name": "Trip", "settings": SETTINGS})
    project = f"/projects/{made.json()['id']}"
    for medium in media:
        assert caller.upload(f"{project}/media", "files", medium).status_code == 201
    audio = caller.upload(f"{project}/audio", "file", song.path)
    assert caller.ended(audio.json()["analysis_job_id"])["status"] == "complete"
    assert waited(lambda: caller.media_ready(project))
    return caller, project, built(caller, project)


def built(caller: HttpCaller, project: str, **settings: object) -> str:
    """The hash of a timeline that is built with these settings besides the project's."""
    made = caller.post(f"{project}/timeline/generate", json={"settings": settings})
    assert caller.ended(made.json()["job_id"])["status"] == "complete"
    edl_hash: str = caller.get(f"{project}/timeline").json()["edl_hash"]
    return edl_hash


def rendered(caller: HttpCaller, project: str, edl_hash: str, job_type: str = "final") -> str:
    """The id of a render that was asked for."""
    wish = {"job_type": job_type, "edl_hash": edl_hash}
    answer = caller.post(f"{project}/render", json=wish)
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["job_id"]
    return job_id


def chunks(place: Deployment) -> dict[Path, int]:
    """The chunks that are in the storage, with what shows that one was written again."""
    found = place.data.glob("derived/*/chunks/*/*.mp4")
    return {path: path.stat().st_mtime_ns for path in found}


def test_a_worker_killed_in_the_middle_of_a_film_costs_at_most_the_chunk_in_hand(
    place: Deployment, song: Song, clips: tuple[Path, ...], tmp_path: Path
) -> None:
    caller, project, edl_hash = planned(place, song, clips)
    (_, worker) = place.processes
    job = rendered(caller, project, edl_hash)
    assert waited(lambda: len(chunks(place)) >= 3)

    worker.kill()
    worker.wait()
    assert waited(lambda: not list(children_with(str(place.data / "scratch"))), limit_s=2)
    kept = chunks(place)
    place.work()

    ended = caller.ended(job)
    assert ended["status"] == "complete", ended
    after = chunks(place)
    # Only the one whose file had its name when its row had not been committed.
    assert sum(after[path] != written for path, written in kept.items()) <= 1
    film = tmp_path / "film.mp4"
    film.write_bytes(caller.get(f"{project}/outputs/final").content)
    edl = caller.get(f"{project}/timeline").json()
    starts = [segment["timeline_in_frame"] for segment in edl["segments"]]
    assert find_cuts(read_codes(film)) == starts[1:]


def test_a_preview_overtakes_a_final_between_two_chunks(
    place: Deployment, song: Song, clips: tuple[Path, ...]
) -> None:
    caller, project, edl_hash = planned(place, song, clips)
    final = rendered(caller, project, edl_hash)
    assert waited(lambda: chunks(place))

    preview = rendered(caller, project, edl_hash, "preview")

    first, second = caller.ended(preview), caller.ended(final)
    assert first["status"] == second["status"] == "complete"
    assert first["completed_at"] < second["completed_at"]


def test_a_film_that_was_rendered_before_is_only_joined_again(
    place: Deployment, short_song: Song, photos: tuple[Path, ...]
) -> None:
    caller, project, edl_hash = planned(place, short_song, photos)
    first = caller.ended(rendered(caller, project, edl_hash))
    before = chunks(place)

    again = rendered(caller, project, edl_hash)

    assert first["status"] == caller.ended(again)["status"] == "complete"
    assert chunks(place) == before
    assert caller.get(f"/jobs?parent_id={again}").json()["items"] == []


def test_parts_of_a_film_that_were_damaged_are_made_anew(
    place: Deployment, short_song: Song, photos: tuple[Path, ...]
) -> None:
    caller, project, edl_hash = planned(place, short_song, photos)
    assert caller.ended(rendered(caller, project, edl_hash))["status"] == "complete"
    sound_and_whole = caller.get(f"{project}/outputs/final").content
    cut_short, changed, *_ = sorted(chunks(place))
    (song,) = place.data.glob("derived/*/songs/*.mp4")
    (pcm,) = place.data.glob("derived/*/audio/*.wav")
    cut_short.write_bytes(cut_short.read_bytes()[:-1000])
    for path in (changed, song, pcm):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    ended = caller.ended(rendered(caller, project, edl_hash))

    assert ended["status"] == "complete", ended
    assert caller.get(f"{project}/outputs/final").content == sound_and_whole


def test_a_part_of_a_film_whose_proof_is_gone_or_lies_is_made_anew(
    place: Deployment, short_song: Song, photos: tuple[Path, ...]
) -> None:
    caller, project, edl_hash = planned(place, short_song, photos)
    assert caller.ended(rendered(caller, project, edl_hash))["status"] == "complete"
    gone, lying, *_ = (path.with_suffix(".json") for path in sorted(chunks(place)))
    (song,) = place.data.glob("derived/*/songs/*.json")

    gone.unlink()
    song.write_text("{}")
    assert caller.ended(rendered(caller, project, edl_hash))["status"] == "complete"
    said = json.loads(lying.read_bytes())
    said["packets"][0]["hash"] = "0" * 32
    lying.write_text(json.dumps(said))
    gone.unlink()
    ended = caller.ended(rendered(caller, project, edl_hash))

    assert ended["status"] == "complete", ended


def test_a_clip_that_comes_short_is_measured_where_more_of_it_is_wished_for(
    place: Deployment, short_song: Song, clips: tuple[Path, ...], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    ffmpeg("-i", clips[0], "-c", "copy", "-movflags", "+faststart", broken)
    content = broken.read_bytes()
    # From here on its packets are all there, of the right size, and hold nothing.
    start = len(content) * 6 // 10
    broken.write_bytes(content[:start] + bytes(len(content) - start))
    caller, project, _ = planned(place, short_song, (broken, clips[1]))
    assert waited(lambda: "is damaged from" in notes(caller, project))
    around = caller.ended(rendered(caller, project, built(caller, project)))
    assert around["status"] == "complete", around
    first = caller.get(project).json()["media_assets"][0]["id"]
    wish = {"replace": {"index": 0, "media_asset_id": first, "source_in_ms": 1900}}
    edited = caller.post(f"{project}/timeline/edit", json=wish).json()["edl_hash"]

    failed = caller.ended(rendered(caller, project, edited))

    assert failed["status"] == "failed"
    assert "A clip in it breaks off before its file says" in failed["error_message"]
    assert waited(lambda: "breaks off at" in notes(caller, project))
    assert caller.get(f"{project}/timeline").json()["stale_reason"] is not None
    ended = caller.ended(rendered(caller, project, built(caller, project)))
    assert ended["status"] == "complete", ended


def test_a_film_of_a_photo_whose_file_is_gone_fails_with_its_name(
    place: Deployment, short_song: Song, photos: tuple[Path, ...]
) -> None:
    caller, project, edl_hash = planned(place, short_song, photos[:1])
    for file in (*place.data.glob("derived/*/media/*.jpg"), *place.data.glob("uploads/*/media/*")):
        file.unlink()

    ended = caller.ended(rendered(caller, project, edl_hash))

    assert ended["status"] == "failed"
    assert ended["error_message"].startswith(f"{photos[0].name} can't be shown: its file is gone")


def test_a_film_of_a_song_whose_file_is_gone_fails_with_its_name(
    place: Deployment, short_song: Song, photos: tuple[Path, ...]
) -> None:
    caller, project, edl_hash = planned(place, short_song, photos[:1])
    for file in (*place.data.glob("derived/*/audio/*.wav"), *place.data.glob("uploads/*/audio/*")):
        file.unlink()

    ended = caller.ended(rendered(caller, project, edl_hash))

    assert (ended["status"], ended["error_code"]) == ("failed", "source_missing")
    assert ended["error_message"].startswith(f"{short_song.path.name} can't be heard: its file")


def test_a_film_of_a_clip_whose_file_was_changed_fails_with_its_name(
    place: Deployment, short_song: Song, clips: tuple[Path, ...], oddity: Callable[[str], Path]
) -> None:
    moving = oddity("animated.webp")
    caller, project, edl_hash = planned(place, short_song, (clips[0], moving))
    (shown,) = (
        a for a in caller.get(project).json()["media_assets"] if a["filename"] == moving.name
    )
    assert (shown["media_type"], shown["duration_ms"]) == ("video", 30_000)
    (working_copy,) = place.data.glob("derived/*/media/*.mov")
    working_copy.write_bytes(bytes(working_copy.stat().st_size))
    first = caller.ended(rendered(caller, project, edl_hash))
    (stored,) = place.data.glob("uploads/*/media/*.mp4")
    stored.write_bytes(stored.read_bytes()[::-1])

    assert first["status"] == "complete", first
    edl_hash = built(caller, project, pulse=0.1)
    ended = caller.ended(rendered(caller, project, edl_hash))

    assert (ended["status"], ended["error_code"]) == ("failed", "source_changed")
    assert ended["error_message"].startswith(f"{clips[0].name} isn't what was uploaded any more")


def test_a_clip_without_keyframes_is_coded_anew_before_it_is_shown_again_and_again(
    place: Deployment, song: Song, oddity: Callable[[str], Path], tmp_path: Path
) -> None:
    caller, project, _ = planned(place, song, (oddity("one_gop.mp4"), oddity("photo.jpg")))
    edl_hash = built(caller, project, beats_per_cut=1)
    clip = caller.get(project).json()["media_assets"][0]["id"]
    segments = caller.get(f"{project}/timeline").json()["segments"]
    places = [i for i, segment in enumerate(segments) if segment["media_asset_id"] == clip]
    for number, place_in_film in enumerate(places):
        part = {"index": place_in_film, "source_in_ms": 9000 - 500 * number}
        wish = {"replace": {"media_asset_id": clip, **part}}
        edl_hash = caller.post(f"{project}/timeline/edit", json=wish).json()["edl_hash"]

    ended = caller.ended(rendered(caller, project, edl_hash))

    assert ended["status"] == "complete", ended
    assert len([*place.data.glob("derived/*/mezzanines/*/*.mov")]) == 1
    film = tmp_path / "film.mp4"
    film.write_bytes(caller.get(f"{project}/outputs/final").content)
    codes = read_codes(film)
    begun = [codes[segments[i]["timeline_in_frame"]] for i in places]
    assert begun == [Code(IDS["one_gop.mp4"], 270 - 15 * number) for number in range(len(places))]


def notes(caller: HttpCaller, project: str) -> str:
    """What is said of the project's media, when none is being looked at."""
    items = caller.get(project).json()["media_assets"]
    if any(item["processing_status"] != "ready" for item in items):
        return ""
    return " ".join(item["processing_error"] or "" for item in items)


def test_a_project_deleted_in_the_middle_of_its_film_leaves_no_file(
    place: Deployment, song: Song, clips: tuple[Path, ...]
) -> None:
    caller, project, edl_hash = planned(place, song, clips)
    rendered(caller, project, edl_hash)
    assert waited(lambda: chunks(place))

    assert caller.delete(project).status_code == 204

    assert caller.get(project).status_code == 404
    assert waited(lambda: not list(children_with(str(place.data / "scratch"))), limit_s=10)
    name = project.rsplit("/", 1)[1]
    assert waited(lambda: not [p for p in place.data.glob(f"*/{name}/**/*") if p.is_file()], 20)
