"""Who asks, what they may, and whose it is.

Every route needs a caller unless its view is marked `open_to_all`, and a scope: `read` for GET and
HEAD, `write` for the rest, unless the view says another. What belongs to somebody else is not
there: 404, never 403.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from flask import current_app, g, request

from beatstitch.db import jobs, media, projects
from beatstitch.db.api_keys import ApiKey, Scope
from beatstitch.db.jobs import Job
from beatstitch.db.media import MediaAsset
from beatstitch.db.projects import Project
from beatstitch.db.users import User
from beatstitch.errors import Forbidden, Unauthorized
from beatstitch.web import keys, links, tokens, trail

COOKIE = "beatstitch_token"
OF_A_LOGIN: tuple[Scope, ...] = ("read", "write", "render", "account")
"""What who logs in may: all but `admin`, which only a key of the operator gives."""
BY_A_LINK: tuple[Scope, ...] = ("read",)
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Pass:
    """Who asks and what they may; by the token with this `jti`, by this key, or by a link."""

    user: User
    scopes: Collection[Scope]
    jti: str | None = None
    key: ApiKey | None = None

    @property
    def is_by_link(self) -> bool:
        """Whether it may be anybody whom the user gave a link."""
        return self.jti is None and self.key is None


def open_to_all(view: View) -> View:
    """Mark a view that answers without a token."""
    view.__dict__["is_open_to_all"] = True
    return view


def needs(scope: Scope) -> Callable[[View], View]:
    """Mark a view that needs this scope."""

    def mark(view: View) -> View:
        view.__dict__["scope"] = scope
        return view

    return mark


def admit() -> None:
    """Before each request: know the caller. Raises Unauthorized, and Forbidden for one who lacks
    the scope."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or getattr(view, "is_open_to_all", False):
        return
    g.shown = given = _given()
    trail.note(user_id=given.user.id)
    needed = getattr(view, "scope", None) or scope_of(request.method)
    if needed not in given.scopes:
        raise Forbidden(
            "forbidden",
            f"This call needs the scope {needed}, which this key doesn't have.",
            needs=needed,
            has=list(given.scopes),
        )


def scope_of(method: str) -> Scope:
    """What a method needs where the view doesn't say."""
    return "read" if method in ("GET", "HEAD", "OPTIONS") else "write"


def shown() -> Pass:
    """What the caller was let in by."""
    given: Pass = g.shown
    return given


def caller() -> User:
    """The user who asks."""
    return shown().user


def scopes() -> Collection[Scope]:
    """What the caller may."""
    return shown().scopes


def admitted() -> Pass | None:
    """Who was let in, or None where nobody had to show anything."""
    given: Pass | None = g.get("shown")
    return given


def session_id() -> str:
    """The jti of the token in use. Raises Forbidden for a key, which is no login."""
    jti = shown().jti
    if jti is None:
        raise Forbidden(
            "forbidden", "A key is no login; revoke it with DELETE /api/keys/{id} instead."
        )
    return jti


def project(project_id: str) -> Project:
    """The caller's project. Raises NotFound."""
    found = projects.of_user(caller().id, project_id)
    trail.note(project_id=found.id)
    return found


def asset(media_id: str) -> MediaAsset:
    """The caller's photo or clip. Raises NotFound."""
    return media.of_user(caller().id, media_id)


def job(job_id: str) -> Job:
    """The caller's job. Raises NotFound."""
    found = jobs.of_user(caller().id, job_id)
    trail.note(job_id=found.id)
    return found


def _given() -> Pass:
    """What the request shows to be let in. Raises Unauthorized."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    bearer = text.strip() if scheme.lower() == "bearer" else ""
    if keys.is_key(bearer):
        return _of_key(bearer)
    if bearer:
        return _of_login(bearer)
    if "X-API-Key" in request.headers:
        return _of_key(request.headers["X-API-Key"].strip())
    if links.is_shown():
        return Pass(links.opened(), BY_A_LINK)
    # The cookie of a login counts for reading alone: what an <img> or a <video> may fetch, no
    # foreign page may make the browser change.
    if request.method in ("GET", "HEAD") and COOKIE in request.cookies:
        return _of_login(request.cookies[COOKIE])
    raise Unauthorized(
        "unauthorized",
        "Log in first, and send the token as: Authorization: Bearer <token>. An API key does too.",
    )


def _of_key(text: str) -> Pass:
    user, used = keys.read(text, datetime.now(UTC))
    return Pass(user, used.scopes, key=used)


def _of_login(token: str) -> Pass:
    user, jti = tokens.read(token)
    return Pass(user, OF_A_LOGIN, jti=jti)
