"""A fault becomes HTTP: here, once, in the one shape that every error of the API has."""

import errno
import logging
from collections.abc import Mapping, Sequence

from flask import Flask, Response, jsonify, request
from peewee import OperationalError
from werkzeug.exceptions import HTTPException

from beatstitch import errors
from beatstitch.db import base
from beatstitch.errors import BeatstitchError, InsufficientStorage, Invalid, Unavailable
from beatstitch.settings import settings
from beatstitch.web import trail

log = logging.getLogger(__name__)


class Malformed(Invalid):
    """The bytes of a body are not what its Content-Type says."""


class Garbled(BeatstitchError):
    """The bytes that came are not those that were sent."""


class OtherProtocol(BeatstitchError):
    """The request speaks another version of a protocol than is spoken here."""


class Refused(Invalid):
    """A body or a query that breaks its schema. `faults` has every place where it does."""

    def __init__(self, faults: Sequence[Mapping[str, object]]) -> None:
        first = faults[0]
        where = first["loc"]
        place = where if isinstance(where, tuple) else ()
        more = f" ({len(faults) - 1} more in detail.)" if len(faults) > 1 else ""
        named = ".".join(str(step) for step in place[1:]) or f"The {place[0]}"
        super().__init__("validation_error", f"{named}: {first['msg']}.{more}", where=place)
        self.faults = faults


STATUS: Mapping[type[BeatstitchError], int] = {
    Malformed: 400,
    OtherProtocol: 412,
    Garbled: 460,
    errors.PreconditionFailed: 400,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Cancelled: 409,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    errors.Invalid: 422,
    errors.LimitReached: 422,
    errors.MediaRejected: 422,
    errors.TooMany: 429,
    errors.Transient: 503,
    errors.Unavailable: 503,
    errors.InsufficientStorage: 507,
}
RETRY_AFTER_S = 5
_HTTP = {
    400: ("bad_request", "This request can't be read."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address doesn't take this method."),
    413: ("file_too_large", "The body of this request is too large."),
    416: ("range_not_satisfiable", "The file doesn't have the bytes that were asked for."),
}


def install(app: Flask) -> None:
    """Answer every fault of the app."""
    app.register_error_handler(BeatstitchError, of_ours)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(OperationalError, _of_database)
    app.register_error_handler(OSError, _of_disk)
    app.register_error_handler(Exception, _unforeseen)


def of_ours(fault: BeatstitchError) -> Response:
    """The answer to a fault of the vocabulary."""
    status = next(STATUS[kind] for kind in type(fault).__mro__ if kind in STATUS)
    response = jsonify(body(fault, trail.request_id()))
    response.status_code = status
    wait_s = fault.details.get("retry_after_seconds", RETRY_AFTER_S)
    if status in (429, 503):
        response.headers["Retry-After"] = str(wait_s)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def body(fault: BeatstitchError, request_id: str) -> dict[str, object]:
    """The one shape: error, message, request_id; details and detail where there are any."""
    # The rooms below name the fault (a full disk), the API what it means for the request.
    is_full = isinstance(fault, InsufficientStorage)
    shown: dict[str, object] = {
        "error": "insufficient_storage" if is_full else fault.code,
        "message": fault.message,
        "request_id": request_id,
    }
    if fault.details:
        shown["details"] = fault.details
    if isinstance(fault, Refused):
        shown["detail"] = fault.faults
    elif isinstance(fault, Invalid) and fault.where:
        shown["detail"] = [{"loc": fault.where, "msg": fault.message, "type": fault.code}]
    return shown


def _of_http(fault: HTTPException) -> Response:
    status = fault.code or 500
    code, message = _HTTP.get(status, ("bad_request", fault.description or fault.name))
    shown: dict[str, object] = {
        "error": code,
        "message": message,
        "request_id": trail.request_id(),
    }
    if status == 413:
        shown["details"] = {"max_size_bytes": request.max_content_length}
    response = jsonify(shown)
    response.status_code = status
    for name, value in fault.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _of_database(fault: OperationalError) -> Response:
    try:
        with base.translated():
            raise fault
    except BeatstitchError as known:
        return of_ours(known)
    except OperationalError as unknown:
        return _unforeseen(unknown)


def _of_disk(fault: OSError) -> Response:
    if fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return of_ours(disk_full())
    return _unforeseen(fault)


def disk_full() -> InsufficientStorage:
    """What an upload meets that finds no room."""
    return InsufficientStorage(
        "insufficient_storage",
        "The server's disk is full; nothing was stored. "
        "Try again later, or tell its administrator.",
    )


def _unforeseen(fault: Exception) -> Response:
    log.error("unforeseen fault", exc_info=fault)
    shown = {"fault": f"{type(fault).__name__}: {fault}"} if settings().debug else {}
    response = of_ours(
        Unavailable(
            "internal_error",
            "Something went wrong here that should not have. It is noted under this request_id.",
            **shown,
        )
    )
    response.status_code = 500
    del response.headers["Retry-After"]
    return response
