"""A project once more."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import backstage
from beatstitch.db import audio, chunks, media, timelines, usage, users
from beatstitch.db.jobs import Job
from beatstitch.errors import InsufficientStorage
from beatstitch.inventory import verify
from beatstitch.storage.configured import configured
from callers import JPEG, WAV, Caller, refused, stored

Facts = dict[str, Any]


def _copy(caller: Caller, project: str, **body: Any) -> str:
    made = caller.post(f"{project}/duplicate", body)
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == f"/api/projects/{made.json['id']}"
    return f"/projects/{made.json['id']}"


def _without(facts: Facts, *names: str) -> Facts:
    return {name: value for name, value in facts.items() if name not in names}


def _id(project: str) -> str:
    return project.rpartition("/")[2]


def test_a_copy_has_everything_but_the_films(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    anna.patch(f"{ready_project}/settings", {"beats_per_cut": 8})
    wish = {"job_type": "final", "edl_hash": with_timeline(ready_project)}
    backstage.filmed(anna.post(f"{ready_project}/render", wish).json["job_id"])

    copy = _copy(anna, ready_project)

    first, second = anna.get(ready_project).json, anna.get(copy).json
    assert second["name"] == "Test (copy)"
    assert second["settings"] == first["settings"]
    assert second["counts"] == {"media": 2, "outputs": 0}
    own = ("id", "project_id", "thumbnail_url")
    assert [_without(a, *own) for a in second["media_assets"]] == [
        _without(a, *own) for a in first["media_assets"]
    ]
    assert _without(second["audio_track"], "id") == _without(first["audio_track"], "id")
    assert anna.get(f"{copy}/audio/beats").json == anna.get(f"{ready_project}/audio/beats").json
    assert anna.get(f"{copy}/status").json["ready_to_render"] is True


def test_the_timeline_of_a_copy_shows_its_own_media_and_is_current(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    with_timeline(ready_project)

    copy = _copy(anna, ready_project)

    first, second = (anna.get(f"{p}/timeline").json for p in (ready_project, copy))
    own = {asset["id"] for asset in anna.get(copy).json["media_assets"]}
    assert {segment["media_asset_id"] for segment in second["segments"]} == own
    assert second["project_id"] == _id(copy)
    assert second["edl_hash"] != first["edl_hash"]
    assert second["stale"] is False
    assert [_without(s, "media_asset_id") for s in second["segments"]] == [
        _without(s, "media_asset_id") for s in first["segments"]
    ]
    wish = {"job_type": "preview", "edl_hash": second["edl_hash"]}
    assert anna.post(f"{copy}/render", wish).status_code == 202


def test_a_timeline_that_was_stale_is_stale_in_the_copy(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    with_timeline(ready_project)
    backstage.looked_at(anna.medium(ready_project, "three.jpg"))

    copy = _copy(anna, ready_project)

    assert anna.get(f"{copy}/timeline").json["stale_reason"].startswith("The photos and clips")


def test_the_files_of_a_copy_take_no_room_and_outlive_the_first(
    anna: Caller, deployment: Path, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    with_timeline(ready_project)
    originals = {path.stat().st_ino for path in (deployment / "uploads").rglob("*.*")}
    copy = _copy(anna, ready_project)
    assert {path.stat().st_ino for path in (deployment / "uploads").rglob("*.*")} == originals

    anna.delete(ready_project)

    asset = anna.get(copy).json["media_assets"][0]["id"]
    assert anna.get(f"/media/{asset}/file").data == JPEG
    assert anna.get(f"/media/{asset}/thumbnail").status_code == 200
    assert anna.get(f"{copy}/audio/file").data == WAV
    assert anna.get(f"{copy}/timeline").status_code == 200
    assert [checked for checked in verify.check(configured()) if checked.wrong == "missing"] == []


def test_rendered_chunks_come_along(anna: Caller, deployment: Path, ready_project: str) -> None:
    old = f"derived/{_id(ready_project)}/chunks/ab/abc"
    for name in (f"{old}.mp4", f"{old}.json"):
        backstage.lay(name, b"chunk")
    chunks.keep(_id(ready_project), "abc", f"{old}.mp4", 5)

    copy = _copy(anna, ready_project)

    new = f"derived/{_id(copy)}/chunks/ab/abc"
    assert [row.storage_key for row in chunks.of_project(_id(copy))] == [f"{new}.mp4"]
    assert {f"{new}.mp4", f"{new}.json"} <= set(stored(deployment))


def test_work_under_way_is_asked_for_again(anna: Caller) -> None:
    project = anna.project()
    anna.medium(project)
    anna.song(project)

    copy = _copy(anna, project)

    asset = anna.get(copy).json["media_assets"][0]["id"]
    backstage.looked_at(asset)
    (hearing,) = Job.select().where((Job.project_id == _id(copy)) & (Job.kind == "beat_analysis"))
    backstage.heard(hearing.id)
    assert anna.get(f"{copy}/status").json["media"]["ready"] == 1
    assert anna.get(f"{copy}/audio/beats").status_code == 200


def test_ids_in_documents_are_those_of_the_copy(anna: Caller, ready_project: str) -> None:
    asset = media.of_project(_id(ready_project))[0]
    probe = {"id": asset.id, "key": asset.original_key, "content": asset.checksum}
    media.set_columns(asset.id, probe=probe)

    copy = _copy(anna, ready_project)

    copied = media.of_project(_id(copy))[0]
    assert copied.probe == {
        "id": copied.id,
        "key": copied.original_key,
        "content": asset.checksum,
    }


def test_every_version_of_the_beats_comes_along(anna: Caller, ready_project: str) -> None:
    edit = anna.post(f"{ready_project}/audio/beats/edit", {"shift": {"ms": 10}})
    assert edit.status_code == 200, edit.text

    copy = _copy(anna, ready_project)

    assert anna.get(f"{copy}/audio/beats").json == edit.json
    heard = anna.post(f"{copy}/audio/beats/revert").json
    assert heard["beats"][0]["time_ms"] == edit.json["beats"][0]["time_ms"] - 10


def test_a_copy_counts_and_is_refused_where_it_does_not_fit(
    anna: Caller, deployment: Path, ready_project: str
) -> None:
    used = users.by_id(anna.user_id).bytes_used
    before = stored(deployment)
    limits: tuple[tuple[dict[str, int | None], str], ...] = (
        ({"max_bytes": 2 * used - 1}, "quota_exceeded"),
        ({"max_bytes": None, "max_media": 3}, "too_many_media"),
        ({"max_media": None, "max_projects": 1}, "too_many_projects"),
    )
    for limit, code in limits:
        users.set_limits(anna.user_id, limit)
        refused(anna.post(f"{ready_project}/duplicate", {}), 422, code)
        assert stored(deployment) == before
        assert anna.get("/projects").json["total"] == 1

    users.set_limits(anna.user_id, {"max_projects": None, "max_bytes": 2 * used})
    _copy(anna, ready_project)

    assert users.by_id(anna.user_id).bytes_used == 2 * used
    assert usage.recount(anna.user_id) == 0


def test_a_copy_that_breaks_off_leaves_nothing(
    anna: Caller, deployment: Path, ready_project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored(deployment)
    whole_link = type(configured()).link

    def full(storage: Any, source: str, key: str) -> None:
        if "/beats/" in key:
            raise InsufficientStorage("disk_full", "The disk is full.")
        whole_link(storage, source, key)

    monkeypatch.setattr(type(configured()), "link", full)

    refused(anna.post(f"{ready_project}/duplicate", {}), 507, "insufficient_storage")
    assert stored(deployment) == before
    assert anna.get("/projects").json["total"] == 1


def test_a_project_that_changes_while_it_is_copied_is_409(
    anna: Caller, deployment: Path, ready_project: str
) -> None:
    asset = media.of_project(_id(ready_project))[0]
    configured().delete(asset.original_key)
    before = stored(deployment)

    refused(anna.post(f"{ready_project}/duplicate", {}), 409, "project_changed")
    assert stored(deployment) == before


def test_a_copy_may_be_asked_for_twice_and_made_once(anna: Caller, ready_project: str) -> None:
    key = {"Idempotency-Key": "once"}
    path = f"{ready_project}/duplicate"

    first, second = (
        anna.call("POST", path, headers=key, json={"name": "Second"}) for _ in range(2)
    )

    assert first.json == second.json
    assert first.json["name"] == "Second"
    assert anna.get("/projects").json["total"] == 2


def test_an_empty_project_has_an_empty_copy(anna: Caller) -> None:
    copy = _copy(anna, anna.project(name="x" * 100))

    whole = anna.get(copy).json
    assert whole["name"] == "x" * 93 + " (copy)"
    assert whole["media_assets"] == []
    assert audio.of_project(_id(copy)) is None
    assert timelines.current(_id(copy)) is None


def test_nobody_copies_somebody_elses(ben: Caller, ready_project: str) -> None:
    refused(ben.post(f"{ready_project}/duplicate", {}), 404, "not_found")
