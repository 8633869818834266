"""Whatever comes in, the answer is clear, in the one shape, and nothing else happens."""

import sqlite3
from pathlib import Path

import pytest
from flask import Flask
from peewee import OperationalError

from callers import Caller, refused

DEEP = b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": "x",}',
        b'{"name": NaN}',
        b'{"name": -Infinity}',
        b'{"name": "a", "name": "b"}',
        b'{"name": "\xff"}',
        b'{"name": "x"} and more',
        b"'name'",
        b"\xff\xfe{\x00}\x00",
        DEEP,
        b'{"settings": {"seed": ' + b"9" * 5000 + b"}}",
    ],
    ids=lambda body: str(body[:30]),
)
def test_what_is_no_json_is_400(anna: Caller, body: bytes) -> None:
    answer = anna.call("POST", "/projects", data=body, content_type="application/json")

    refused(answer, 400, "malformed_json")
    assert anna.get("/projects").json["total"] == 0


@pytest.mark.parametrize("body", [b"[]", b"null", b"0", b'"name"', b"false", b'["name"]'])
def test_json_that_is_no_object_is_422(anna: Caller, body: bytes) -> None:
    answer = anna.call("POST", "/projects", data=body, content_type="application/json")

    assert refused(answer, 422, "validation_error")["detail"][0]["loc"] == ["body"]


def test_a_json_body_has_a_limit(anna: Caller) -> None:
    long = b'{"name": "' + b"x" * 1_000_000 + b'"}'

    answer = anna.call("POST", "/projects", data=long, content_type="application/json")

    body = refused(answer, 413, "file_too_large")
    assert body["details"] == {"max_size_bytes": 1_000_000}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_type_of_body_is_415_even_where_all_is_optional(anna: Caller, kind: str) -> None:
    project = anna.project()

    answer = anna.call("PATCH", f"{project}/settings", data=b"fit=blur", content_type=kind)

    refused(answer, 415, "unsupported_media")


def test_an_address_that_is_none_is_404(anna: Caller, nobody: Caller) -> None:
    refused(anna.get("/nothing"), 404, "not_found")
    refused(nobody.get("/projects/x/y/z"), 404, "not_found")


def test_a_method_that_is_none_is_405_and_names_those_that_are(anna: Caller) -> None:
    answer = anna.call("PUT", "/projects")

    refused(answer, 405, "method_not_allowed")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("given", ["", "two words", "line\tbreak", "x" * 129, "<script>"])
def test_a_request_id_that_a_log_could_not_hold_is_replaced(anna: Caller, given: str) -> None:
    answer = anna.get("/auth/me", headers={"X-Request-ID": given})

    assert answer.headers["X-Request-ID"] not in ("", given)


def test_a_locked_database_is_503_for_a_moment(
    anna: Caller, deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from beatstitch.db import base

    monkeypatch.setattr(base, "BUSY_TIMEOUT_S", 0.05)
    anna.get("/projects")
    base.database.execute_sql("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(deployment / "beatstitch.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    answer = anna.post("/projects", {"name": "Test"})

    other.close()
    refused(answer, 503, "database_busy")
    assert answer.headers["Retry-After"] == "5"
    assert anna.project()


def test_a_read_of_a_locked_database_is_503_too(
    anna: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("beatstitch.db.projects.page", locked)

    refused(anna.get("/projects"), 503, "database_busy")


def test_a_fault_of_ours_tells_nothing_of_the_server(
    app: Flask, anna: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret path: somewhere/inside")

    monkeypatch.setattr("beatstitch.db.projects.page", broken)

    answer = anna.get("/projects")

    refused(answer, 500, "internal_error")
    assert "somewhere" not in answer.text
    assert "secret path" in caplog.text


def test_an_answer_that_breaks_its_schema_is_not_sent(
    anna: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("beatstitch.web.api.auth.Me.of", lambda *_: {"id": 5})

    refused(anna.get("/auth/me"), 500, "internal_error")
