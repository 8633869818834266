"""A deployment for one test, and people who call its API."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from beatstitch.db import base, schema, users
from beatstitch.settings import settings
from beatstitch.storage.configured import configured
from beatstitch.web import tokens
from beatstitch.web.app import create_app
from beatstitch.web.openapi import Problem
from postgres import Cluster

CHEAPEST_COST = 4
"""bcrypt's least: a hash takes a millisecond instead of a quarter of a second."""
CATEGORIES = ("AUTH", "UPLOAD", "RESUMABLE", "ANALYSE", "RENDER", "READ", "WRITE")
PASSWORD = "correct horse"  # noqa: S105 - of people who don't exist
JPEG = b"\xff\xd8\xff\xe0" + b"not looked at by the web process" * 130
WAV = b"RIFF\0\0\0\0WAVEfmt " + b"not listened to either" * 200


@pytest.fixture
def deployment(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Settings of a deployment of its own that limits nobody; gives its data folder.

    Its database is SQLite, or with TEST_DATABASE=postgresql in the environment the other one.
    """
    data = tmp_path / "data"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORAGE_PATH", str(data))
    monkeypatch.setenv("SECRET_KEY", "for tests only: 0123456789 0123456789")
    monkeypatch.setenv("BEATSTITCH_DISK_FLOOR_BYTES", "0")
    for category in CATEGORIES:
        monkeypatch.setenv(f"BEATSTITCH_RATE_{category}", "100000/60")
    forget_settings()
    if os.environ.get("TEST_DATABASE") == "postgresql":
        server: Cluster = request.getfixturevalue("server")
        url = server.new()
        monkeypatch.setenv("DATABASE_URL", url)
        yield data
        base.disconnect()
        server.drop(url)
    else:
        yield data
        base.disconnect()
    forget_settings()


@pytest.fixture
def app(deployment: Path) -> Flask:
    """The app on an empty database."""
    made = create_app(password_cost=CHEAPEST_COST)
    schema.upgrade()
    return made


@pytest.fixture
def anna(app: Flask) -> "Caller":
    """Somebody with an account."""
    return Caller.new(app, "anna")


@pytest.fixture
def ben(app: Flask) -> "Caller":
    """Somebody else."""
    return Caller.new(app, "ben")


@pytest.fixture
def nobody(app: Flask) -> "Caller":
    """Somebody without a token."""
    return Caller(app, {})


def forget_settings() -> None:
    """Read the environment anew."""
    settings.cache_clear()
    configured.cache_clear()


class Caller:
    """Somebody who calls the API, with a token or without."""

    def __init__(self, app: Flask, headers: dict[str, str], user_id: str = "") -> None:
        self.client = app.test_client(use_cookies=False)
        self.headers = headers
        self.user_id = user_id

    @staticmethod
    def new(app: Flask, name: str) -> "Caller":
        """Somebody with a new account, who can't log in but has a token."""
        user = users.create(name, "no hash of any password")
        token = tokens.issue(user, datetime.now(UTC)).text
        return Caller(app, {"Authorization": f"Bearer {token}"}, user.id)

    def get(self, path: str, **more: Any) -> TestResponse:
        """GET /api + path."""
        return self.call("GET", path, **more)

    def post(self, path: str, json: object = None, **more: Any) -> TestResponse:
        """POST it."""
        return self.call("POST", path, json=json, **more)

    def patch(self, path: str, json: object, **more: Any) -> TestResponse:
        """PATCH it."""
        return self.call("PATCH", path, json=json, **more)

    def delete(self, path: str) -> TestResponse:
        """DELETE it."""
        return self.call("DELETE", path)

    def upload(self, path: str, *files: tuple[str, bytes], field: str = "files") -> TestResponse:
        """POST files as a form does."""
        parts = [(BytesIO(data), name) for name, data in files]
        return self.call("POST", path, data={field: parts})

    def call(
        self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
    ) -> TestResponse:
        """Any call; gives the answer, whose body is read unless `buffered` says otherwise."""
        return self.client.open(
            f"/api{path}",
            method=method,
            headers=self.headers | (headers or {}),
            **{"buffered": True} | more,
        )

    def project(self, **body: Any) -> str:
        """A new project; gives its address."""
        made = self.post("/projects", {"name": "Test", **body})
        assert made.status_code == 201, made.text
        return f"/projects/{made.json['id']}"

    def medium(self, project: str, name: str = "photo.jpg", data: bytes = JPEG) -> str:
        """An uploaded photo; gives its id."""
        made = self.upload(f"{project}/media", (name, data))
        assert made.status_code == 201, made.text
        asset_id: str = made.json["uploaded"][0]["id"]
        return asset_id

    def song(self, project: str) -> dict[str, Any]:
        """An uploaded song; gives the answer."""
        made = self.upload(f"{project}/audio", ("song.wav", WAV), field="file")
        assert made.status_code == 202, made.text
        answer: dict[str, Any] = made.json
        return answer


def refused(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The body of an error, once it is sure that it is this one and in the one shape."""
    assert answer.status_code == status, answer.text
    problem = Problem.model_validate_json(answer.data)
    assert problem.error == code
    assert problem.message.strip()
    assert problem.request_id == answer.headers["X-Request-ID"]
    body: dict[str, Any] = answer.json
    return body


def stored(data: Path) -> list[str]:
    """Every file of the deployment that isn't its database's."""
    return sorted(
        path.relative_to(data).as_posix()
        for path in data.rglob("*")
        if path.is_file() and path.parent != data
    )
