"""The song: its upload, its analysis, its beats."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import backstage
from beatstitch.db import audio
from beatstitch.db.jobs import Job
from callers import JPEG, WAV, Caller, forget_settings, refused, stored

ALL_KEYS = {
    "id",
    "filename",
    "duration_ms",
    "sample_rate",
    "file_size",
    "analysis_status",
    "analysis_job_id",
    "message",
}


def test_a_song_is_heard_as_soon_as_it_is_uploaded(anna: Caller, deployment: Path) -> None:
    project = anna.project()

    made = anna.upload(f"{project}/audio", ("song.wav", WAV), field="file")

    body = made.json
    assert made.status_code == 202
    assert set(body) == ALL_KEYS
    assert body["message"] == "Audio uploaded, beat analysis started"
    assert (body["analysis_status"], body["duration_ms"], body["sample_rate"]) == (
        "queued",
        None,
        None,
    )
    assert made.headers["Location"] == f"/api/jobs/{body['analysis_job_id']}"
    job = Job.get_by_id(body["analysis_job_id"])
    assert (job.kind, job.args["audio_track_id"]) == ("beat_analysis", body["id"])
    project_id = project.rpartition("/")[2]
    assert stored(deployment) == [f"uploads/{project_id}/audio/{body['id']}.wav"]


def test_another_song_takes_the_place_of_the_first(anna: Caller, deployment: Path) -> None:
    project = anna.project()
    first = anna.song(project)

    second = anna.song(project)

    assert anna.get(project).json["audio_track"]["id"] == second["id"]
    assert anna.get(f"/jobs/{first['analysis_job_id']}").json["status"] == "cancelled"
    assert anna.get(f"/jobs/{second['analysis_job_id']}").json["status"] == "queued"
    assert [Path(name).stem for name in stored(deployment)] == [second["id"]]


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("song.mp3", JPEG, 415, "wrong_kind"),
        ("song.mp3", b"", 422, "empty_file"),
        ("song.mp3", b"#EXTM3U\nhttp://example.com/a.mp3\n", 415, "playlist"),
        ("song.mid", b"MThd\0\0\0\x06", 415, "unsupported_media"),
    ],
)
def test_what_is_no_song_is_refused_and_the_old_one_stays(
    anna: Caller, deployment: Path, name: str, data: bytes, status: int, code: str
) -> None:
    project = anna.project()
    song = anna.song(project)
    before = stored(deployment)

    refused(anna.upload(f"{project}/audio", (name, data), field="file"), status, code)

    assert stored(deployment) == before
    assert anna.get(project).json["audio_track"]["id"] == song["id"]


def test_a_song_over_its_limit_says_what_the_limit_is(
    anna: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEATSTITCH_MAX_AUDIO_BYTES", "100")
    forget_settings()

    answer = anna.upload(f"{anna.project()}/audio", ("song.wav", WAV), field="file")

    assert refused(answer, 413, "file_too_large")["details"] == {"max_size_bytes": 100}


def test_a_project_has_one_song(anna: Caller) -> None:
    answer = anna.upload(f"{anna.project()}/audio", ("a.wav", WAV), ("b.wav", WAV), field="file")

    assert refused(answer, 422, "validation_error")["detail"][0]["loc"] == ["body", "file"]


def test_the_song_comes_back_in_ranges(anna: Caller) -> None:
    project = anna.project()
    anna.song(project)

    part = anna.get(f"{project}/audio/file", headers={"Range": "bytes=4-9"})

    assert (part.status_code, part.data) == (206, WAV[4:10])
    assert part.mimetype == "audio/wav"


def test_the_waveform_is_202_until_it_is_made_and_404_if_that_failed(anna: Caller) -> None:
    project = anna.project()
    refused(anna.get(f"{project}/audio/peaks"), 404, "not_found")
    job_id = anna.song(project)["analysis_job_id"]

    waiting = anna.get(f"{project}/audio/peaks")

    assert (waiting.status_code, waiting.json["job_id"]) == (202, job_id)
    backstage.failed(job_id)
    assert (
        "analyse it again"
        in refused(anna.get(f"{project}/audio/peaks"), 404, "not_found")["message"]
    )


def test_the_waveform_is_a_file_with_a_tag_that_stays_while_the_song_is_heard_again(
    anna: Caller, ready_project: str
) -> None:
    outline = {
        "version": "1.0",
        "sample_rate": 44_100,
        "duration_ms": 17_000,
        "levels": [{"samples_per_point": 512, "min": [-3, -128], "max": [4, 127]}],
    }
    project_id = ready_project.rpartition("/")[2]
    track = audio.of_project(project_id)
    assert track is not None
    key = f"derived/{project_id}/audio/{track.id}.peaks.json"
    backstage.lay(key, json.dumps(outline).encode())
    audio.set_columns(track.id, peaks_key=key)
    anna.post(f"{ready_project}/audio/analyze")

    shown = anna.get(f"{ready_project}/audio/peaks")
    again = anna.get(
        f"{ready_project}/audio/peaks", headers={"If-None-Match": shown.headers["ETag"]}
    )

    assert (shown.status_code, shown.mimetype, shown.json) == (200, "application/json", outline)
    assert again.status_code == 304


def test_the_waveform_of_a_strangers_song_is_not_found(
    anna: Caller, ben: Caller, ready_project: str
) -> None:
    refused(ben.get(f"{ready_project}/audio/peaks"), 404, "not_found")


def test_the_beats_are_202_while_they_are_heard(anna: Caller) -> None:
    project = anna.project()
    job_id = anna.song(project)["analysis_job_id"]

    answer = anna.get(f"{project}/audio/beats")

    assert answer.status_code == 202
    assert answer.json == {
        "job_id": job_id,
        "status": "queued",
        "progress_percent": 0,
        "progress_message": None,
    }


def test_the_beats_are_the_grid_once_they_are_heard(anna: Caller, ready_project: str) -> None:
    answer = anna.get(f"{ready_project}/audio/beats")

    grid = answer.json
    assert answer.status_code == 200
    assert (grid["bpm"], grid["version"], grid["time_signature"]) == (120.0, "1.0", "4/4")
    assert [beat["time_ms"] for beat in grid["beats"][:3]] == [0, 500, 1000]
    assert grid["beats"][1]["is_downbeat"]
    assert grid["measures"][0]["beat_count"] == 4
    status = anna.get(f"{ready_project}/beats/status").json
    assert (status["audio_uploaded"], status["analysis_status"]) == (True, "complete")
    assert (status["bpm"], status["total_beats"]) == (120.0, len(grid["beats"]))


def test_beats_that_could_not_be_heard_say_why(anna: Caller) -> None:
    project = anna.project()
    song = anna.song(project)
    backstage.failed(song["analysis_job_id"])
    audio.set_columns(song["id"], analysis_status="failed", analysis_error="It is all silence.")

    body = refused(anna.get(f"{project}/audio/beats"), 404, "not_found")

    assert "It is all silence." in body["message"]
    assert anna.get(f"{project}/beats/status").json["analysis_status"] == "failed"


def test_without_a_song_there_are_no_beats(anna: Caller) -> None:
    project = anna.project()

    body = refused(anna.get(f"{project}/audio/beats"), 404, "not_found")
    refused(anna.post(f"{project}/audio/analyze"), 404, "not_found")

    assert body["details"]["resource_type"] == "audio"
    assert anna.get(f"{project}/beats/status").json["audio_uploaded"] is False


def test_a_song_is_heard_again_on_request(anna: Caller, ready_project: str) -> None:
    wish = {"detector": "librosa", "bpm_hint": 90, "metre": 3}

    started = anna.post(f"{ready_project}/audio/analyze", wish)
    again = anna.post(f"{ready_project}/audio/analyze", wish)

    job_id = started.json["job_id"]
    assert started.status_code == 202
    assert Job.get_by_id(job_id).args | wish == Job.get_by_id(job_id).args
    assert refused(again, 409, "conflict")["details"]["existing_job_id"] == job_id
    assert anna.get(f"{ready_project}/beats/status").json["analysis_status"] == "queued"


@pytest.mark.parametrize(
    "wrong",
    [{"detector": "ears"}, {"bpm_hint": 10}, {"bpm_hint": "90"}, {"metre": 1}, {"loud": True}],
    ids=str,
)
def test_a_bad_wish_for_an_analysis_is_refused(
    anna: Caller, ready_project: str, wrong: dict[str, object]
) -> None:
    answer = anna.post(f"{ready_project}/audio/analyze", wrong)

    body = refused(answer, 422, "validation_error")
    assert body["detail"][0]["loc"] == ["body", next(iter(wrong))]


def test_another_song_makes_the_timeline_stale(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    with_timeline(ready_project)

    anna.song(ready_project)

    timeline = anna.get(f"{ready_project}/timeline").json
    assert timeline["stale_reason"] == "The song has changed."
