"""What a user wishes of a photo or clip, and which wishes contradict it or each other."""

from typing import TypedDict

from beatstitch.db import media
from beatstitch.db.media import MediaAsset
from beatstitch.errors import Invalid, PreconditionFailed
from beatstitch.limits import MIN_SOURCE_RANGE_MS


class Wishes(TypedDict, total=False):
    """The user's wishes that are given. None takes one away."""

    excluded: bool
    pinned: bool
    in_ms: int | None
    out_ms: int | None
    focus: dict[str, float] | None


def wish(asset: MediaAsset, wishes: Wishes) -> None:
    """Write the user's wishes. Raises Invalid for those that contradict each other or the clip, and
    PreconditionFailed for a part of a clip whose length isn't known yet."""
    if wishes.get("excluded", asset.excluded) and wishes.get("pinned", asset.pinned):
        raise Invalid(
            "excluded_and_pinned",
            "A photo or clip can't be both left out and given a place; set one of them to false.",
            where=("body", "pinned"),
        )
    if wishes.get("in_ms") is not None or wishes.get("out_ms") is not None:
        in_ms, out_ms = wishes.get("in_ms", asset.in_ms), wishes.get("out_ms", asset.out_ms)
        _check_part(asset, in_ms or 0, out_ms)
    if wishes:
        media.set_columns(asset.id, **wishes)


def _check_part(asset: MediaAsset, in_ms: int, out_ms: int | None) -> None:
    if asset.media_type == "image":
        raise Invalid(
            "only_clips",
            "A photo lasts as long as it is shown; in_ms and out_ms are for clips.",
            where=("body", "in_ms"),
        )
    if asset.duration_ms is None:
        raise PreconditionFailed(
            "precondition_failed",
            "How long this clip is isn't known yet; wait until its processing_status is ready.",
        )
    end_ms = asset.duration_ms if out_ms is None else out_ms
    if end_ms > asset.duration_ms or end_ms - in_ms < MIN_SOURCE_RANGE_MS:
        raise Invalid(
            "bad_part",
            f"The part would go from {in_ms} to {end_ms} ms; the clip has {asset.duration_ms} ms, "
            f"and a part of it at least {MIN_SOURCE_RANGE_MS}.",
            where=("body", "in_ms" if out_ms is None else "out_ms"),
        )
