"""Links to one download."""

from typing import Annotated

from pydantic import Field

from beatstitch.web.openapi import Body, Moment, Shown

MAX_LIFETIME_S = 24 * 3600


class NewLink(Body):
    """Which download, as its address without a query, and for how many seconds."""

    path: Annotated[str, Field(max_length=500, pattern=r"^/api/[^?#\s]+$")]
    expires_in_s: Annotated[int, Field(ge=1, le=MAX_LIFETIME_S)] = 3600


class Link(Shown):
    """The address that opens it to whoever has it, and until when."""

    url: str
    expires_at: Moment
