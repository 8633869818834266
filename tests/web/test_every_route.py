"""Bad input of every kind to every route there is: a clear refusal in the one shape, and nothing
stored. The routes are read from the app, so that a new one is asked too."""

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from flask import Flask

from beatstitch.db import base
from beatstitch.web.openapi import Problem, document
from callers import Caller

DEEP = b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
BODIES: dict[str, tuple[bytes, set[int]]] = {
    "NaN": (b'{"name": NaN}', {400}),
    "infinite": (b'{"name": -Infinity}', {400}),
    "a name given twice": (b'{"name": "a", "name": "b"}', {400}),
    "bad UTF-8": (b'{"name": "\xff"}', {400}),
    "deep": (DEEP, {400, 413}),
    "10 MB": (b'{"name": "' + b"x" * 10_000_000 + b'"}', {413}),
    "cut short": (b'{"name": "x"', {400}),
    "no object": (b'["name"]', {422}),
    "an unknown field": (b'{"__proto__": {"admin": true}}', {422}),
    "a number of many digits": (b'{"seed": ' + b"9" * 5000 + b"}", {400}),
    "half a surrogate": (b'{"\\ud800": "\\udfff"}', {422}),
}
# What is left as it was by a refusal, and what every request may write.
NOT_COUNTED = {"audit_entries", "sessions"}


def _operations(app: Flask) -> Iterator[tuple[str, str, dict[str, Any]]]:
    with app.app_context():
        paths = document()["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            yield method.upper(), path.removeprefix("/api"), operation


def _rows() -> dict[str, int]:
    database = base.database
    return {
        table: database.execute_sql(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608
        for table in database.get_tables()
        if table not in NOT_COUNTED
    }


@pytest.fixture
def own(anna: Caller, ready_project: str) -> dict[str, str]:
    """Ids of things that are anna's, whatever a route calls them."""
    shown = anna.get(ready_project).json
    begin = {"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
    upload = anna.call("POST", "/uploads", headers=begin).headers["Location"]
    return {
        "project_id": shown["id"],
        "media_id": shown["media_assets"][0]["id"],
        "job_id": anna.get("/jobs").json["items"][0]["id"],
        "output_id": "final",
        "upload_id": upload.rpartition("/")[2],
        "key_id": anna.post("/keys", {"name": "mine", "scopes": ["read"]}).json["id"],
        "preset_id": anna.post("/presets", {"name": "mine", "settings": {}}).json["id"],
    }


def _filled(path: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, f"this test knows no id for {path}"
    return path


@pytest.mark.parametrize("case", BODIES)
def test_a_body_that_is_wrong_is_refused_everywhere(
    app: Flask, anna: Caller, own: dict[str, str], case: str
) -> None:
    body, statuses = BODIES[case]
    before = _rows()

    for method, path, operation in _operations(app):
        if "application/json" not in operation.get("requestBody", {}).get("content", {}):
            continue
        answer = anna.call(method, _filled(path, own), data=body, content_type="application/json")

        # A scope that no login has comes before the body.
        known = statuses | ({403} if path.startswith("/admin") else set())
        assert answer.status_code in known, (method, path, answer.text[:300])
        Problem.model_validate_json(answer.data)

    assert _rows() == before


def test_what_is_somebody_elses_is_not_there_for_any_route(
    app: Flask, ben: Caller, own: dict[str, str]
) -> None:
    before = _rows()

    for method, path, operation in _operations(app):
        if "{" not in path or operation["security"] == []:
            continue
        headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
        answer = ben.call(method, _filled(path, own), headers=headers)

        # A body that is missing may be met before the id is looked at.
        assert answer.status_code in (403, 404, 415, 422), (method, path, answer.text[:300])
        assert answer.status_code != 403 or path.startswith("/admin")

    assert _rows() == before


def _forged(app: Flask, anna: Caller) -> dict[str, str]:
    """Tokens that are none, each wrong in one way."""
    good = anna.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(good, options={"verify_signature": False})
    secret = "for tests only: 0123456789 0123456789"  # noqa: S105 - of these tests

    def signed(key: str = secret, algorithm: str = "HS256", **other: object) -> str:
        return jwt.encode({**claims, **other}, key, algorithm=algorithm)

    no_end = {name: value for name, value in claims.items() if name != "exp"}
    return {
        "expired": signed(exp=int(time.time()) - 3600),
        "endless": jwt.encode(no_end, secret, algorithm="HS256"),
        "for a thousand years": signed(exp=int(time.time()) + 10**10),
        "unsigned": signed("", "none"),
        "of another key": signed("x" * 40),
        "of another algorithm": signed("x" * 64, "HS512"),
        "of nobody": signed(sub="00000000-0000-0000-0000-000000000000"),
        "of an unknown session": signed(jti="0" * 32),
        "cut": good[:-4],
        "a key that is none": "bs_00000000_" + "x" * 43,
        "nonsense": "\xff.\xfe.",
    }


def test_no_forged_token_opens_any_route(app: Flask, anna: Caller, nobody: Caller) -> None:
    for case, token in _forged(app, anna).items():
        for method, path, operation in _operations(app):
            if operation["security"] == []:
                continue
            answer = nobody.call(method, path, headers={"Authorization": f"Bearer {token}"})

            assert answer.status_code == 401, (case, method, path, answer.text[:300])
            assert Problem.model_validate_json(answer.data).error == "unauthorized"


def test_no_name_of_a_file_or_project_becomes_a_header(anna: Caller) -> None:
    named = anna.post("/projects", {"name": "x\r\nSet-Cookie: evil=1"})
    medium = anna.medium(anna.project(), 'a.jpg"\r\nX-Evil: 1')

    answer = anna.get(f"/media/{medium}/file")

    assert named.status_code == 422
    assert "X-Evil" not in answer.headers
    assert not any("\n" in value or "\r" in value for _, value in answer.headers)
