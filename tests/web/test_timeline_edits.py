"""Edits of a timeline by HTTP: what they answer, that they last, and the way back."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import backstage
from beatstitch.db import media
from beatstitch.db.timelines import Timeline
from beatstitch.timeline import edl
from callers import WAV, Caller, refused

MOVE = {"move": {"index": 0, "to": 1}}


@pytest.fixture
def project(ready_project: str, with_timeline: Callable[[str], str]) -> str:
    """Two photos that take turns over 17 s."""
    with_timeline(ready_project)
    return ready_project


def read(caller: Caller, project: str) -> dict[str, Any]:
    answer = caller.get(f"{project}/timeline")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json
    return shown


def edit(caller: Caller, project: str, wish: object, **headers: str) -> Any:
    return caller.post(f"{project}/timeline/edit", wish, headers=headers)


def put(caller: Caller, project: str, body: object, **headers: str) -> Any:
    return caller.call("PUT", f"{project}/timeline", headers=headers, json=body)


def seen(timeline: dict[str, Any]) -> list[tuple[int, str]]:
    return [(s["id"], s["media_asset_id"]) for s in timeline["segments"]]


def test_an_edit_answers_the_new_timeline_and_it_stays(anna: Caller, project: str) -> None:
    before = read(anna, project)

    answer = edit(anna, project, MOVE)

    assert answer.status_code == 200, answer.text
    assert seen(answer.json)[:2] == seen(before)[1::-1]
    assert answer.json["edl_hash"] != before["edl_hash"]
    assert answer.headers["ETag"] == f'"{answer.json["edl_hash"]}"'
    assert (answer.json["change"], answer.json["can_undo"]) == ("move", True)
    assert (answer.json["stale"], answer.json["settings_used"]) == (False, before["settings_used"])
    assert read(anna, project) == answer.json
    assert edl.edl_hash(edl.loads(answer.data)) == answer.json["edl_hash"]


@pytest.mark.parametrize(
    "wish",
    [
        MOVE,
        {"trim": {"index": 1, "in_ms": 1700}},
        {"trim": {"id": 2, "out_ms": 3333.3, "snap": "none"}},
        {"split": {"index": 2}},
        {"merge": {"index": 2}},
        {"delete": {"index": 2}},
        {
            "set_effect": {
                "index": 0,
                "ken_burns": {"enabled": True, "start_zoom": 2, "end_zoom": 1.5},
            }
        },
        {"set_effect": {"index": 1, "focus": {"x": 0.25, "y": 1}}},
        {"set_transition": {"index": 1, "type": "wipe_up", "duration_ms": 300}},
        {"set_duration_beats": {"index": 1, "beats": 2}},
        {"lock": {"index": 3}},
    ],
    ids=lambda wish: next(iter(wish)),
)
def test_every_edit_changes_the_timeline_and_can_be_put_whole_and_undone(
    anna: Caller, project: str, wish: dict[str, Any]
) -> None:
    before = read(anna, project)

    changed = edit(anna, project, wish)

    assert changed.status_code == 200, changed.text
    assert changed.json["segments"] != before["segments"]
    assert changed.json["change"] == next(iter(wish))
    again = put(anna, project, {"segments": changed.json["segments"]})
    assert again.json["edl_hash"] == changed.json["edl_hash"], again.text
    back = anna.post(f"{project}/timeline/undo")
    assert back.json["edl_hash"] == before["edl_hash"]


def test_another_medium_of_the_project_can_be_shown_and_no_other(
    anna: Caller, ben: Caller, project: str
) -> None:
    theirs = ben.medium(ben.project())
    pending = anna.medium(project)
    mine = read(anna, project)["segments"][1]["media_asset_id"]

    done = edit(anna, project, {"replace": {"index": 0, "media_asset_id": mine}})

    assert done.json["segments"][0]["media_asset_id"] == mine
    for other in (theirs, pending):
        answer = edit(anna, project, {"replace": {"index": 0, "media_asset_id": other}})
        fault = refused(answer, 422, "no_such_medium")["detail"][0]
        assert fault["loc"] == ["body", "replace", "media_asset_id"]


def test_undo_and_redo_go_through_the_versions(anna: Caller, project: str) -> None:
    hashes = [read(anna, project)["edl_hash"]]
    for index in range(3):
        hashes.append(edit(anna, project, {"lock": {"index": index}}).json["edl_hash"])

    back = [anna.post(f"{project}/timeline/undo").json for _ in range(3)]
    end = anna.post(f"{project}/timeline/undo")
    forth = anna.post(f"{project}/timeline/redo").json

    assert [t["edl_hash"] for t in back] == hashes[2::-1]
    assert [(t["can_undo"], t["can_redo"]) for t in back] == [(True, True)] * 2 + [(False, True)]
    refused(end, 409, "nothing_to_undo")
    assert forth["edl_hash"] == hashes[1]
    assert edit(anna, project, {"move": {"index": 1, "to": 2}}).json["can_redo"] is False
    refused(anna.post(f"{project}/timeline/redo"), 409, "nothing_to_redo")
    status = anna.get(f"{project}/timeline/status").json
    assert (status["change"], status["can_undo"], status["can_redo"]) == ("move", True, False)


def test_an_edit_that_changes_nothing_makes_no_version(anna: Caller, project: str) -> None:
    before = read(anna, project)

    answer = edit(anna, project, {"unlock": {"index": 0}})

    assert answer.json == before
    assert Timeline.select().count() == 1


def test_a_timeline_that_has_changed_meanwhile_is_412(anna: Caller, project: str) -> None:
    first = read(anna, project)
    known = {"If-Match": f'"{first["edl_hash"]}"'}
    done = edit(anna, project, MOVE, **known)

    late = [
        edit(anna, project, MOVE, **known),
        put(anna, project, {"segments": first["segments"]}, **known),
        anna.post(f"{project}/timeline/undo", headers=known),
        anna.post(f"{project}/timeline/redo", headers=known),
    ]

    assert done.status_code == 200
    for answer in late:
        details = refused(answer, 412, "stale")["details"]
        assert details["current_hash"] == done.json["edl_hash"]
    assert edit(anna, project, MOVE, **{"If-Match": done.headers["ETag"]}).status_code == 200


def test_edits_at_the_same_time_are_all_made(anna: Caller, project: str) -> None:
    with ThreadPoolExecutor(4) as people:
        done = list(
            people.map(lambda i: edit(anna, project, {"lock": {"index": i}}).status_code, range(8))
        )

    assert done == [200] * 8
    assert [s["locked"] for s in read(anna, project)["segments"]][:8] == [True] * 8


def test_a_whole_timeline_can_be_put(anna: Caller, project: str) -> None:
    first, second = dict.fromkeys(s["media_asset_id"] for s in read(anna, project)["segments"])

    answer = put(
        anna,
        project,
        {
            "segments": [
                {"media_asset_id": second, "timeline_out_ms": 4100},
                {"id": 1, "media_asset_id": first, "timeline_out_ms": 17_000, "locked": True},
            ]
        },
    )

    assert answer.status_code == 200, answer.text
    one, two = answer.json["segments"]
    assert (one["timeline_out_us"], two["id"], two["locked"]) == (4_000_000, 1, True)
    assert answer.json["change"] == "put"


def test_a_segment_that_does_not_add_up_is_named(anna: Caller, project: str) -> None:
    segments = read(anna, project)["segments"]
    del segments[3]

    body = refused(put(anna, project, {"segments": segments}), 422, "bad_edl")

    assert body["detail"][0]["loc"] == ["body", "segments", 3]
    assert "Segment 3 starts at" in body["message"]


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"move": {"index": 0}},
        {"move": {"index": "0", "to": 1}},
        {"move": {"index": 0, "to": True}},
        {"trim": {"index": 0, "in_ms": 1e999}},
        {"lock": {"index": 0, "why": "so"}},
        {"lock": {"index": 0}, "unlock": {"index": 0}},
        {"set_effect": {"index": 0, "ken_burns": {"enabled": "yes"}}},
        {"set_effect": {"index": 0, "focus": {"x": 0.5, "y": -0.1}}},
        {"set_transition": {"index": 1, "type": "explode"}},
        {"set_duration_beats": {"index": 1, "beats": 0}},
    ],
    ids=str,
)
def test_a_bad_edit_is_refused_and_nothing_is_stored(
    anna: Caller, project: str, wish: object
) -> None:
    before = read(anna, project)

    answer = edit(anna, project, wish)

    assert answer.status_code in (400, 422), answer.text
    assert read(anna, project) == before


def test_a_locked_segment_is_409(anna: Caller, project: str) -> None:
    edit(anna, project, {"lock": {"index": 0}})

    body = refused(edit(anna, project, MOVE), 409, "segment_locked")

    assert body["details"] == {"segment_id": 1, "index": 0}


def test_a_timeline_that_is_being_made_cannot_be_changed(anna: Caller, project: str) -> None:
    segments = read(anna, project)["segments"]
    job_id = anna.post(f"{project}/timeline/generate").json["job_id"]

    answers = [
        edit(anna, project, MOVE),
        put(anna, project, {"segments": segments}),
        anna.post(f"{project}/timeline/undo"),
    ]

    for answer in answers:
        assert refused(answer, 409, "conflict")["details"]["existing_job_id"] == job_id


def test_without_a_timeline_and_in_foreign_projects_there_is_nothing_to_change(
    anna: Caller, ben: Caller, project: str
) -> None:
    segments = read(anna, project)["segments"]
    for caller, place in ((ben, project), (anna, anna.project())):
        refused(edit(caller, place, MOVE), 404, "not_found")
        refused(put(caller, place, {"segments": segments}), 404, "not_found")
        refused(caller.post(f"{place}/timeline/undo"), 404, "not_found")
        refused(caller.post(f"{place}/timeline/redo"), 404, "not_found")


def test_an_edit_of_a_stale_timeline_is_on_its_own_beats_and_leaves_it_stale(
    anna: Caller, project: str
) -> None:
    anna.post(f"{project}/audio/beats/edit", {"shift": {"ms": 37}})
    stale = read(anna, project)

    edited = edit(anna, project, {"trim": {"index": 1, "in_ms": 1037}}).json

    assert stale["stale"]
    assert edited["segments"][1]["timeline_in_ms"] == 1000
    assert edited["stale_reason"] == stale["stale_reason"] == "The beats of the song have changed."
    wish = {"job_type": "preview", "edl_hash": edited["edl_hash"]}
    assert anna.post(f"{project}/render", wish).status_code == 202


def test_a_timeline_of_another_song_cannot_be_edited(anna: Caller, project: str) -> None:
    other = anna.upload(f"{project}/audio", ("other.wav", WAV + b"other"), field="file")
    backstage.heard(other.json["analysis_job_id"])

    refused(edit(anna, project, MOVE), 400, "precondition_failed")


def test_a_medium_that_is_gone_is_replaced_segment_by_segment(anna: Caller, project: str) -> None:
    gone, left = dict.fromkeys(s["media_asset_id"] for s in read(anna, project)["segments"])
    anna.delete(f"/media/{gone}")

    for segment in read(anna, project)["segments"]:
        if segment["media_asset_id"] == gone:
            wish = {"replace": {"id": segment["id"], "media_asset_id": left}}
            assert edit(anna, project, wish).status_code == 200

    assert {s["media_asset_id"] for s in read(anna, project)["segments"]} == {left}
    assert len(media.of_project(project.rpartition("/")[2])) == 1


def test_an_edl_is_a_file_under_its_hash_and_the_current_one_lies_beside_it(
    anna: Caller, project: str, deployment: Path
) -> None:
    folder = deployment / "derived" / project.rpartition("/")[2]
    edit(anna, project, MOVE)
    edit(anna, project, {"lock": {"index": 2}})

    for version in Timeline.select():
        document = (deployment / version.storage_key).read_bytes()
        assert edl.edl_hash(edl.loads(document)) == version.edl_hash
        assert Path(version.storage_key).stem == version.edl_hash
    undone = anna.post(f"{project}/timeline/undo").json
    assert json.loads((folder / "edl.json").read_text())["edl_hash"] == undone["edl_hash"]
    assert not list((deployment / "incoming").iterdir())


def test_a_new_timeline_keeps_what_is_locked_and_says_so(
    anna: Caller, project: str, with_timeline: Callable[[str], str]
) -> None:
    first, second = dict.fromkeys(s["media_asset_id"] for s in read(anna, project)["segments"])
    edit(anna, project, {"replace": {"id": 3, "media_asset_id": first}})
    edit(anna, project, {"lock": {"id": 3}})
    edited = edit(anna, project, {"move": {"index": 5, "to": 6}}).json
    anna.patch(f"{project}/settings", {"beats_per_cut": 1})
    anna.patch(f"/media/{first}", {"excluded": True})

    with_timeline(project)

    fresh = read(anna, project)
    (kept,) = (s for s in fresh["segments"] if s["locked"])
    assert kept | {"index": 2} == edited["segments"][2]
    assert {s["media_asset_id"] for s in fresh["segments"] if not s["locked"]} == {second}
    assert fresh["warnings"] == [
        "Locked segments that stayed: 1. Cuts in or beside them that were left out: 3."
    ]
    assert (fresh["stale"], fresh["change"]) == (False, "generate")
    job = anna.get("/jobs?job_type=timeline_build").json["items"][0]
    assert job["edl_hash"] == fresh["edl_hash"]
    back = anna.post(f"{project}/timeline/undo").json
    assert back["edl_hash"] == edited["edl_hash"]
