"""A person's beats in place of those that were heard: whole grids, edits, and the way back."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import backstage
from beatstitch.db import audio
from beatstitch.db.audio import BeatGridVersion
from beatstitch.db.jobs import Job
from callers import Caller, refused

SHIFT = {"shift": {"ms": -20}}


def _beats(caller: Caller, project: str) -> dict[str, Any]:
    answer = caller.get(f"{project}/audio/beats")
    assert answer.status_code == 200, answer.text
    grid: dict[str, Any] = answer.json
    return grid


def _put(caller: Caller, project: str, grid: object, **headers: str) -> Any:
    return caller.call("PUT", f"{project}/audio/beats", headers=headers, json=grid)


def _times(grid: dict[str, Any]) -> list[float]:
    return [beat["time_ms"] for beat in grid["beats"]]


def test_an_edit_answers_the_new_grid_and_it_stays(anna: Caller, ready_project: str) -> None:
    before = _beats(anna, ready_project)

    edited = anna.post(f"{ready_project}/audio/beats/edit", SHIFT)

    assert edited.status_code == 200, edited.text
    assert _times(edited.json)[:2] == [480, 980]
    assert (edited.json["analyzer"], edited.json["verdict"]) == ("user", "high")
    assert edited.json["audio_file_checksum"] == before["audio_file_checksum"]
    assert _beats(anna, ready_project) == edited.json
    assert anna.get(f"{ready_project}/beats/status").json["total_beats"] == len(before["beats"]) - 1


@pytest.mark.parametrize(
    "edit",
    [
        {"scale": {"factor": 2}},
        {"scale": {"factor": 0.5}},
        {"shift_bar": {"beats": 1}},
        {"set_downbeat": {"index": 2, "metre": 3}},
        {"tap": {"times_ms": [1000, 1600, 2200, 2800, 3400, 4000, 4600, 5200]}},
        {"manual": {"bpm": 90, "offset_ms": 250, "metre": 3}},
        {"piecewise": {"tempi": [{"from_ms": 0, "bpm": 100}, {"from_ms": 6000, "bpm": 140}]}},
        {"add_beat": {"time_ms": 750}},
        {"move_beat": {"index": 1, "time_ms": 510.5}},
        {"delete_beat": {"index": 3}},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_every_edit_changes_the_beats_and_can_be_handed_in_whole(
    anna: Caller, ready_project: str, edit: dict[str, object]
) -> None:
    before = _beats(anna, ready_project)

    edited = anna.post(f"{ready_project}/audio/beats/edit", edit)

    assert edited.status_code == 200, edited.text
    assert edited.json["beats"] != before["beats"]
    assert _put(anna, ready_project, edited.json).json == edited.json


SECTIONS = [
    {"label": "low", "start_ms": 0, "end_ms": 8000, "energy": 0.1},
    {"label": "drop", "start_ms": 8000, "end_ms": 17_000, "energy": 0.9},
]


def _with_sound(caller: Caller, project: str) -> dict[str, Any]:
    """The grid with sections, and kicks and snares by turns."""
    grid = _beats(caller, project)
    numbers = [beat["beat_number"] for beat in grid["beats"]]
    energy = {
        "kick": [float(number % 2) for number in numbers],
        "snare": [float(number % 2 == 0) for number in numbers],
        "hat": [0.5] * len(numbers),
        "loudness": [0.75] * len(numbers),
    }
    answer = _put(caller, project, {**grid, "sections": SECTIONS, "beat_energy": energy})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json
    assert (shown["sections"], shown["beat_energy"]) == (SECTIONS, energy)
    return shown


def test_sections_stay_and_energy_follows_the_beats_of_an_edit(
    anna: Caller, ready_project: str
) -> None:
    before = _with_sound(anna, ready_project)

    edited = anna.post(f"{ready_project}/audio/beats/edit", {"delete_beat": {"index": 1}}).json

    assert edited["sections"] == SECTIONS
    kick = before["beat_energy"]["kick"]
    assert edited["beat_energy"]["kick"] == [kick[0], *kick[2:]]


def test_a_grid_handed_in_without_sections_and_energy_keeps_those_of_the_song(
    anna: Caller, ready_project: str
) -> None:
    before = _with_sound(anna, ready_project)
    halved = [beat for beat in before["beats"] if beat["beat_number"] % 2]
    beats = [{"time_ms": beat["time_ms"], "beat_number": 1} for beat in halved]

    given = {"beats": beats, "duration_ms": before["duration_ms"], "bpm": 60}
    after = _put(anna, ready_project, given).json

    assert after["sections"] == SECTIONS
    assert set(after["beat_energy"]["kick"]) == {1.0}
    assert len(after["beat_energy"]["hat"]) == len(beats)


def test_a_shift_is_undone_by_going_back_to_what_was_heard(
    anna: Caller, ready_project: str
) -> None:
    first = anna.get(f"{ready_project}/audio/beats")
    anna.post(f"{ready_project}/audio/beats/edit", SHIFT)
    anna.post(f"{ready_project}/audio/beats/edit", {"scale": {"factor": 2}})

    reverted = anna.post(f"{ready_project}/audio/beats/revert")

    assert reverted.status_code == 200
    assert reverted.json == first.json == _beats(anna, ready_project)
    assert reverted.headers["ETag"] == first.headers["ETag"]
    assert anna.get(ready_project).json["audio_track"]["bpm"] == 120.0


def test_a_grid_is_a_file_under_its_hash_and_earlier_ones_are_kept(
    anna: Caller, ready_project: str, deployment: Path
) -> None:
    anna.post(f"{ready_project}/audio/beats/edit", SHIFT)
    anna.post(f"{ready_project}/audio/beats/edit", SHIFT)

    versions = list(BeatGridVersion.select().order_by(BeatGridVersion.version))
    assert [(v.origin, v.is_current) for v in versions] == [
        ("analysed", False),
        ("user", False),
        ("user", True),
    ]
    for version in versions[1:]:
        data = (deployment / version.storage_key).read_bytes()
        assert hashlib.sha256(data).hexdigest() == version.checksum
        assert Path(version.storage_key).stem == version.checksum
    assert not list((deployment / "incoming").iterdir())


def test_the_current_grid_lies_beside_the_others(
    anna: Caller, ready_project: str, deployment: Path
) -> None:
    shown = deployment / "derived" / ready_project.rpartition("/")[2] / "beats.json"

    anna.post(f"{ready_project}/audio/beats/edit", SHIFT)
    assert json.loads(shown.read_text())["beats"][0]["time_ms"] == 480

    anna.post(f"{ready_project}/audio/beats/revert")
    assert json.loads(shown.read_text())["beats"][0]["time_ms"] == 0


def test_a_whole_grid_needs_beats_a_length_and_a_tempo(anna: Caller, ready_project: str) -> None:
    beats = [{"time_ms": 100.25 + 600 * i, "beat_number": i % 3 + 1} for i in range(20)]
    heard = _beats(anna, ready_project)

    answer = _put(
        anna,
        ready_project,
        {"beats": beats, "duration_ms": 17_000, "bpm": 100, "beats_per_bar": 3},
    )

    assert answer.status_code == 200, answer.text
    assert _times(answer.json) == [beat["time_ms"] for beat in beats]
    assert [bar["beat_count"] for bar in answer.json["measures"]][:2] == [3, 3]
    assert (answer.json["bpm"], answer.json["analyzer"]) == (100, "user")
    for fact in ("audio_file_checksum", "sample_rate", "analyzed_at", "duration_ms"):
        assert answer.json[fact] == heard[fact]


def test_a_change_of_beats_that_have_changed_meanwhile_is_412(
    anna: Caller, ready_project: str
) -> None:
    read = anna.get(f"{ready_project}/audio/beats")
    known = {"If-Match": read.headers["ETag"]}

    first = anna.post(f"{ready_project}/audio/beats/edit", SHIFT, headers=known)
    again = anna.post(f"{ready_project}/audio/beats/edit", SHIFT, headers=known)
    whole = _put(anna, ready_project, read.json, **known)
    back = anna.post(f"{ready_project}/audio/beats/revert", headers=known)

    assert first.status_code == 200
    for late in (again, whole, back):
        refused(late, 412, "stale")
    assert _beats(anna, ready_project) == first.json
    known = {"If-Match": first.headers["ETag"]}
    assert anna.post(f"{ready_project}/audio/beats/edit", SHIFT, headers=known).status_code == 200


def test_edits_at_the_same_time_are_all_made(anna: Caller, ready_project: str) -> None:
    edit = {"shift": {"ms": 10}}

    with ThreadPoolExecutor(4) as people:
        done = list(
            people.map(
                lambda _: anna.post(f"{ready_project}/audio/beats/edit", edit).status_code,
                range(8),
            )
        )

    assert done == [200] * 8
    assert _times(_beats(anna, ready_project))[:2] == [80, 580]


def test_beats_that_are_being_heard_cannot_be_changed(anna: Caller, ready_project: str) -> None:
    grid = _beats(anna, ready_project)
    job_id = anna.post(f"{ready_project}/audio/analyze").json["job_id"]

    answers = [
        _put(anna, ready_project, grid),
        anna.post(f"{ready_project}/audio/beats/edit", SHIFT),
        anna.post(f"{ready_project}/audio/beats/revert"),
    ]

    for answer in answers:
        assert refused(answer, 409, "conflict")["details"]["existing_job_id"] == job_id


def test_beats_that_were_never_heard_cannot_be_changed(anna: Caller) -> None:
    project = anna.project()
    song = anna.song(project)
    backstage.failed(song["analysis_job_id"])
    audio.set_columns(song["id"], analysis_status="failed", analysis_error="It is all silence.")

    refused(anna.post(f"{project}/audio/beats/edit", SHIFT), 400, "precondition_failed")
    refused(anna.post(f"{project}/audio/beats/revert"), 400, "precondition_failed")


def test_without_a_song_and_in_foreign_projects_there_is_nothing_to_change(
    anna: Caller, ben: Caller, ready_project: str
) -> None:
    grid = _beats(anna, ready_project)
    for caller, project in ((ben, ready_project), (anna, anna.project())):
        refused(_put(caller, project, grid), 404, "not_found")
        refused(caller.post(f"{project}/audio/beats/edit", SHIFT), 404, "not_found")
        refused(caller.post(f"{project}/audio/beats/revert"), 404, "not_found")


def test_a_timeline_on_older_beats_is_stale_until_they_are_back(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    with_timeline(ready_project)

    anna.post(f"{ready_project}/audio/beats/edit", SHIFT)
    edited = anna.get(f"{ready_project}/timeline").json
    anna.post(f"{ready_project}/audio/beats/revert")
    reverted = anna.get(f"{ready_project}/timeline").json

    assert (edited["stale"], edited["stale_reason"]) == (
        True,
        "The beats of the song have changed.",
    )
    assert (reverted["stale"], reverted["stale_reason"]) == (False, None)


def test_a_timeline_is_cut_on_the_edited_beats(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    with_timeline(ready_project)
    anna.post(f"{ready_project}/audio/beats/edit", {"shift": {"ms": 37}})

    with_timeline(ready_project)

    timeline = anna.get(f"{ready_project}/timeline").json
    assert not timeline["stale"]
    assert timeline["segments"][1]["timeline_in_ms"] % 500 == 37
    assert Job.select().where(Job.kind == "timeline_build").count() == 2
