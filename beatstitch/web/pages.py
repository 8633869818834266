"""Lists that are read a page at a time. A cursor is the id of the last item shown: ids rise with
time, so a page goes on after it whatever has been added or removed meanwhile."""

from collections.abc import Sequence
from typing import Annotated, Protocol, TypeVar

from pydantic import Field

from beatstitch.limits import MAX_PAGE
from beatstitch.web.openapi import Query


class HasId(Protocol):
    """A row with its id."""

    id: str


T = TypeVar("T", bound=HasId)


class PageQuery(Query):
    """Which page of a list."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50
    cursor: Annotated[str, Field(max_length=64)] | None = None


def cut(rows: Sequence[T], limit: int) -> tuple[Sequence[T], str | None]:
    """Of `limit` + 1 rows at most, the page and the cursor of the next one, if there is one."""
    page = rows[:limit]
    return page, page[-1].id if len(rows) > limit else None
