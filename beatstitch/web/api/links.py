"""Links that open one download without a login."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, current_app
from werkzeug.exceptions import HTTPException

from beatstitch.errors import Invalid
from beatstitch.web import guard, links
from beatstitch.web.openapi import answers
from beatstitch.web.shapes.links import Link, NewLink

blueprint = Blueprint("links", __name__, url_prefix="/api/links")


@blueprint.post("")
@answers({201: Link}, refuses=(404,))
@guard.needs("read")
def make_link(json: NewLink) -> tuple[Link, int, dict[str, str]]:
    """Make a link that opens one download to whoever has it, until it ends."""
    path = json.path.replace("/api/v1/", "/api/", 1)
    _require_own_download(path)
    asker = guard.shown()
    url, ends = links.make(
        asker.user, asker.key, path, datetime.now(UTC), timedelta(seconds=json.expires_in_s)
    )
    return Link(url=url, expires_at=ends), 201, {"Cache-Control": "no-store"}


def _require_own_download(path: str) -> None:
    """Raise Invalid for an address that gives no file, NotFound for somebody else's."""
    try:
        endpoint, ids = current_app.url_map.bind("").match(path, method="GET")
    except HTTPException as refused:
        raise _no_download(path) from refused
    if not getattr(current_app.view_functions[endpoint], "is_download", False):
        raise _no_download(path)
    if "project_id" in ids:
        guard.project(ids["project_id"])
    if "media_id" in ids:
        guard.asset(ids["media_id"])
    if "job_id" in ids:
        guard.job(ids["job_id"])


def _no_download(path: str) -> Invalid:
    return Invalid(
        "not_a_download",
        f"path: {path} gives no file; links are for films, reports, songs, photos and clips.",
        where=("body", "path"),
    )
