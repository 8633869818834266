"""Links that open one download without a login, for a while: an HMAC over what they open.

Bound into the signature (RFC 2104, SHA-256) are the method, the path, the end, and whose it is with
their token version: a new password voids every link too. Nothing is stored.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from flask import request
from werkzeug.datastructures import MultiDict

from beatstitch.db import users
from beatstitch.db.users import User
from beatstitch.documents import canonical
from beatstitch.errors import NotFound, Unauthorized
from beatstitch.web import tokens

EXPIRES, BY, SIGNATURE = "expires", "by", "signature"
_PURPOSE = b"beatstitch download link, version 1"


def make(user: User, path: str, now: datetime, lifetime: timedelta) -> tuple[str, datetime]:
    """The address that opens this path to whoever has it, and when it ends."""
    ends = (now + lifetime).replace(microsecond=0)
    expires = int(ends.timestamp())
    query = {EXPIRES: expires, BY: user.id, SIGNATURE: _signature(user, path, expires)}
    return f"{path}?{urlencode(query)}", ends


def is_shown() -> bool:
    """Whether the request comes by a link."""
    return request.method in ("GET", "HEAD") and SIGNATURE in request.args


def opened() -> User:
    """Whose link the request came by; what is left of its query is the caller's own. Raises
    Unauthorized for a link that is not good for this path, or not any more."""
    given = request.args
    try:
        user = users.by_id(given.get(BY, ""))
        expires = int(given.get(EXPIRES, ""))
    except (NotFound, ValueError) as refused:
        raise _refusal() from refused
    wanted = _signature(user, request.path, expires)
    shown = given.get(SIGNATURE, "")
    is_right = hmac.compare_digest(shown.encode(), wanted.encode())
    if not is_right or datetime.now(UTC).timestamp() >= expires:
        raise _refusal()
    rest = [pair for pair in given.items(multi=True) if pair[0] not in (EXPIRES, BY, SIGNATURE)]
    request.__dict__["args"] = MultiDict(rest)
    return user


def _signature(user: User, path: str, expires: int) -> str:
    key = hmac.digest(tokens.secret().encode(), _PURPOSE, hashlib.sha256)
    signed = canonical(["GET", path, expires, user.id, user.token_version])
    return base64.urlsafe_b64encode(hmac.digest(key, signed, hashlib.sha256)).decode().rstrip("=")


def _refusal() -> Unauthorized:
    return Unauthorized("unauthorized", "This link is not valid, or not any more. Ask for another.")
