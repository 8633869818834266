"""The API describes itself, and its description is true."""

import re
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from callers import Caller

NOT_DESCRIBED = {"/api/openapi.json", "/api/docs"}


@pytest.fixture
def document(nobody: Caller) -> dict[str, Any]:
    described: dict[str, Any] = nobody.get("/openapi.json").json
    return described


def _routes(app: Flask) -> set[tuple[str, str]]:
    return {
        (method.lower(), re.sub(r"<(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule not in NOT_DESCRIBED
    }


def test_the_description_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_is_described(app: Flask, document: dict[str, Any]) -> None:
    described = {
        (method, path) for path, operations in document["paths"].items() for method in operations
    }

    assert described == _routes(app)


def test_every_route_says_what_it_does_and_gives(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            assert {"422", "500", "503"} <= set(operation["responses"]), (method, path)
            is_open = operation["security"] == []
            assert is_open or "401" in operation["responses"], (method, path)


def test_uploads_and_downloads_are_described_as_bytes(document: dict[str, Any]) -> None:
    upload = document["paths"]["/api/projects/{project_id}/media"]["post"]
    download = document["paths"]["/api/projects/{project_id}/outputs/{output_id}"]["get"]

    assert "multipart/form-data" in upload["requestBody"]["content"]
    assert set(download["responses"]["206"]["content"]) == {"video/mp4"}


def test_a_body_that_may_be_left_out_is_described_so(document: dict[str, Any]) -> None:
    generate = document["paths"]["/api/projects/{project_id}/timeline/generate"]["post"]
    render = document["paths"]["/api/projects/{project_id}/render"]["post"]

    assert generate["requestBody"]["required"] is False
    assert render["requestBody"]["required"] is True


def test_the_docs_page_asks_no_other_server(nobody: Caller) -> None:
    page = nobody.get("/docs")

    assert page.mimetype == "text/html"
    assert "openapi.json" in page.text
    assert not re.search(r"(src|href|url\()[\s=\"']*(https?:)?//", page.text)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
