"""API keys, without their secrets but in the one answer that makes them."""

from typing import Annotated, Literal

from pydantic import Field

from beatstitch.db.api_keys import ApiKey
from beatstitch.web.openapi import Body, Moment, Shown
from beatstitch.web.shapes.projects import Name

GivenScope = Literal["read", "write", "render", "account"]
"""What a user may give away; `admin` is the operator's to give."""
AnyScope = Literal["read", "write", "render", "account", "admin"]


class NewKey(Body):
    """A key for a program: what it is for, what it may, and for how long."""

    name: Name
    scopes: Annotated[list[GivenScope], Field(min_length=1, max_length=10)]
    expires_in_days: Annotated[int, Field(ge=1, le=3660)] | None = None


class Key(Shown):
    """A key as it can be shown: it begins with `bs_` and its `prefix`."""

    id: str
    name: str
    prefix: str
    scopes: list[AnyScope]
    created_at: Moment
    expires_at: Moment | None
    last_used_at: Moment | None

    @staticmethod
    def of(row: ApiKey) -> "Key":
        """From the row."""
        return Key(
            id=row.id,
            name=row.name,
            prefix=row.prefix,
            scopes=row.scopes,
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
        )


class KeyMade(Key):
    """A key with its text, which is shown this once."""

    key: str

    @staticmethod
    def made(row: ApiKey, text: str) -> "KeyMade":
        """From the row and the text."""
        return KeyMade(**dict(Key.of(row)), key=text)


class KeyList(Shown):
    """A page of keys, newest first."""

    items: list[Key]
    next_cursor: str | None
    total: int
