"""Projects, their settings, and what is missing before a render."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beatstitch.db import projects
from beatstitch.db.jobs import Job
from beatstitch.timeline.settings import TimelineSettings, settings_json
from beatstitch.web.api.projects import store_settings
from callers import Caller, refused, stored

DEFAULTS = settings_json(TimelineSettings())


def test_a_new_project_has_every_setting_and_nothing_in_it(anna: Caller) -> None:
    made = anna.post("/projects", {"name": "The trip", "settings": {"beats_per_cut": 8}})

    body = made.json
    assert made.status_code == 201
    assert made.headers["Location"] == f"/api/projects/{body['id']}"
    assert body["name"] == "The trip"
    assert body["settings"] == DEFAULTS | {"beats_per_cut": 8}
    assert body["media_assets"] == []
    assert body["audio_track"] is None
    assert body["timeline"] is None
    assert body["created_at"].endswith("Z")
    assert anna.get(f"/projects/{body['id']}").json == body


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({}, ["body", "name"]),
        ({"name": ""}, ["body", "name"]),
        ({"name": "   "}, ["body", "name"]),
        ({"name": "two\nlines"}, ["body", "name"]),
        ({"name": "x" * 101}, ["body", "name"]),
        ({"name": 5}, ["body", "name"]),
        ({"name": "\ud800"}, ["body", "name"]),
        ({"name": "x", "description": "x" * 501}, ["body", "description"]),
        ({"name": "x", "colour": "red"}, ["body", "colour"]),
        ({"name": "x", "settings": []}, ["body", "settings"]),
        ({"name": "x", "settings": {"beats_per_cut": 3}}, ["body", "settings", "beats_per_cut"]),
        ({"name": "x", "settings": {"beats_per_cut": "4"}}, ["body", "settings", "beats_per_cut"]),
        ({"name": "x", "settings": {"output_width": 641}}, ["body", "settings", "output_width"]),
        ({"name": "x", "settings": {"output_fps": 31}}, ["body", "settings", "output_fps"]),
        ({"name": "x", "settings": {"seed": 10**400}}, ["body", "settings", "seed"]),
        ({"name": "x", "settings": {"ken_burns_enabled": 1}}, ["body", "settings"]),
        ({"name": "x", "settings": {"zoom": 2}}, ["body", "settings", "zoom"]),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_bad_project_is_refused_with_its_place(
    anna: Caller, wrong: dict[str, Any], place: list[str]
) -> None:
    body = refused(anna.post("/projects", wrong), 422, "validation_error")

    assert body["detail"][0]["loc"][: len(place)] == place
    assert anna.get("/projects").json["total"] == 0


def test_projects_come_a_page_at_a_time_newest_first(anna: Caller) -> None:
    names = [anna.get(anna.project(name=f"film {n}")).json["name"] for n in range(5)][::-1]

    first = anna.get("/projects?limit=2").json
    second = anna.get(f"/projects?limit=2&cursor={first['next_cursor']}").json
    third = anna.get(f"/projects?limit=2&cursor={second['next_cursor']}").json

    pages = [first, second, third]
    assert [item["name"] for page in pages for item in page["items"]] == names
    assert all(page["projects"] == page["items"] and page["total"] == 5 for page in pages)
    assert third["next_cursor"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=ten", "page=2"])
def test_a_bad_page_is_refused(anna: Caller, query: str) -> None:
    body = refused(anna.get(f"/projects?{query}"), 422, "validation_error")

    assert body["detail"][0]["loc"] == ["query", query.split("=")[0]]


def test_a_user_may_have_20_projects(anna: Caller) -> None:
    for _ in range(20):
        anna.project()

    refused(anna.post("/projects", {"name": "one more"}), 422, "too_many_projects")


def test_name_and_description_change_under_their_version(anna: Caller) -> None:
    project = anna.project(description="before")
    etag = anna.get(project).headers["ETag"]

    changed = anna.patch(project, {"name": "After"}, headers={"If-Match": etag})
    late = anna.patch(project, {"name": "Too late"}, headers={"If-Match": etag})

    assert (changed.json["name"], changed.json["description"]) == ("After", "before")
    assert changed.headers["ETag"] != etag
    refused(late, 412, "stale")
    for other in ('W/"2"', "nonsense", '"1", "3"'):
        refused(anna.patch(project, {"name": "x"}, headers={"If-Match": other}), 412, "stale")
    for good in ('"1", "2"', "*"):
        again = anna.patch(project, {"description": good}, headers={"If-Match": good})
        assert again.status_code == 200


def test_settings_change_one_by_one(anna: Caller) -> None:
    project = anna.project(settings={"beats_per_cut": 2})

    changed = anna.patch(f"{project}/settings", {"fit": "blur", "duration_ms": 9000}).json
    cleared = anna.patch(f"{project}/settings", {"duration_ms": None}).json

    expected = DEFAULTS | {"beats_per_cut": 2, "fit": "blur", "duration_ms": 9000}
    assert changed["settings"] == expected
    assert changed["timeline_invalidated"] is False
    assert cleared["settings"] == expected | {"duration_ms": None}


def test_settings_that_were_changed_meanwhile_stay(anna: Caller) -> None:
    path = anna.project()
    as_it_was_read = projects.by_id(path.rpartition("/")[2])
    anna.patch(f"{path}/settings", {"beats_per_cut": 8})

    store_settings(as_it_was_read, {"fit": "blur"})

    now = anna.get(path).json["settings"]
    assert (now["beats_per_cut"], now["fit"]) == (8, "blur")


def test_other_settings_make_the_timeline_stale(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    with_timeline(ready_project)
    settings = f"{ready_project}/settings"

    same = anna.patch(settings, {"beats_per_cut": 4}).json["timeline_invalidated"]
    other = anna.patch(settings, {"beats_per_cut": 8}).json["timeline_invalidated"]
    again = anna.patch(settings, {"beats_per_cut": 16}).json["timeline_invalidated"]

    assert (same, other, again) == (False, True, False)
    assert anna.get(f"{ready_project}/timeline").json["stale"]


def test_the_status_says_what_is_missing(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    empty = anna.get(f"{anna.project()}/status").json
    before = anna.get(f"{ready_project}/status").json
    edl_hash = with_timeline(ready_project)

    after = anna.get(f"{ready_project}/status").json

    assert empty["media"] == {"total": 0, "pending": 0, "processing": 0, "ready": 0, "failed": 0}
    assert empty["audio"] == {"uploaded": False, "analysis_status": None}
    assert before["media"]["ready"] == 2
    assert before["audio"] == {"uploaded": True, "analysis_status": "complete"}
    assert before["timeline"]["generated"] is before["ready_to_render"] is False
    assert after["timeline"]["edl_hash"] == edl_hash
    assert after["ready_to_render"] is True


def test_a_project_goes_with_its_files_and_jobs(
    anna: Caller, deployment: Path, ready_project: str
) -> None:
    other = anna.project()
    anna.medium(other)
    kept = stored(deployment)
    anna.medium(ready_project)  # its job is still in the queue

    gone = anna.delete(ready_project)

    assert gone.status_code == 204
    refused(anna.get(ready_project), 404, "not_found")
    project_id = ready_project.rpartition("/")[2]
    assert stored(deployment) == [name for name in kept if project_id not in name]
    assert {job.status for job in Job.select().where(Job.project_id == project_id)} == {
        "complete",
        "cancelled",
    }


def test_what_is_somebody_elses_is_not_there(anna: Caller, ben: Caller, ready_project: str) -> None:
    whole = anna.get(ready_project).json
    medium = f"/media/{whole['media_assets'][0]['id']}"
    job = f"/jobs/{anna.get('/jobs').json['items'][0]['id']}"
    reads = ["", "/status", "/audio/beats", "/beats/status", "/timeline", "/outputs"]
    answers = [
        *(ben.get(ready_project + path) for path in reads),
        *(ben.get(path) for path in (medium, f"{medium}/thumbnail", f"{medium}/file")),
        *(ben.get(path) for path in (job, f"{job}/events", f"{job}/logs")),
        ben.patch(ready_project, {"name": "Mine"}),
        ben.patch(f"{ready_project}/settings", {"fit": "blur"}),
        ben.upload(f"{ready_project}/media", ("a.jpg", b"\xff\xd8\xff")),
        ben.upload(f"{ready_project}/audio", ("a.wav", b"RIFF"), field="file"),
        ben.post(f"{ready_project}/media/reorder", {"order": []}),
        ben.post(f"{ready_project}/timeline/generate"),
        ben.post(f"{ready_project}/render", {"job_type": "final", "edl_hash": "x"}),
        ben.post(f"{job}/cancel"),
        ben.post(f"{job}/retry"),
        *(ben.delete(path) for path in (ready_project, medium, job)),
    ]

    for answer in answers:
        assert refused(answer, 404, "not_found")["details"]["resource_type"]
    assert ben.get("/projects").json["total"] == ben.get("/jobs").json["total"] == 0
    assert anna.get(ready_project).json == whole


@pytest.mark.parametrize("name", ["x", "%00", "..", "0" * 5000, "%ff", "' OR 1=1 --", "é"])
def test_an_id_that_is_none_is_not_found(anna: Caller, name: str) -> None:
    refused(anna.get(f"/projects/{name}/status"), 404, "not_found")
    refused(anna.get(f"/jobs/{name}"), 404, "not_found")


def test_the_same_is_at_v1(anna: Caller) -> None:
    project = anna.project()

    assert anna.get(f"/v1{project}").json == anna.get(project).json
