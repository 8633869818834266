"""Grids and edits that can't be taken: each is refused by its place, and nothing changes."""

import json
from typing import Any

import pytest

from beatstitch.db.audio import BeatGridVersion
from callers import Caller, refused

SHIFT = {"shift": {"ms": -20}}


def _beats(caller: Caller, project: str) -> dict[str, Any]:
    answer = caller.get(f"{project}/audio/beats")
    assert answer.status_code == 200, answer.text
    grid: dict[str, Any] = answer.json
    return grid


@pytest.mark.parametrize(
    ("wrong", "code", "place"),
    [
        ({"beats": []}, "validation_error", ["beats"]),
        ({"bpm": 5}, "validation_error", ["bpm"]),
        ({"bpm": "120"}, "validation_error", ["bpm"]),
        ({"loudness": 3}, "validation_error", ["loudness"]),
        ({"time_signature": "<b>"}, "validation_error", ["time_signature"]),
        ({"duration_ms": 12_000}, "other_song", ["duration_ms"]),
        ({"audio_file_checksum": "sha256:0"}, "other_song", ["audio_file_checksum"]),
        ({"beats.1.time_ms": 16_999_999}, "validation_error", ["beats", 1, "time_ms"]),
        ({"beats.33.time_ms": 17_001}, "beat_outside_song", ["beats", 33, "time_ms"]),
        ({"beats.1.time_ms": 1000}, "bad_beat_grid", []),
        ({"beats.1.time_ms": 1e308}, "validation_error", ["beats", 1, "time_ms"]),
        ({"beats.2.beat_number": 4}, "bad_beat_grid", ["beats", 2, "beat_number"]),
        ({"beats.2.is_downbeat": True}, "validation_error", ["beats", 2]),
        ({"beats.2.confidence": 1.5}, "validation_error", ["beats", 2, "confidence"]),
        ({"beat_energy": {"kick": []}}, "validation_error", ["beat_energy", "snare"]),
        (
            {"beat_energy": {"kick": [0.5], "snare": [], "hat": [], "loudness": []}},
            "bad_beat_energy",
            ["beat_energy", "kick"],
        ),
        (
            {"sections": [{"label": "verse", "start_ms": 0, "end_ms": 1000}]},
            "validation_error",
            ["sections", 0, "label"],
        ),
        (
            {"sections": [{"label": "low", "start_ms": 0, "end_ms": 17_001}]},
            "bad_sections",
            ["sections", 0],
        ),
    ],
    ids=str,
)
def test_a_grid_that_cannot_be_this_songs_is_refused_by_its_place(
    anna: Caller, ready_project: str, wrong: dict[str, Any], code: str, place: list[str | int]
) -> None:
    before = _beats(anna, ready_project)
    grid = json.loads(json.dumps(before))
    for field, value in wrong.items():
        *way, last = (int(step) if step.isdecimal() else step for step in field.split("."))
        holder: Any = grid
        for step in way:
            holder = holder[step]
        holder[last] = value

    body = refused(anna.call("PUT", f"{ready_project}/audio/beats", json=grid), 422, code)

    assert body["detail"][0]["loc"] == ["body", *place]
    assert _beats(anna, ready_project) == before


@pytest.mark.parametrize(
    ("edit", "code", "place"),
    [
        ({}, "bad_edit", []),
        ({"shift": None}, "bad_edit", []),
        ({**SHIFT, "delete_beat": {"index": 1}}, "bad_edit", []),
        ({"stretch": {"factor": 2}}, "validation_error", ["stretch"]),
        ({"shift": {"ms": "20"}}, "validation_error", []),
        ({"shift": {"ms": True}}, "validation_error", []),
        ({"shift": {"ms": 1e300}}, "validation_error", ["shift", "ms"]),
        ({"shift": {"ms": 17_000}}, "too_few_beats", []),
        ({"scale": {"factor": 3}}, "validation_error", ["scale", "factor"]),
        ({"tap": {"times_ms": [1, 2]}}, "too_few_taps", ["tap", "times_ms"]),
        ({"delete_beat": {"index": 10**6}}, "no_such_beat", ["delete_beat", "index"]),
        ({"delete_beat": {"index": -1}}, "validation_error", ["delete_beat", "index"]),
        ({"add_beat": {"time_ms": 17_000}}, "beat_outside_song", ["add_beat", "time_ms"]),
        ({"add_beat": {"time_ms": 501}}, "beats_too_close", ["add_beat", "time_ms"]),
    ],
    ids=str,
)
def test_an_edit_that_makes_no_sense_is_refused_by_its_place(
    anna: Caller, ready_project: str, edit: dict[str, object], code: str, place: list[str]
) -> None:
    body = refused(anna.post(f"{ready_project}/audio/beats/edit", edit), 422, code)

    assert body["detail"][0]["loc"] == ["body", *place]
    assert BeatGridVersion.select().count() == 1


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_json(anna: Caller, ready_project: str, number: str) -> None:
    edit = f'{{"shift": {{"ms": {number}}}}}'
    grid = f'{{"beats": [], "duration_ms": {number}, "bpm": 120}}'
    kind = "application/json"

    one = anna.call("POST", f"{ready_project}/audio/beats/edit", data=edit, content_type=kind)
    whole = anna.call("PUT", f"{ready_project}/audio/beats", data=grid, content_type=kind)

    refused(one, 400, "malformed_json")
    refused(whole, 400, "malformed_json")


def test_a_grid_of_some_megabytes_is_read_and_a_larger_one_is_not(
    anna: Caller, ready_project: str
) -> None:
    grid = json.dumps(_beats(anna, ready_project)).encode()
    address, kind = f"{ready_project}/audio/beats", "application/json"

    full = anna.call("PUT", address, data=grid.ljust(6_500_000), content_type=kind)
    over = anna.call("PUT", address, data=grid.ljust(10_000_000), content_type=kind)

    assert full.status_code == 200, full.text
    body = refused(over, 413, "file_too_large")
    assert body["details"] == {"max_size_bytes": 6_500_000}


def test_an_edit_keeps_to_the_size_of_other_bodies(anna: Caller, ready_project: str) -> None:
    edit = json.dumps(SHIFT).encode().ljust(10_000_000)

    answer = anna.call(
        "POST", f"{ready_project}/audio/beats/edit", data=edit, content_type="application/json"
    )

    assert refused(answer, 413, "file_too_large")["details"] == {"max_size_bytes": 1_000_000}


@pytest.mark.parametrize("given", ["", "nonsense", '"', 'W/"x"', '"a", "b"'])
def test_a_tag_that_was_never_given_out_is_412(
    anna: Caller, ready_project: str, given: str
) -> None:
    answer = anna.post(f"{ready_project}/audio/beats/edit", SHIFT, headers={"If-Match": given})

    refused(answer, 412, "stale")
