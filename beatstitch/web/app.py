"""The wiring of the web process, and nothing else."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from beatstitch.db import base
from beatstitch.settings import settings
from beatstitch.web import (
    cors,
    docs,
    guard,
    passwords,
    problems,
    rates,
    status,
    trail,
    uploads,
    waiting,
)
from beatstitch.web.api import (
    admin,
    audio,
    auth,
    beats,
    beginnings,
    events,
    jobs,
    keys,
    links,
    media,
    outputs,
    plan,
    presets,
    projects,
    timeline,
)
from beatstitch.web.api import uploads as pieces
from beatstitch.web.measures import Measures

ROOMS = (
    auth,
    keys,
    links,
    projects,
    presets,
    pieces,
    media,
    audio,
    beats,
    timeline,
    plan,
    outputs,
    jobs,
    beginnings,
    events,
    admin,
    status,
    docs,
)
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def create_app(*, password_cost: int = passwords.COST, seats: int = waiting.DEFAULT_SEATS) -> Flask:
    """The app on this process's settings and database.

    `password_cost` is bcrypt's; `seats` is how many requests may stay open to wait for a job.
    """
    here = settings()
    base.connect(here.database())
    app = Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of Flask's default provider
    app.config["MAX_CONTENT_LENGTH"] = uploads.max_body_bytes(here)
    measures = Measures()
    app.extensions[auth.EXTENSION] = passwords.Passwords(password_cost)
    app.extensions[status.EXTENSION] = measures
    app.extensions[waiting.EXTENSION] = waiting.Seats(seats)
    trail.install(app, measures)
    cors.install(app, here)
    problems.install(app)
    app.before_request(guard.admit)
    rates.install(app, here)
    for room in ROOMS:
        app.register_blueprint(room.blueprint)
    app.wsgi_app = _versioned(app.wsgi_app)  # type: ignore[assignment, method-assign]  # Flask's own way
    return app


def _versioned(app: Wsgi) -> Wsgi:
    """/api/v1/… is /api/…: one table of routes, one name in logs and metrics."""

    def call(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/api/v1/"):
            environ["PATH_INFO"] = "/api/" + environ["PATH_INFO"].removeprefix("/api/v1/")
        return app(environ, start)

    return call
