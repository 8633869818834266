"""API keys as text: `bs_<prefix>_<secret>`, made here, shown once, and recognised.

The secret has 238 random bits, so one SHA-256 is hash enough: there is nothing to guess, and a slow
hash would be paid on every request.
"""

import hashlib
import hmac
import logging
import re
import secrets
import string
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import get_args

from beatstitch.db import api_keys, users
from beatstitch.db.api_keys import ApiKey, Scope
from beatstitch.db.users import User
from beatstitch.errors import InsufficientStorage, Unauthorized, Unavailable

SCOPES: tuple[Scope, ...] = get_args(Scope)
_LETTERS = string.ascii_letters + string.digits
_PREFIX_LENGTH, _SECRET_LENGTH = 10, 40
_FORM = re.compile(rf"bs_([A-Za-z0-9]{{{_PREFIX_LENGTH}}})_([A-Za-z0-9]{{{_SECRET_LENGTH}}})")

log = logging.getLogger(__name__)


def is_key(text: str) -> bool:
    """Whether a token is meant as a key; a JWT has dots and begins otherwise."""
    return text.startswith("bs_")


def issue(
    user_id: str,
    *,
    name: str,
    scopes: Collection[Scope],
    now: datetime,
    expires_in_days: int | None = None,
    rates: Mapping[str, str] | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which nobody can show again. Raises LimitReached."""
    text, prefix, secret_hash = _made()
    key = api_keys.add(
        user_id,
        name=name,
        prefix=prefix,
        secret_hash=secret_hash,
        scopes=[scope for scope in SCOPES if scope in scopes],
        expires_at=None if expires_in_days is None else now + timedelta(days=expires_in_days),
        rates=rates or {},
    )
    return key, text


def rotate(key_id: str) -> tuple[ApiKey, str]:
    """The same key with another text; the one before is void at once. Raises NotFound."""
    text, prefix, secret_hash = _made()
    return api_keys.replace_secret(key_id, prefix, secret_hash), text


def read(text: str, now: datetime) -> tuple[User, ApiKey]:
    """Whose key this is. Raises Unauthorized for whatever is wrong with it."""
    form = _FORM.fullmatch(text)
    key = api_keys.by_prefix(form[1]) if form else None
    if form is None or key is None or not hmac.compare_digest(key.secret_hash, _hashed(form[2])):
        raise _refusal()
    if key.has_ended(now):
        raise _refusal()
    try:
        api_keys.note_use(key, now)
    except (Unavailable, InsufficientStorage) as fault:
        # A busy database or a full disk must not close the API to those who read.
        log.warning("the use of a key could not be noted", extra={"reason": fault.code})
    return users.by_id(key.user_id), key


def _made() -> tuple[str, str, str]:
    """A key's text, its prefix, and the hash of its secret."""
    prefix, secret = _random(_PREFIX_LENGTH), _random(_SECRET_LENGTH)
    return f"bs_{prefix}_{secret}", prefix, _hashed(secret)


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _refusal() -> Unauthorized:
    return Unauthorized("unauthorized", "This key is not valid, or not any more. Use another.")
