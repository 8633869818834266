"""Every attack that is known, sent as a person would send it: what becomes of each is a manifest.

One server, one worker with all its kinds; afterwards both are as they were.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image, ImageStat

import attacks
from servers import Deployment, HttpCaller, deployed, waited

SONGS = {".mp3", ".flac", ".aac", ".wav"}

REFUSED = {
    **dict.fromkeys(("dash.mp4", "hls.mp4", "hls.m3u8", "concat.mp4"), "playlist"),
    **dict.fromkeys(("subfile.mp4", "crypto.ts", "gopher.mov", "http.mkv"), "playlist"),
    **dict.fromkeys(("sdp.mp4", "terminal.ans", "terminal.txt"), "text_file"),
    **dict.fromkeys(("svg.svg", "svg.jpg", "postscript.jpg"), "drawing"),
    **dict.fromkeys(("tracker.mp3", "nes.mp3"), "tracker_music"),
    "archive.jpg": "archive",
    "program.mp4": "program",
}
"""By its first bytes, before anything opens it."""
FAILED = {
    **dict.fromkeys(("pixels.png", "pixels.mov", "lying.png", "lying.jpg"), "too_many_pixels"),
    **dict.fromkeys(("lying.gif", "long_text.png"), "corrupt_media"),
    **dict.fromkeys(("gab2.avi", "nested.mp4", "huge_box.mp4"), "no_video_stream"),
    **dict.fromkeys(("long.flac", "long.aac"), "song_too_long"),
    "many_frames.gif": "animation_too_large",
    "magicyuv.avi": "decoder_refused",
    "many_tracks.mp4": "too_many_streams",
    "many_channels.wav": "ffmpeg_failed",
    "apart.mkv": "clip_too_long",
}
"""By the job that looked at it behind its walls, at the first attempt."""
HARMLESS = {"dref.mov", "edits.mp4", "talker.mp4", "page.png"}
"""Taken for the honest part of it."""


class Sent(NamedTuple):
    """What an attack came to: its code, or "complete"; the whole answer; its asset, if any."""

    came_to: str
    answer: str
    asset: str | None


class Siege(NamedTuple):
    """A deployment and all that was sent to it."""

    place: Deployment
    caller: HttpCaller
    sent: dict[str, Sent]


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    """Everything sent, and every job ended."""
    folder = tmp_path_factory.mktemp("siege")
    with deployed(folder / "here") as place:
        place.serve()
        place.work()
        caller = place.caller()
        project = _project(caller)
        sent = {}
        for name in attacks.ATTACKS:
            path = attacks.make(name, folder)
            # A project has one song at a time, so each has a project of its own.
            sent[name] = _send(caller, _project(caller) if path.suffix in SONGS else project, path)
        assert waited(lambda: caller.media_ready(project))
        for name, what in sent.items():
            if what.came_to == "":
                sent[name] = _ended(caller, what)
        yield Siege(place, caller, sent)


def _project(caller: HttpCaller) -> str:
    return f"/projects/{caller.post('/projects', json={'name': 'Siege'}).json()['id']}"


def _send(caller: HttpCaller, project: str, path: Path) -> Sent:
    if path.suffix in SONGS:
        answer = caller.upload(f"{project}/audio", "file", path)
        body = answer.json()
        return Sent(body.get("error", ""), str(body.get("analysis_job_id", body)), None)
    body = caller.upload(f"{project}/media", "files", path).json()
    if body["failed"]:
        return Sent(body["failed"][0]["error"], str(body), None)
    asset = body["uploaded"][0]["id"]
    jobs = caller.get("/jobs?limit=1&job_type=media_processing").json()["items"]
    return Sent("", jobs[0]["id"], asset)


def _ended(caller: HttpCaller, what: Sent) -> Sent:
    job = caller.ended(what.answer)
    return Sent(job["error_code"] or job["status"], str(job), what.asset)


@pytest.mark.parametrize("name", attacks.ATTACKS)
def test_an_attack_comes_to_what_the_manifest_says(siege: Siege, name: str) -> None:
    expected = REFUSED.get(name) or FAILED.get(name) or "complete"

    assert siege.sent[name].came_to == expected
    assert (expected == "complete") == (name in HARMLESS)


def test_no_answer_names_a_place_or_repeats_what_a_file_said(siege: Siege) -> None:
    said = " ".join(what.answer for what in siege.sent.values())

    assert "<script>" not in said
    assert str(siege.place.folder.parent) not in said
    assert "/usr/" not in said


def test_nobody_elses_film_is_in_what_was_made(siege: Siege) -> None:
    asset = siege.sent["dref.mov"].asset
    picture = siege.caller.get(f"/media/{asset}/thumbnail")

    red, green, blue = ImageStat.Stat(Image.open(io.BytesIO(picture.content)).convert("RGB")).mean

    assert picture.status_code == 200
    assert not (red > 200 and green < 60 and blue < 60)


def test_afterwards_all_is_as_it_was(siege: Siege) -> None:
    checks = siege.place.health()["checks"]

    assert checks["workers"] == {"status": "healthy", "alive": 1}
    assert checks["queue"]["depth"] == 0
    assert "worker_lost" not in siege.place.log("worker")
    assert "Traceback" not in siege.place.log("serve")
    assert "0 are wrong" in siege.place.admin("storage", "verify").out
