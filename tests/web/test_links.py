"""Links that open one download without a login."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask

import backstage
from beatstitch.db import users
from beatstitch.db.api_keys import ApiKey
from beatstitch.web import links
from callers import Caller, refused

Edit = Callable[[dict[str, str]], None]


@pytest.fixture
def film(anna: Caller, ready_project: str, with_timeline: Callable[[str], str]) -> str:
    """The path of Anna's newest final."""
    wish = {"job_type": "final", "edl_hash": with_timeline(ready_project)}
    backstage.filmed(anna.post(f"{ready_project}/render", wish).json["job_id"])
    return f"/api{ready_project}/outputs/final"


def _link(anna: Caller, path: str, **more: Any) -> str:
    made = anna.post("/links", {"path": path, **more})
    assert made.status_code == 201, made.text
    url: str = made.json["url"]
    return url.removeprefix("/api")


def _edited(url: str, edit: Edit) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    edit(query)
    return f"{parts.path}?{urlencode(query)}"


def test_a_link_opens_its_download_to_whoever_has_it(
    anna: Caller, nobody: Caller, film: str
) -> None:
    url = _link(anna, film)

    whole = nobody.get(url)
    part = nobody.get(url, headers={"Range": "bytes=4-7"})

    assert whole.data == anna.get(film.removeprefix("/api")).data
    assert (part.status_code, part.data) == (206, b"ftyp")
    assert nobody.call("HEAD", url).status_code == 200
    assert nobody.get(f"/v1{url}").status_code == 200


def test_a_link_says_when_it_ends(anna: Caller, film: str) -> None:
    made = anna.post("/links", {"path": film, "expires_in_s": 60}).json

    left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=30) < left <= timedelta(seconds=60)


def test_a_link_opens_nothing_else(anna: Caller, nobody: Caller, film: str) -> None:
    url = _link(anna, film)
    query = urlsplit(url).query
    project = film.removeprefix("/api").removesuffix("/outputs/final")

    for path in (project, f"{project}/outputs", f"{project}/outputs/preview", "/projects", "/keys"):
        refused(nobody.get(f"{path}?{query}"), 401, "unauthorized")
    refused(nobody.delete(url), 401, "unauthorized")
    refused(nobody.post(f"{project}/render?{query}"), 401, "unauthorized")


@pytest.mark.parametrize(
    "edit",
    [
        lambda query: query.update(expires=str(int(query["expires"]) + 1)),
        lambda query: query.update(expires="99999999999999999999"),
        lambda query: query.update(expires="soon"),
        lambda query: query.update(by="0" * 36),
        lambda query: query.update(signature=query["signature"][:-1]),
        lambda query: query.update(signature=""),
        lambda query: query.update(signature="é"),
        lambda query: query.pop("expires"),
        lambda query: query.pop("by"),
        lambda query: query.pop("signature"),
    ],
)
def test_a_forged_link_opens_nothing(anna: Caller, nobody: Caller, film: str, edit: Edit) -> None:
    refused(nobody.get(_edited(_link(anna, film), edit)), 401, "unauthorized")


def test_a_link_ends(app: Flask, anna: Caller, nobody: Caller, film: str) -> None:
    user, hour = users.by_id(anna.user_id), timedelta(hours=1)
    with app.app_context():
        good, _ = links.make(user, None, film, datetime.now(UTC), hour)
        ended, _ = links.make(user, None, film, datetime.now(UTC) - hour, hour)

    assert nobody.get(good.removeprefix("/api")).status_code == 200
    refused(nobody.get(ended.removeprefix("/api")), 401, "unauthorized")


def test_a_new_password_voids_every_link(anna: Caller, nobody: Caller, film: str) -> None:
    url = _link(anna, film)

    users.set_password(anna.user_id, "another hash")

    refused(nobody.get(url), 401, "unauthorized")


def test_a_link_goes_with_the_key_that_made_it(
    app: Flask, anna: Caller, nobody: Caller, film: str
) -> None:
    key = anna.post("/keys", {"name": "shop", "scopes": ["read"]}).json
    url = _link(Caller(app, {"X-API-Key": key["key"]}), film)
    assert nobody.get(url).status_code == 200

    anna.delete(f"/keys/{key['id']}")

    refused(nobody.get(url), 401, "unauthorized")
    with_another = _edited(url, lambda query: query.update(by=anna.user_id))
    refused(nobody.get(with_another), 401, "unauthorized")


def test_a_link_goes_with_the_secret_of_the_key_that_made_it(
    app: Flask, anna: Caller, nobody: Caller, film: str
) -> None:
    key = anna.post("/keys", {"name": "shop", "scopes": ["read"]}).json
    url = _link(Caller(app, {"X-API-Key": key["key"]}), film)

    anna.post(f"/keys/{key['id']}/rotate")

    refused(nobody.get(url), 401, "unauthorized")


def test_a_link_ends_with_the_key_that_made_it(
    app: Flask, anna: Caller, nobody: Caller, film: str
) -> None:
    key = anna.post("/keys", {"name": "shop", "scopes": ["read"], "expires_in_days": 1}).json
    url = _link(Caller(app, {"X-API-Key": key["key"]}), film)
    assert nobody.get(url).status_code == 200

    ApiKey.update(expires_at=datetime.now(UTC)).where(ApiKey.id == key["id"]).execute()

    refused(nobody.get(url), 401, "unauthorized")


def test_a_link_to_what_is_gone_is_404(anna: Caller, nobody: Caller, film: str) -> None:
    url = _link(anna, film)
    anna.delete(film.removeprefix("/api").removesuffix("/outputs/final"))

    refused(nobody.get(url), 404, "not_found")


def test_nobody_makes_a_link_to_somebody_elses_film(anna: Caller, ben: Caller, film: str) -> None:
    medium = anna.medium(anna.project())
    (render,) = anna.get("/jobs?job_type=render_final").json["items"]

    refused(ben.post("/links", {"path": film}), 404, "not_found")
    refused(ben.post("/links", {"path": f"/api/media/{medium}/file"}), 404, "not_found")
    beginning = f"/api/jobs/{render['id']}/first-chunk"
    refused(ben.post("/links", {"path": beginning}), 404, "not_found")
    assert _link(anna, f"/api/v1/media/{medium}/file").startswith("/media/")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/projects", "not_a_download"),
        ("/api/nothing", "not_a_download"),
        ("/api/jobs/x/events", "not_a_download"),
        ("/api/projects/x/outputs/final?x=1", "validation_error"),
        ("https://elsewhere.example/api/x", "validation_error"),
        ("/metrics", "validation_error"),
    ],
)
def test_a_link_is_for_a_download(anna: Caller, path: str, code: str) -> None:
    refused(anna.post("/links", {"path": path}), 422, code)


@pytest.mark.parametrize("lifetime", [0, 86_401, "60", None])
def test_a_link_is_short_lived(anna: Caller, film: str, lifetime: object) -> None:
    refused(anna.post("/links", {"path": film, "expires_in_s": lifetime}), 422, "validation_error")
