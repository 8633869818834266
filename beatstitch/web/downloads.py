"""Stored files on their way out: whole or in ranges, with a strong ETag and a safe name.

Files are immutable under their key, so the key is what the tag is made of. Behind a proxy that can
read the storage (`BEATSTITCH_ACCEL`) the answer only names the file, and the proxy sends its bytes:
no thread of ours stays with a slow reader.
"""

import hashlib
import re
from pathlib import Path, PurePosixPath

from flask import Response, request, send_file

from beatstitch.settings import settings
from beatstitch.storage import missing
from beatstitch.storage.configured import configured
from beatstitch.web import conditions

MAX_NAME_BYTES = 200
"""Linux takes 255, and who downloads it twice gets " (2)" in it, or ".part" behind it."""
_MAX_SUFFIX = 10
_ONE_RANGE = re.compile(r"bytes\s*=[^,]*")
_UNSAFE = re.compile(
    r'[\x00-\x1f\x7f"\\/:*?<>|\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+'
)


def stored(key: str, content_type: str, name: str | None = None) -> Response:
    """The file under this key, as an attachment when it is given a name.

    Answers the conditions and ranges of RFC 9110. Raises NotFound, and Stale for If-Match.
    """
    path = configured().fetch(key)
    try:
        return _stored(path, key, content_type, name)
    except FileNotFoundError:  # deleted since
        raise missing() from None


def _stored(path: Path, key: str, content_type: str, name: str | None) -> Response:
    etag = hashlib.sha256(key.encode()).hexdigest()[:32]
    is_known = conditions.is_known(etag, path.stat().st_mtime)
    # The proxy would hold If-Match against a tag of its own, so that one is answered here.
    is_handed_over = settings().accel and "If-Match" not in request.headers
    _leave_range_alone()
    response = send_file(
        path,
        mimetype=content_type,
        as_attachment=name is not None,
        download_name=safe_name(name) if name else None,
        conditional=not is_known,
        etag=etag,
    )
    if is_known:
        _without_body(response, 304)
    elif is_handed_over:
        _without_body(response, 200)
        response.headers["X-Accel-Redirect"] = settings().accel + key
    response.headers["Cache-Control"] = "private, no-cache"
    # Nobody's upload is to be read as a page of this site.
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def safe_name(name: str) -> str:
    """A file name that every system takes, of MAX_NAME_BYTES at most; it ends as the name ends."""
    plain = _UNSAFE.sub("_", name).strip(" .") or "file"
    suffix = PurePosixPath(plain).suffix
    if len(suffix) > _MAX_SUFFIX:
        suffix = ""
    room = MAX_NAME_BYTES - len(suffix.encode())
    return plain.removesuffix(suffix).encode()[:room].decode(errors="ignore") + suffix


def _leave_range_alone() -> None:
    """Leave of the request's conditions only one range that can be answered; the others are."""
    is_one = _ONE_RANGE.fullmatch(request.environ.get("HTTP_RANGE", ""))
    # RFC 9110: an unknown unit is passed over, and so may be many ranges (14.2); a weak tag is no
    # ground to go on from (13.1.5).
    if not is_one or request.environ.get("HTTP_IF_RANGE", "").startswith("W/"):
        request.environ.pop("HTTP_RANGE", None)
    for name in conditions.BEFORE_RANGE:
        request.environ.pop(name, None)


def _without_body(response: Response, status: int) -> None:
    response.close()
    response.direct_passthrough = False
    response.set_data(b"")
    response.status_code = status
    for name in ("Content-Length", "Content-Range"):
        response.headers.pop(name, None)
