"""Who asks, and whose it is.

Every route needs a caller unless its view is marked `open_to_all`. What belongs to somebody else
is not there: 404, never 403.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, g, request

from beatstitch.db import jobs, media, projects
from beatstitch.db.jobs import Job
from beatstitch.db.media import MediaAsset
from beatstitch.db.projects import Project
from beatstitch.db.users import User
from beatstitch.errors import Unauthorized
from beatstitch.web import tokens, trail

COOKIE = "beatstitch_token"
View = TypeVar("View", bound=Callable[..., Any])


def open_to_all(view: View) -> View:
    """Mark a view that answers without a token."""
    view.__dict__["is_open_to_all"] = True
    return view


def admit() -> None:
    """Before each request: know the caller, or raise Unauthorized."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or getattr(view, "is_open_to_all", False):
        return
    g.user, g.jti = tokens.read(_given())
    trail.note(user_id=g.user.id)


def caller() -> User:
    """The user who asks."""
    user: User = g.user
    return user


def session_id() -> str:
    """The jti of the token in use."""
    jti: str = g.jti
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


def _given() -> str:
    """The token of the request. The cookie of a login counts for reading alone: what an <img> or
    a <video> may fetch, no foreign page may make the browser change."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and text.strip():
        return text.strip()
    if request.method in ("GET", "HEAD") and COOKIE in request.cookies:
        return request.cookies[COOKIE]
    raise Unauthorized(
        "unauthorized", "Log in first, and send the token as: Authorization: Bearer <token>"
    )
