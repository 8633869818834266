"""Presets: settings under a name."""

from collections.abc import Callable
from typing import Any

import pytest

from beatstitch.limits import MAX_PRESETS_PER_USER
from callers import Caller, refused

FAST = {
    "beats_per_cut": 1,
    "fit": "blur",
    "section_rules": [{"section": "drop", "beats_per_cut": 2}],
}


def _preset(caller: Caller, name: str = "fast", settings: Any = FAST) -> dict[str, Any]:
    made = caller.post("/presets", {"name": name, "settings": settings})
    assert made.status_code == 201, made.text
    body: dict[str, Any] = made.json
    return body


def test_a_preset_replaces_what_it_names(anna: Caller) -> None:
    preset = _preset(anna)
    project = anna.project(settings={"beats_per_cut": 8, "seed": 7})

    applied = anna.post(f"{project}/presets/{preset['id']}/apply")

    settings = anna.get(project).json["settings"]
    assert (applied.status_code, applied.json["settings"]) == (200, settings)
    assert (settings["beats_per_cut"], settings["fit"], settings["seed"]) == (1, "blur", 7)
    assert settings["section_rules"][0]["section"] == "drop"


def test_a_preset_says_whether_the_timeline_is_stale_now(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    with_timeline(ready_project)
    preset = _preset(anna)["id"]

    first = anna.post(f"{ready_project}/presets/{preset}/apply").json
    again = anna.post(f"{ready_project}/presets/{preset}/apply").json

    assert (first["timeline_invalidated"], again["timeline_invalidated"]) == (True, False)


def test_a_preset_is_applied_to_the_version_that_was_read(anna: Caller) -> None:
    project, preset = anna.project(), _preset(anna)["id"]
    etag = anna.get(project).headers["ETag"]
    path = f"{project}/presets/{preset}/apply"

    first = anna.call("POST", path, headers={"If-Match": etag})
    late = anna.call("POST", path, headers={"If-Match": etag})

    assert first.status_code == 200
    refused(late, 412, "stale")


def test_presets_are_listed_and_forgotten(anna: Caller) -> None:
    first, second = _preset(anna, "one"), _preset(anna, "two", {})

    listed = anna.get("/presets").json
    gone = anna.delete(f"/presets/{first['id']}")

    assert [item["name"] for item in listed["items"]] == ["two", "one"]
    assert listed["items"][1] == first
    assert gone.status_code == 204
    assert anna.get("/presets").json["items"] == [second]


def test_a_name_is_there_once(anna: Caller, ben: Caller) -> None:
    _preset(anna)

    refused(anna.post("/presets", {"name": "fast", "settings": {}}), 409, "preset_exists")
    _preset(ben)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"name": "x"}, ["body", "settings"]),
        ({"name": "", "settings": {}}, ["body", "name"]),
        ({"name": "x", "settings": {"beats_per_cut": 3}}, ["body", "settings", "beats_per_cut"]),
        ({"name": "x", "settings": {"colour": "red"}}, ["body", "settings", "colour"]),
    ],
    ids=str,
)
def test_a_bad_preset_is_refused_with_its_place(
    anna: Caller, body: dict[str, Any], place: list[str]
) -> None:
    answer = refused(anna.post("/presets", body), 422, "validation_error")

    assert answer["detail"][0]["loc"] == place
    assert anna.get("/presets").json["total"] == 0


def test_somebody_elses_preset_is_not_there(anna: Caller, ben: Caller) -> None:
    preset, project = _preset(anna)["id"], ben.project()

    refused(ben.post(f"{project}/presets/{preset}/apply"), 404, "not_found")
    refused(ben.delete(f"/presets/{preset}"), 404, "not_found")
    refused(anna.post(f"{project}/presets/{preset}/apply"), 404, "not_found")


def test_a_user_may_have_50_presets(anna: Caller) -> None:
    for n in range(MAX_PRESETS_PER_USER):
        _preset(anna, f"preset {n}", {})

    refused(anna.post("/presets", {"name": "x", "settings": {}}), 422, "too_many_presets")
