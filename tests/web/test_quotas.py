"""How much a user may have, and that what has gone counts no more."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

import backstage
from beatstitch.db import base, outputs, usage, users
from callers import JPEG, WAV, Caller, forget_settings, refused, stored


def _used(caller: Caller) -> int:
    used: int = caller.get("/auth/me").json["bytes"]["used"]
    return used


def _may_have(caller: Caller, **limits: int) -> None:
    users.set_limits(caller.user_id, {f"max_{name}": most for name, most in limits.items()})


def _codes(answer: TestResponse) -> list[str]:
    return [failed["error"] for failed in answer.json["failed"]]


def test_who_asks_sees_limits_and_usage(anna: Caller, ready_project: str) -> None:
    me = anna.get("/auth/me").json

    assert me["projects"] == {"used": 1, "limit": 20}
    assert me["media"] == {"used": 2, "limit": 1000}
    assert me["bytes"] == {"used": 2 * len(JPEG) + len(WAV), "limit": 50_000_000_000}
    assert me["renders"] == {"used": 0, "limit": 2}
    assert me["scopes"] == ["read", "write", "render", "account"]


def test_an_upload_that_does_not_fit_is_refused_and_leaves_nothing(
    anna: Caller, deployment: Path
) -> None:
    project = anna.project()
    _may_have(anna, bytes=2 * len(JPEG) + 10)

    answer = anna.upload(f"{project}/media", *((f"{n}.jpg", JPEG) for n in range(3)))
    song = anna.upload(f"{project}/audio", ("song.wav", WAV), field="file")

    assert _codes(answer) == ["quota_exceeded"]
    details = refused(song, 422, "quota_exceeded")["details"]
    assert details["needed_bytes"] == len(WAV)
    assert _used(anna) == details["used_bytes"] == 2 * len(JPEG)
    assert len(stored(deployment)) == 2


def test_two_uploads_at_once_cannot_both_have_the_last_room(app: Flask, anna: Caller) -> None:
    project = anna.project()
    _may_have(anna, bytes=len(JPEG) * 3)
    ready, refusals = threading.Barrier(6), []

    def upload() -> None:
        ready.wait()
        answer = Caller(app, anna.headers).upload(f"{project}/media", ("one.jpg", JPEG))
        refusals.extend(_codes(answer))
        base.disconnect()

    threads = [threading.Thread(target=upload) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert refusals == ["quota_exceeded"] * 3
    assert _used(anna) == 3 * len(JPEG)


def test_another_song_takes_the_place_of_the_one_before(anna: Caller) -> None:
    project = anna.project()
    anna.song(project)
    _may_have(anna, bytes=len(WAV) + 1)

    anna.upload(f"{project}/audio", ("other.wav", WAV + b"x"), field="file")

    assert _used(anna) == len(WAV) + 1


def test_an_upload_in_pieces_is_refused_before_it_is_sent(anna: Caller) -> None:
    _may_have(anna, bytes=1000)
    begin = {"Tus-Resumable": "1.0.0", "Upload-Length": "1001"}

    refused(anna.call("POST", "/uploads", headers=begin), 422, "quota_exceeded")
    assert (
        anna.call("POST", "/uploads", headers=begin | {"Upload-Length": "1000"}).status_code == 201
    )


def test_media_count_in_all_projects_together(anna: Caller) -> None:
    first, second = anna.project(), anna.project()
    _may_have(anna, media=2)
    anna.medium(first)
    anna.medium(second)

    answer = anna.upload(f"{second}/media", ("one.jpg", JPEG))

    assert _codes(answer) == ["too_many_media"]


def test_projects_are_counted_by_the_setting_or_the_users_own(
    anna: Caller, ben: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEATSTITCH_PROJECTS_PER_USER", "1")
    forget_settings()
    _may_have(ben, projects=2)

    for caller, most in ((anna, 1), (ben, 2)):
        for _ in range(most):
            caller.project()
        refused(caller.post("/projects", {"name": "one more"}), 422, "too_many_projects")


def test_films_count_while_they_are_kept_and_are_never_refused(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    edl_hash = with_timeline(ready_project)
    before = _used(anna)
    _may_have(anna, bytes=before)
    films = []
    for kind in ("preview", "final"):
        wish = {"job_type": kind, "edl_hash": edl_hash}
        job = anna.post(f"{ready_project}/render", wish).json["job_id"]
        films.append(backstage.filmed(job, b"x" * 1000))
    with_both = _used(anna)

    for _ in range(2):  # what has gone can't go again
        outputs.mark_removed(films[0].id, base.utc_now())
    with_one = _used(anna)
    anna.delete(f"{ready_project}/outputs/{films[0].id}")
    anna.delete(f"{ready_project}/outputs/{films[1].id}")

    assert [with_both, with_one, _used(anna)] == [before + 2000, before + 1000, before]


def test_whatever_happens_the_count_is_what_the_rows_say(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    other = anna.project()
    kept = anna.medium(other)
    anna.song(other)
    anna.song(other)
    wish = {"job_type": "final", "edl_hash": with_timeline(ready_project)}
    backstage.filmed(anna.post(f"{ready_project}/render", wish).json["job_id"])
    assert usage.recount(anna.user_id) == 0

    anna.delete(ready_project)
    assert usage.recount(anna.user_id) == 0
    anna.delete(f"/media/{kept}")

    assert usage.recount(anna.user_id) == 0
    assert _used(anna) == len(WAV)


def test_a_count_that_is_wrong_is_put_right(anna: Caller) -> None:
    anna.medium(anna.project())
    users.set_limits(anna.user_id, {"bytes_used": 5})

    assert usage.recount(anna.user_id) == len(JPEG) - 5
    assert _used(anna) == len(JPEG)
