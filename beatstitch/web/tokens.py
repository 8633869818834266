"""Access tokens: JWTs (RFC 7519) signed with HS256, each with a row that can revoke it.

A token is good while its signature, its times, its session row and its user's token version are.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

from beatstitch.db import sessions, users
from beatstitch.db.users import User
from beatstitch.errors import NotFound, Unauthorized, Unavailable
from beatstitch.settings import settings

ALGORITHM = "HS256"
MIN_SECRET = 32
_SKEW = timedelta(seconds=30)
"""How far the clocks of two web machines may be apart."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is given out."""

    text: str
    expires_in_s: int


def secret() -> str:
    """The signing key. Raises Unavailable when the deployment has none that is good."""
    key = settings().secret_key
    if len(key) < MIN_SECRET or key == "your-secret-key-min-32-chars":
        raise Unavailable(
            "bad_setting",
            f"SECRET_KEY: needs at least {MIN_SECRET} characters that nobody else knows. "
            'Make one with: python3 -c "import secrets; print(secrets.token_urlsafe(48))"',
        )
    return key


def issue(user: User, now: datetime) -> Token:
    """A new token for the user, and its session row."""
    lifetime = timedelta(hours=settings().access_token_expire_hours)
    jti = uuid.uuid4().hex
    claims = {
        "sub": user.id,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "jti": jti,
        "ver": user.token_version,
    }
    text = jwt.encode(claims, secret(), algorithm=ALGORITHM)
    sessions.start(jti, user.id, now + lifetime)
    return Token(text, int(lifetime.total_seconds()))


def read(text: str) -> tuple[User, str]:
    """Whose token this is, and its jti. Raises Unauthorized for whatever is wrong with it."""
    try:
        claims = jwt.decode(
            text,
            secret(),
            algorithms=[ALGORITHM],
            leeway=_SKEW,
            options={"require": ["exp", "iat", "sub", "jti"]},
        )
        user = users.by_id(claims["sub"])
    except (jwt.InvalidTokenError, NotFound) as refused:
        raise refusal() from refused
    longest = timedelta(hours=settings().access_token_expire_hours) + _SKEW
    if (
        claims["exp"] - claims["iat"] > longest.total_seconds()
        or claims.get("ver") != user.token_version
        or not sessions.is_live(claims["jti"], datetime.now(UTC))
    ):
        raise refusal()
    return user, claims["jti"]


def refusal() -> Unauthorized:
    """What every bad token answers: it doesn't say what was wrong."""
    return Unauthorized("unauthorized", "This token is not valid, or not any more. Log in again.")
