"""What each request leaves behind: its id in the answer, one line in the log, two in the metrics.

The id goes with the job that a request submits, so that one id leads from here to FFmpeg.
"""

import logging
import re
import time
import uuid
from contextlib import ExitStack

from flask import Flask, Response, g, request

from beatstitch.logs import bind
from beatstitch.web.measures import Measures

_TAKEN = re.compile(r"[A-Za-z0-9._-]{1,128}")
_PATH_SHOWN = 200

log = logging.getLogger(__name__)


def install(app: Flask, measures: Measures) -> None:
    """Follow every request of the app."""

    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.began_s
        response.headers["X-Request-ID"] = request_id()
        measures.count(request.method, request.endpoint, response.status_code, seconds)
        log.info(
            "request",
            extra={
                "method": request.method,
                "path": request.path[:_PATH_SHOWN],
                "status": response.status_code,
                "duration_ms": round(seconds * 1000, 1),
            },
        )
        return response

    def leave(_: BaseException | None) -> None:
        g.trail.close()

    app.before_request(_begin)
    app.after_request(end)
    app.teardown_request(leave)


def request_id() -> str:
    """The id of the request in hand."""
    made: str = g.request_id
    return made


def note(**ids: str) -> None:
    """From here to the end of the request, log lines carry these ids too."""
    g.trail.enter_context(bind(**ids))


def accepted(given: str | None) -> str:
    """The caller's own request id where it is one that a log may hold, or a new one."""
    return given if given and _TAKEN.fullmatch(given) else uuid.uuid4().hex


def _begin() -> None:
    g.began_s = time.perf_counter()
    g.request_id = accepted(request.headers.get("X-Request-ID"))
    g.trail = ExitStack()
    note(request_id=g.request_id)
