"""Requests that are sent twice under one Idempotency-Key."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from beatstitch.db import base
from beatstitch.db.jobs import Job
from beatstitch.db.kept_answers import CLAIM_ENDS, KEPT, KeptAnswer
from beatstitch.errors import Unavailable
from callers import JPEG, WAV, Caller, refused

KEY = {"Idempotency-Key": "5e0a7a0c-8f4e-4b57-9f0e-1f6b1f6e7a11"}


def _made(anna: Caller, name: str = "Test", key: dict[str, str] = KEY) -> TestResponse:
    return anna.call("POST", "/projects", headers=key, json={"name": name})


def test_a_repeat_gets_the_same_answer_and_makes_nothing(anna: Caller) -> None:
    first, second = _made(anna), _made(anna)

    assert (second.status_code, second.data) == (first.status_code, first.data)
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["ETag"] == first.headers["ETag"]
    assert second.content_type == first.content_type
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert anna.get("/projects").json["total"] == 1


def test_the_same_key_for_something_else_is_422(anna: Caller) -> None:
    project = _made(anna).json

    other = _made(anna, name="Another")
    elsewhere = anna.call(
        "POST", f"/projects/{project['id']}/timeline/generate", headers=KEY, json={"name": "Test"}
    )

    assert refused(other, 422, "idempotency_key_reused")["detail"][0]["loc"] == [
        "header",
        "Idempotency-Key",
    ]
    refused(elsewhere, 422, "idempotency_key_reused")
    assert anna.get("/projects").json["total"] == 1


def test_a_request_that_is_still_under_way_is_409(anna: Caller) -> None:
    _made(anna)
    KeptAnswer.update(answer=None).execute()

    refused(_made(anna), 409, "idempotency_key_in_use")


def test_a_request_that_was_cut_off_may_be_made_again(anna: Caller) -> None:
    _made(anna)
    long_ago = base.utc_now() - CLAIM_ENDS - timedelta(seconds=1)
    KeptAnswer.update(answer=None, created_at=long_ago).execute()

    again = _made(anna)

    assert again.status_code == 201
    assert "Idempotency-Replayed" not in again.headers


def test_a_key_is_good_for_another_request_after_a_day(anna: Caller) -> None:
    _made(anna)
    KeptAnswer.update(created_at=base.utc_now() - KEPT - timedelta(seconds=1)).execute()

    assert _made(anna, name="Another").json["name"] == "Another"


def test_a_refusal_leaves_the_key_free(anna: Caller) -> None:
    refused(_made(anna, name=""), 422, "validation_error")

    assert _made(anna).status_code == 201


def test_users_do_not_share_keys(anna: Caller, ben: Caller) -> None:
    assert _made(anna).json["id"] != _made(ben).json["id"]


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "é"])
def test_a_key_that_is_none_is_refused(anna: Caller, key: str) -> None:
    refused(_made(anna, key={"Idempotency-Key": key}), 422, "validation_error")
    assert anna.get("/projects").json["total"] == 0


def test_a_race_makes_one(app: Flask, anna: Caller) -> None:
    ready = threading.Barrier(8)
    answers: list[TestResponse] = []

    def ask() -> None:
        ready.wait()
        answers.append(_made(Caller(app, anna.headers)))
        base.disconnect()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json["id"] for answer in answers if answer.status_code == 201}) == 1
    assert anna.get("/projects").json["total"] == 1


def test_no_crash_comes_between_the_project_and_its_answer(
    anna: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("beatstitch.db.kept_answers.keep", cut_off)
        with pytest.raises(KeyboardInterrupt):
            _made(anna)

    assert anna.get("/projects").json["total"] == 0
    assert _made(anna).status_code == 201


def _uploads(
    anna: Caller, path: str, field: str, name: str, data: bytes
) -> Callable[..., TestResponse]:
    from io import BytesIO

    def upload(content: bytes = data) -> TestResponse:
        return anna.call("POST", path, headers=KEY, data={field: [(BytesIO(content), name)]})

    return upload


@pytest.mark.parametrize(
    ("path", "field", "name", "data"),
    [("media", "files", "one.jpg", JPEG), ("audio", "file", "song.wav", WAV)],
)
def test_an_upload_is_repeated_by_what_its_files_hold(
    anna: Caller, path: str, field: str, name: str, data: bytes
) -> None:
    upload = _uploads(anna, f"{anna.project()}/{path}", field, name, data)

    first, second = upload(), upload()

    assert (second.status_code, second.json) == (first.status_code, first.json)
    assert Job.select().count() == 1
    refused(upload(data + b"more"), 422, "idempotency_key_reused")


def test_what_was_done_is_answered_though_the_answer_cannot_be_kept(
    anna: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = anna.project()
    upload = _uploads(anna, f"{project}/media", "files", "one.jpg", JPEG)

    def busy(*_: object) -> None:
        raise Unavailable("database_busy", "The database is busy.")

    with monkeypatch.context() as patched:
        patched.setattr("beatstitch.db.kept_answers.keep", busy)
        first = upload()

    assert first.json["total_uploaded"] == 1
    refused(upload(), 409, "idempotency_key_in_use")
    assert anna.get(project).json["counts"]["media"] == 1


def test_jobs_are_asked_for_once(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    wish = {"job_type": "final", "edl_hash": with_timeline(ready_project)}
    calls: list[tuple[str, Any]] = [
        (f"{ready_project}/render", wish),
        (f"{ready_project}/audio/analyze", {}),
    ]

    for n, (path, body) in enumerate(calls):
        key = {"Idempotency-Key": f"key-{n}"}
        answers = [anna.call("POST", path, headers=key, json=body) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[0].json == answers[1].json
