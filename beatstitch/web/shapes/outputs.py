"""Renders that are asked for, and the films that came of them."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from beatstitch.db.outputs import Output, OutputKind
from beatstitch.render.target import (
    AS_PLANNED,
    Aspect,
    Codec,
    Loudness,
    PlatformName,
    Quality,
    Target,
)
from beatstitch.web.openapi import Body, Moment, Shown
from beatstitch.web.shapes.jobs import ShownStatus


def _as_word(loudness: object) -> object:
    """-14 is as good as "-14"."""
    return str(loudness) if type(loudness) is int else loudness


class Delivery(Body):
    """How a film is delivered, where that is other than the timeline says."""

    profile: PlatformName | None = None
    codec: Codec = AS_PLANNED.codec
    quality: Quality = AS_PLANNED.quality
    aspect: Aspect | None = None
    loudness: Annotated[Loudness | None, BeforeValidator(_as_word)] = None

    @property
    def target(self) -> Target:
        """The delivery as the renderer meets it."""
        return Target(self.profile, self.codec, self.quality, self.aspect, self.loudness)


class RenderWish(Delivery):
    """Which film: `edl_hash` is that of the timeline that was looked at; and how it is delivered,
    where that is other than the timeline says."""

    job_type: OutputKind
    edl_hash: Annotated[str, Field(min_length=1, max_length=128)]


class PlanWish(Delivery):
    """What the timeline would be rendered for, as a render would be asked."""

    job_type: OutputKind = "final"


class RenderStarted(Shown):
    """The job that renders; `warning` says what has changed since the timeline was made."""

    job_id: str
    job_type: OutputKind
    status: ShownStatus
    edl_hash: str
    created_at: Moment
    warning: str | None


class TargetShown(Shown):
    """How the film was delivered, where that is other than its timeline says."""

    profile: PlatformName | None = None
    codec: Codec = AS_PLANNED.codec
    quality: Quality = AS_PLANNED.quality
    aspect: Aspect | None = None
    loudness: Loudness | None = None


class Film(Shown):
    """A finished film. One that was cleaned away has `removed_at` and answers 410."""

    id: str
    project_id: str
    job_id: str
    job_type: OutputKind
    edl_hash: str
    file_size: int
    url: str
    sync_report_url: str | None
    provenance_url: str | None
    target: TargetShown
    created_at: Moment
    removed_at: Moment | None

    @staticmethod
    def of(row: Output) -> "Film":
        """From the row."""
        url = f"/api/projects/{row.project_id}/outputs/{row.id}"
        return Film(
            id=row.id,
            project_id=row.project_id,
            job_id=row.job_id,
            job_type=row.kind,
            edl_hash=row.edl_hash,
            file_size=row.file_size,
            url=url,
            sync_report_url=f"{url}/sync-report" if row.sync_report_key else None,
            provenance_url=f"{url}/provenance" if row.provenance_key else None,
            target=TargetShown.model_validate(row.target or {}),
            created_at=row.created_at,
            removed_at=row.removed_at,
        )


class FilmList(Shown):
    """A page of a project's films, newest first."""

    items: list[Film]
    next_cursor: str | None
    total: int
