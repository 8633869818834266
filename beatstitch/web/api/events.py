"""All that happens to a user's jobs, as one stream."""

from flask import Blueprint, Response, request

from beatstitch.web import guard, waiting
from beatstitch.web.openapi import answers

blueprint = Blueprint("events", __name__, url_prefix="/api/events")


@blueprint.get("")
@answers({200: None}, file="text/event-stream", is_stored=False)
def my_events() -> Response:
    """The progress of all my jobs as Server-Sent Events: `progress`, and `end` for each."""
    return waiting.stream_of_user(guard.caller().id, request.headers.get("Last-Event-ID"))
