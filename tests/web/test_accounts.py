"""Accounts, logins and tokens."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from flask import Flask

from beatstitch.db import audit, users
from beatstitch.settings import settings
from beatstitch.web.passwords import Passwords
from callers import PASSWORD, Caller, forget_settings, refused

ANNA = {"username": "Anna", "password": PASSWORD}


@pytest.fixture
def registered(nobody: Caller) -> dict[str, Any]:
    made = nobody.post("/auth/register", ANNA)
    assert made.status_code == 201, made.text
    account: dict[str, Any] = made.json
    return account


def _login(nobody: Caller, password: str = PASSWORD, name: str = "Anna") -> Any:
    return nobody.post("/auth/login", {"username": name, "password": password})


def _with(app: Flask, token: str) -> Caller:
    return Caller(app, {"Authorization": f"Bearer {token}"})


def test_who_registers_can_log_in(app: Flask, nobody: Caller, registered: dict[str, Any]) -> None:
    login = _login(nobody).json

    assert set(registered) == {"id", "username", "created_at"}
    assert (login["token_type"], login["expires_in"]) == ("bearer", 24 * 3600)
    assert login["user"] == {"id": registered["id"], "username": "Anna"}
    me = _with(app, login["access_token"]).get("/auth/me").json
    assert me["id"] == registered["id"]
    assert me["projects"] == {"used": 0, "limit": 20}


@pytest.mark.parametrize("same", ["aNNA", "\uff41nna", "\u1d2cnna"])
def test_a_name_is_taken_however_it_is_written(
    nobody: Caller, registered: dict[str, Any], same: str
) -> None:
    again = nobody.post("/auth/register", ANNA | {"username": same})

    refused(again, 409, "username_taken")
    assert _login(nobody, name=same).status_code == 200


def test_a_name_is_kept_as_one_types_it_elsewhere(nobody: Caller) -> None:
    decomposed = nobody.post("/auth/register", ANNA | {"username": "Zoe\u0308"})

    assert decomposed.json["username"] == "Zoë"
    assert _login(nobody, name="ZOË").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "ab"},
        {"username": "a" * 51},
        {"username": "ß" * 26},
        {"username": "an na"},
        {"username": "<b>anna"},
        {"username": "\u0430nna"},  # it begins with a Cyrillic letter
        {"username": "an\u200dna"},
        {"username": "ﷺ" * 3},
        {"password": "7 bytes"},
        {"password": "x" * 73},
        {"password": "ä" * 37},
        {"password": None},
        {"password": "\ud800 is half a letter"},
        {"username": 12345},
        {"role": "admin"},
    ],
    ids=str,
)
def test_a_bad_account_is_refused_with_its_place(nobody: Caller, wrong: dict[str, Any]) -> None:
    answer = nobody.post("/auth/register", ANNA | wrong)

    body = refused(answer, 422, "validation_error")
    assert body["detail"][0]["loc"] == ["body", next(iter(wrong))]


def test_a_password_may_have_72_bytes_and_not_one_is_ignored(nobody: Caller) -> None:
    longest = "ä" * 36
    nobody.post("/auth/register", {"username": "anna", "password": longest})

    assert _login(nobody, longest).status_code == 200
    refused(_login(nobody, longest + "x"), 401, "unauthorized")
    refused(_login(nobody, longest[:-1] + "a"), 401, "unauthorized")


def test_a_wrong_name_answers_as_a_wrong_password_does(
    nobody: Caller, registered: dict[str, Any]
) -> None:
    wrong_name = _login(nobody, name="nobody").json
    wrong_password = _login(nobody, "wrong horse").json

    assert wrong_name["message"] == wrong_password["message"]


def test_a_name_that_nobody_has_costs_a_hash_too(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[bytes] = []
    monkeypatch.setattr(
        "bcrypt.checkpw", lambda given, kept: bool(checked.append(kept)) or given == b"never"
    )

    assert not Passwords(12).is_right(PASSWORD, None)

    assert checked[0].startswith(b"$2b$12$")


def test_registration_may_be_closed(nobody: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATSTITCH_REGISTRATION", "closed")
    forget_settings()

    refused(nobody.post("/auth/register", ANNA), 403, "registration_closed")


def test_nothing_opens_without_a_token(nobody: Caller) -> None:
    answer = nobody.get("/projects")

    refused(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def _claims(user_id: str, **changes: object) -> dict[str, object]:
    now = datetime.now(UTC)
    claims = {
        "sub": user_id,
        "iat": now,
        "exp": now + timedelta(hours=1),
        "jti": uuid.uuid4().hex,
        "ver": 0,
    } | changes
    return {name: value for name, value in claims.items() if value is not None}


FORGED: dict[str, Callable[[str], str]] = {
    "no token": lambda _: "nonsense",
    "alg none": lambda user: jwt.encode(_claims(user), None, algorithm="none"),  # type: ignore[arg-type]
    "another key": lambda user: jwt.encode(_claims(user), "k" * 40),
    "never given out": lambda user: jwt.encode(_claims(user), settings().secret_key),
    "without an end": lambda user: jwt.encode(_claims(user, exp=None), settings().secret_key),
    "without an id": lambda user: jwt.encode(_claims(user, jti=None), settings().secret_key),
    "ended": lambda user: jwt.encode(_claims(user, exp=1_000_000), settings().secret_key),
    "for ever": lambda user: jwt.encode(_claims(user, exp=2**33), settings().secret_key),
    "another algorithm": lambda user: jwt.encode(
        _claims(user), settings().secret_key, algorithm="HS512"
    ),
    "a user who is gone": lambda _: jwt.encode(_claims("gone"), settings().secret_key),
}


@pytest.mark.parametrize("forgery", FORGED)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_forged_token_opens_nothing(app: Flask, anna: Caller, forgery: str) -> None:
    token = FORGED[forgery](anna.user_id)

    refused(_with(app, token).get("/projects"), 401, "unauthorized")


def test_a_logout_voids_the_token(anna: Caller) -> None:
    assert anna.post("/auth/logout").status_code == 204

    refused(anna.get("/auth/me"), 401, "unauthorized")


def test_a_new_password_voids_every_token(
    app: Flask, nobody: Caller, registered: dict[str, Any]
) -> None:
    first, second = (_login(nobody).json["access_token"] for _ in range(2))
    change = {"current_password": PASSWORD, "new_password": "a better horse"}

    assert _with(app, first).post("/auth/password", change).status_code == 204

    refused(_with(app, first).get("/auth/me"), 401, "unauthorized")
    refused(_with(app, second).get("/auth/me"), 401, "unauthorized")
    assert _login(nobody, "a better horse").status_code == 200
    refused(_login(nobody), 401, "unauthorized")


def test_a_password_is_changed_only_by_who_knows_it(
    app: Flask, nobody: Caller, registered: dict[str, Any]
) -> None:
    token = _login(nobody).json["access_token"]
    change = {"current_password": "a guess", "new_password": "a better horse"}

    refused(_with(app, token).post("/auth/password", change), 403, "wrong_password")

    assert _login(nobody).status_code == 200


def test_the_cookie_of_a_login_reads_and_does_not_write(
    app: Flask, registered: dict[str, Any]
) -> None:
    browser = app.test_client()

    login = browser.post("/api/auth/login", json=ANNA)

    cookie = login.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert browser.get("/api/projects").status_code == 200
    assert browser.post("/api/projects", json={"name": "Test"}).status_code == 401


def test_a_kept_hash_has_cost_12() -> None:
    hashed = Passwords().hashed(PASSWORD)

    assert hashed.startswith("$2b$12$")


def test_a_deployment_without_a_key_lets_nobody_in(
    nobody: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.create("anna", Passwords(4).hashed(PASSWORD))
    monkeypatch.setenv("SECRET_KEY", "too short")
    forget_settings()

    refused(_login(nobody), 503, "bad_setting")


def test_what_happens_to_an_account_is_written_down(
    app: Flask, nobody: Caller, registered: dict[str, Any]
) -> None:
    _login(nobody, "wrong horse")
    _login(nobody, "my password", name="typed into the wrong field")
    token = _login(nobody).json["access_token"]
    change = {"current_password": "a guess", "new_password": "a better horse"}
    _with(app, token).post("/auth/password", change)
    _with(app, token).post("/auth/password", change | {"current_password": PASSWORD})

    deeds = audit.page(20)[::-1]

    assert [(deed.action, deed.user_id) for deed in deeds] == [
        ("registered", registered["id"]),
        ("login_failed", registered["id"]),
        ("login_failed", None),
        ("login", registered["id"]),
        ("password_refused", registered["id"]),
        ("password_changed", registered["id"]),
    ]
    assert {deed.address for deed in deeds} == {"127.0.0.1"}
    assert all(deed.request_id for deed in deeds)
    assert not any("horse" in str(deed.subject) or "field" in str(deed.subject) for deed in deeds)
