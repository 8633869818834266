"""Stored files on their way out: whole or in ranges, with a strong ETag and a safe name.

Files are immutable under their key, so the key is what the tag is made of.
"""

import hashlib
import re

from flask import Response, request, send_file

from beatstitch.storage.configured import configured

_ONE_RANGE = re.compile(r"bytes\s*=[^,]*")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"\\/:*?<>|\u2028\u2029\u202a-\u202e]+')


def stored(key: str, content_type: str, name: str | None = None) -> Response:
    """The file under this key, as an attachment when it is given a name. Raises NotFound.

    Answers Range, If-Range and If-None-Match as RFC 9110 has them.
    """
    asked = request.environ.get("HTTP_RANGE", "")
    if not _ONE_RANGE.fullmatch(asked):
        # RFC 9110, 14.2: a unit that is not known is passed over, and so may be many ranges.
        request.environ.pop("HTTP_RANGE", None)
    response = send_file(
        configured().fetch(key),
        mimetype=content_type,
        as_attachment=name is not None,
        download_name=safe_name(name) if name else None,
        conditional=True,
        etag=hashlib.sha256(key.encode()).hexdigest()[:32],
    )
    response.headers["Cache-Control"] = "private, no-cache"
    # Nobody's upload is to be read as a page of this site.
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def safe_name(name: str) -> str:
    """A file name that every system takes."""
    return _UNSAFE.sub("_", name).strip(" .")[:200] or "file"
