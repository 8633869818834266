"""What a caller makes an answer depend on: If-Match and its kin, in the order of RFC 9110, 13.2.2.

Knows the file in question by its strong tag and the time it was written; Range and If-Range, which
come last in that order, are left to who sends the bytes.
"""

from datetime import UTC, datetime

from flask import request
from werkzeug.http import parse_date, parse_etags

from beatstitch.errors import Stale

BEFORE_RANGE = (
    "HTTP_IF_MATCH",
    "HTTP_IF_UNMODIFIED_SINCE",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
)


def is_known(etag: str, written_at: float) -> bool:
    """Whether the caller has this file already, so that 304 says it all.

    `written_at` is in seconds since 1970. Raises Stale when the caller wants no other file than one
    it knows, and this is another.
    """
    headers = request.headers
    modified = datetime.fromtimestamp(int(written_at), UTC)
    if "If-Match" in headers:
        wanted = parse_etags(headers["If-Match"])
        if not (wanted.star_tag or wanted.is_strong(etag)):
            raise _changed()
    elif (since := parse_date(headers.get("If-Unmodified-Since"))) and modified > since:
        raise _changed()
    if "If-None-Match" in headers:
        return parse_etags(headers["If-None-Match"]).contains_weak(etag)
    since = parse_date(headers.get("If-Modified-Since"))
    return since is not None and modified <= since


def _changed() -> Stale:
    return Stale("stale", "The file has changed since you read it; read it again.")
