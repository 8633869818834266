"""Accounts: register, log in and out, change the password, who am I."""

from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, jsonify, make_response, request

from beatstitch.db import base, jobs, projects, sessions, usage, users
from beatstitch.errors import Forbidden, Unauthorized
from beatstitch.settings import settings
from beatstitch.web import guard, intake, rates, tokens, witness
from beatstitch.web.openapi import answers
from beatstitch.web.passwords import Passwords
from beatstitch.web.shapes.account import (
    LoggedIn,
    Login,
    Me,
    NewUser,
    PasswordChange,
    Registration,
    UserName,
)

EXTENSION = "beatstitch.passwords"
blueprint = Blueprint("auth", __name__, url_prefix="/api/auth")


@blueprint.post("/register")
@answers({201: NewUser}, refuses=(403, 409, 429))
@rates.of_category("auth")
@guard.open_to_all
def register(json: Registration) -> tuple[NewUser, int]:
    """Make an account."""
    if settings().registration == "closed":
        raise Forbidden(
            "registration_closed", "New accounts are made by the administrator of this server."
        )
    hashed = _passwords().hashed(json.password)
    with base.transaction():
        user = users.create(json.username, hashed)
        witness.note("registered", user_id=user.id)
    return NewUser(id=user.id, username=user.username, created_at=user.created_at), 201


@blueprint.post("/login")
@answers({200: LoggedIn}, refuses=(401, 429))
@rates.of_category("auth")
@guard.open_to_all
def login(json: Login) -> Response:
    """Get a token. It also comes as a cookie, which counts for reading alone."""
    user = users.by_name(json.username)
    is_right = _passwords().is_right(json.password, user.password_hash if user else None)
    if user is None or not is_right:
        # A name that nobody has is not written down: people type passwords there.
        witness.note("login_failed", user_id=user.id if user else None)
        raise Unauthorized("unauthorized", "The name or the password is wrong.")
    with base.transaction():
        token = tokens.issue(user, datetime.now(UTC))
        witness.note("login", user_id=user.id)
    shown = LoggedIn(
        access_token=token.text,
        expires_in=token.expires_in_s,
        user=UserName(id=user.id, username=user.username),
    )
    response = jsonify(shown.model_dump())
    response.set_cookie(
        guard.COOKIE,
        token.text,
        max_age=token.expires_in_s,
        path="/api",
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/logout")
@answers({204: None}, refuses=(403,))
def logout() -> Response:
    """Void the token in use."""
    jti = guard.session_id()
    with base.transaction():
        sessions.revoke(jti, datetime.now(UTC))
        witness.note("logout")
    return _without_cookie()


@blueprint.post("/password")
@answers({204: None}, refuses=(403,))
@rates.of_category("auth")
@guard.needs("account")
def change_password(json: PasswordChange) -> Response:
    """Change the password; every token given out so far is void."""
    user = guard.caller()
    if not _passwords().is_right(json.current_password, user.password_hash):
        witness.note("password_refused")
        raise Forbidden("wrong_password", "The current password is wrong; nothing was changed.")
    hashed = _passwords().hashed(json.new_password)
    with base.transaction():
        users.set_password(user.id, hashed)
        witness.note("password_changed")
    return _without_cookie()


@blueprint.get("/me")
@answers({200: Me})
def me() -> Me:
    """Who I am, with limits and usage."""
    user = guard.caller()
    renders = sum(
        jobs.count(user_id=user.id, kind=kind, statuses=["running"]) for kind in intake.RENDERS
    )
    used = {
        "projects": projects.count_of_user(user.id),
        "media": usage.media_of_user(user.id),
        "renders": renders,
    }
    return Me.of(user, guard.scopes(), used)


@blueprint.get("/check")
@answers({204: None})
@rates.uncounted
@guard.needs("write")
def check_token() -> Response:
    """Whether the token or key in use may write: what a proxy asks before an upload passes it."""
    return make_response("", 204)


def _passwords() -> Passwords:
    here: Passwords = current_app.extensions[EXTENSION]
    return here


def _without_cookie() -> Response:
    response = make_response("", 204)
    response.delete_cookie(guard.COOKIE, path="/api")
    return response
