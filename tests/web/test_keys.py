"""API keys: what programs show in place of a login, and what each may."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from beatstitch.db import base
from beatstitch.db.api_keys import ApiKey
from beatstitch.db.audit import AuditEvent
from beatstitch.limits import MAX_KEYS_PER_USER
from beatstitch.web import keys
from callers import Caller, refused

RENDER = {"job_type": "final", "edl_hash": "x"}


def _key(anna: Caller, *scopes: str, **more: Any) -> dict[str, Any]:
    made = anna.post("/keys", {"name": "the shop", "scopes": scopes or ["read"], **more})
    assert made.status_code == 201, made.text
    body: dict[str, Any] = made.json
    return body


def _with(app: Flask, text: str, header: str = "Authorization") -> Caller:
    return Caller(app, {header: f"Bearer {text}" if header == "Authorization" else text})


def test_a_key_opens_what_a_login_opens(app: Flask, anna: Caller) -> None:
    text = _key(anna, "read", "write")["key"]

    for header in ("Authorization", "X-API-Key"):
        program = _with(app, text, header)
        assert program.get("/auth/me").json["id"] == anna.user_id
        assert program.post("/projects", {"name": "Test"}).status_code == 201


def test_the_text_of_a_key_is_shown_once_and_kept_nowhere(anna: Caller) -> None:
    made = _key(anna)
    secret = made["key"].rpartition("_")[2]

    listed = anna.get("/keys")

    assert made["key"].startswith(f"bs_{made['prefix']}_")
    assert listed.json["items"] == [{k: v for k, v in made.items() if k != "key"}]
    assert secret not in listed.text
    assert not any(secret in str(row) for row in ApiKey.select().tuples())


@pytest.mark.parametrize(
    ("scopes", "call", "needs"),
    [
        (["read"], ("POST", "/projects", {"name": "Test"}), "write"),
        (["write"], ("GET", "/projects", None), "read"),
        (["read", "write"], ("POST", "/projects/x/render", RENDER), "render"),
        (["read", "write", "render"], ("GET", "/keys", None), "account"),
        (["read", "write", "render"], ("POST", "/keys", {"name": "x"}), "account"),
    ],
)
def test_a_key_without_the_scope_is_403_and_says_which(
    app: Flask, anna: Caller, scopes: list[str], call: tuple[str, str, Any], needs: str
) -> None:
    program = _with(app, _key(anna, *scopes)["key"])
    method, path, body = call

    answer = refused(program.call(method, path, json=body), 403, "forbidden")

    assert answer["details"] == {"needs": needs, "has": scopes}


def test_a_key_gives_no_more_than_it_has(app: Flask, anna: Caller) -> None:
    strong = _key(anna, "read", "write")
    manager = _with(app, _key(anna, "read", "account")["key"])

    refused(manager.post("/keys", {"name": "x", "scopes": ["write"]}), 403, "forbidden")
    refused(manager.post(f"/keys/{strong['id']}/rotate"), 403, "forbidden")
    refused(manager.post("/keys", {"name": "x", "scopes": ["admin"]}), 422, "validation_error")
    assert manager.post("/keys", {"name": "x", "scopes": ["read"]}).status_code == 201


def test_another_secret_voids_the_one_before(app: Flask, anna: Caller) -> None:
    made = _key(anna)

    turned = anna.post(f"/keys/{made['id']}/rotate").json

    assert (turned["id"], turned["scopes"]) == (made["id"], made["scopes"])
    refused(_with(app, made["key"]).get("/projects"), 401, "unauthorized")
    assert _with(app, turned["key"]).get("/projects").status_code == 200


def test_a_key_that_is_revoked_opens_nothing(app: Flask, anna: Caller) -> None:
    made = _key(anna)

    assert anna.delete(f"/keys/{made['id']}").status_code == 204

    refused(_with(app, made["key"]).get("/projects"), 401, "unauthorized")
    refused(anna.delete(f"/keys/{made['id']}"), 404, "not_found")
    assert anna.get("/keys").json["total"] == 0


def test_a_key_ends_on_its_day(app: Flask, anna: Caller) -> None:
    made = _key(anna, expires_in_days=1)
    program = _with(app, made["key"])
    assert program.get("/projects").status_code == 200

    ApiKey.update(expires_at=base.utc_now()).where(ApiKey.id == made["id"]).execute()

    refused(program.get("/projects"), 401, "unauthorized")


def test_the_last_use_is_noted_once_in_five_minutes(anna: Caller) -> None:
    text = _key(anna)["key"]
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)

    uses = []
    for minute in (0, 4, 6):
        keys.read(text, noon + timedelta(minutes=minute))
        uses.append(ApiKey.get().last_used_at)

    assert uses == [noon, noon, noon + timedelta(minutes=6)]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text + "x",
        lambda text: text[:-1] + ("a" if text[-1] != "a" else "b"),
        lambda text: "bs_" + "x" * 10 + text[13:],
        lambda text: text.upper(),
        lambda text: "bs_",
        lambda text: "bs_" + "x" * 10_000,
    ],
)
def test_a_key_that_is_nearly_right_is_wrong(app: Flask, anna: Caller, change: Any) -> None:
    text = _key(anna)["key"]

    refused(_with(app, change(text)).get("/projects"), 401, "unauthorized")
    refused(_with(app, change(text), "X-API-Key").get("/projects"), 401, "unauthorized")


def test_a_key_is_no_login_and_no_cookie(app: Flask, anna: Caller) -> None:
    text = _key(anna, "read", "write")["key"]
    browser = app.test_client()
    browser.set_cookie("beatstitch_token", text, path="/api")

    refused(_with(app, text).post("/auth/logout"), 403, "forbidden")
    assert browser.get("/api/projects").status_code == 401


def test_somebody_elses_key_is_not_there(anna: Caller, ben: Caller) -> None:
    made = _key(anna)

    refused(ben.delete(f"/keys/{made['id']}"), 404, "not_found")
    refused(ben.post(f"/keys/{made['id']}/rotate"), 404, "not_found")
    assert ben.get("/keys").json["total"] == 0


def test_a_user_may_have_20_keys(anna: Caller) -> None:
    for _ in range(MAX_KEYS_PER_USER):
        _key(anna)

    refused(anna.post("/keys", {"name": "x", "scopes": ["read"]}), 422, "too_many_keys")


def test_what_happens_to_keys_is_written_down(anna: Caller) -> None:
    made = _key(anna)
    anna.post(f"/keys/{made['id']}/rotate")
    anna.delete(f"/keys/{made['id']}")

    deeds = list(AuditEvent.select().order_by(AuditEvent.id))

    assert [deed.action for deed in deeds] == ["key_issued", "key_rotated", "key_revoked"]
    assert {deed.user_id for deed in deeds} == {anna.user_id}
    assert made["key"] not in str([deed.subject for deed in deeds])
