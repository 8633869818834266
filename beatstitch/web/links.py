"""Links that open one download without a login, for a while: an HMAC over what they open.

Bound into the signature (RFC 2104, SHA-256) are the method, the path, the end, and whose it is with
their token version: a new password voids every link too. One that was made with an API key is good
as long as that key's text is. Nothing is stored.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from flask import request
from werkzeug.datastructures import MultiDict

from beatstitch.db import api_keys, users
from beatstitch.db.api_keys import ApiKey
from beatstitch.db.users import User
from beatstitch.documents import canonical
from beatstitch.errors import NotFound, Unauthorized
from beatstitch.web import tokens

EXPIRES, BY, SIGNATURE = "expires", "by", "signature"
_PURPOSE = b"beatstitch download link, version 1"


def make(
    user: User, key: ApiKey | None, path: str, now: datetime, lifetime: timedelta
) -> tuple[str, datetime]:
    """The address that opens this path to whoever has it, and when it ends. `key` is what the
    user showed, if it was one."""
    ends = (now + lifetime).replace(microsecond=0)
    expires = int(ends.timestamp())
    by = user.id if key is None else f"{user.id}.{key.prefix}"
    query = {EXPIRES: expires, BY: by, SIGNATURE: _signature(user, by, path, expires)}
    return f"{path}?{urlencode(query)}", ends


def is_shown() -> bool:
    """Whether the request comes by a link."""
    return request.method in ("GET", "HEAD") and SIGNATURE in request.args


def opened() -> User:
    """Whose link the request came by; what is left of its query is the caller's own. Raises
    Unauthorized for a link that is not good for this path, or not any more."""
    given = request.args
    by = given.get(BY, "")
    user_id, _, prefix = by.partition(".")
    try:
        user = users.by_id(user_id)
        expires = int(given.get(EXPIRES, ""))
    except (NotFound, ValueError) as refused:
        raise _refusal() from refused
    wanted = _signature(user, by, request.path, expires)
    shown = given.get(SIGNATURE, "")
    is_right = hmac.compare_digest(shown.encode(), wanted.encode())
    now = datetime.now(UTC)
    if not is_right or now.timestamp() >= expires or (prefix and not _is_good(prefix, now)):
        raise _refusal()
    rest = [pair for pair in given.items(multi=True) if pair[0] not in (EXPIRES, BY, SIGNATURE)]
    request.__dict__["args"] = MultiDict(rest)
    return user


def _is_good(prefix: str, now: datetime) -> bool:
    key = api_keys.by_prefix(prefix)
    return key is not None and not key.has_ended(now)


def _signature(user: User, by: str, path: str, expires: int) -> str:
    key = hmac.digest(tokens.secret().encode(), _PURPOSE, hashlib.sha256)
    signed = canonical(["GET", path, expires, by, user.token_version])
    return base64.urlsafe_b64encode(hmac.digest(key, signed, hashlib.sha256)).decode().rstrip("=")


def _refusal() -> Unauthorized:
    return Unauthorized("unauthorized", "This link is not valid, or not any more. Ask for another.")
