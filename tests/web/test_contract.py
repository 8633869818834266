"""Every route, asked every wrong way: the answer is one that it describes, and never a 5xx."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from beatstitch.web.openapi import document
from callers import Caller, refused

IDS = ("x", "0" * 36, "%2e%2e%2f", "%00", "%f0%9f%8e%ac", "-1")
QUERIES = (
    "",
    "?limit=-1&wait=nan&lines=x",
    "?cursor=%00&cursor=2",
    "?wait=1e9",
    "?%ff=%ff",
    "?a[]=1",
)
BODIES: tuple[tuple[str, bytes], ...] = (
    ("", b""),
    ("application/json", b"{}"),
    ("application/json", b"[[[]]]"),
    ("application/json", b"nul"),
    ("application/json", b'{"\xc3\xa9": 1e999}'),
    ("application/json; charset=utf-16", b'{"name": "x"}'),
    ("text/xml", b"<!DOCTYPE x SYSTEM 'file:///dev/zero'><x/>"),
    ("multipart/form-data; boundary=", b"--\r\n"),
    ("multipart/form-data; boundary=\xff", b"--\xff\r\n"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="files"\r\n'),
)
JUNK: tuple[object, ...] = (
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "x" * 2000,
    "\0",
    [],
    [None],
    {"a": {}},
)


def _operations(app: Flask) -> Iterator[tuple[str, str, dict[str, Any]]]:
    with app.app_context():
        paths = document()["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            yield method.upper(), path, operation


def _known(answer_status: int, operation: dict[str, Any]) -> bool:
    return str(answer_status) in operation["responses"]


@pytest.fixture
def own(anna: Caller, ready_project: str) -> dict[str, str]:
    """Ids that are really hers."""
    project = anna.get(ready_project).json
    job = anna.get("/jobs").json["items"][0]
    upload = anna.call("POST", "/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "5"})
    return {
        "project_id": project["id"],
        "media_id": project["media_assets"][0]["id"],
        "job_id": job["id"],
        "output_id": "final",
        "preset_id": anna.post("/presets", {"name": "mine", "settings": {}}).json["id"],
        "upload_id": upload.headers["Location"].rpartition("/")[2],
        "key_id": anna.post("/keys", {"name": "mine", "scopes": ["read"]}).json["id"],
    }


def test_no_id_is_too_strange(app: Flask, anna: Caller) -> None:
    for method, path, operation in _operations(app):
        names = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
        for strange in IDS if names else ():
            address = path.removeprefix("/api")
            for name in names:
                address = address.replace(f"{{{name}}}", strange)

            answer = anna.call(method, address)

            assert _known(answer.status_code, operation), (method, address, answer.text)
            assert 400 <= answer.status_code < 500, (method, address, answer.text)


def test_no_query_and_no_body_is_too_strange(app: Flask, anna: Caller, own: dict[str, str]) -> None:
    for method, path, operation in _operations(app):
        if not path.startswith("/api") or method == "DELETE" or path.endswith("/events"):
            continue
        for query, (kind, body) in itertools.product(QUERIES, BODIES):
            address = path.removeprefix("/api").format(**own)

            answer = anna.call(method, address + query, data=body, content_type=kind)

            assert _known(answer.status_code, operation), (method, address, kind, answer.text)
            assert answer.status_code < 500, (method, address, query, kind, answer.text)


def test_no_value_of_a_field_is_too_strange(app: Flask, anna: Caller, own: dict[str, str]) -> None:
    with app.app_context():
        schemas = document()["components"]["schemas"]
    for method, path, operation in _operations(app):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            continue
        fields = schemas[content["schema"]["$ref"].rpartition("/")[2]]["properties"]
        for field, value in itertools.product(fields, JUNK):
            address = path.removeprefix("/api").format(**own)
            body = json.dumps({field: value})

            answer = anna.call(method, address, data=body, content_type="application/json")

            assert _known(answer.status_code, operation), (method, address, body, answer.text)
            assert answer.status_code < 500, (method, address, body, answer.text)


def test_every_route_that_needs_a_token_says_so_before_anything_else(
    app: Flask, nobody: Caller
) -> None:
    for method, path, operation in _operations(app):
        if operation["security"] == []:
            continue

        answer = nobody.call(
            method, path.removeprefix("/api"), data=b"{", content_type="application/json"
        )

        refused(answer, 401, "unauthorized")
