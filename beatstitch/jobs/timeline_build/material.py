"""What a timeline is made of: the project's media as the builder and the edits see them."""

from collections.abc import Sequence

from beatstitch.db.media import MediaAsset, source
from beatstitch.documents import digest
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.edl import Focus


def usable(assets: Sequence[MediaAsset]) -> list[MediaAsset]:
    """The assets that a timeline is made of, in order: ready, and not set aside by the user."""
    return [a for a in assets if a.processing_status == "ready" and not a.excluded]


def fingerprint(assets: Sequence[MediaAsset]) -> str:
    """A hash of which media in which order, and with which wishes, a timeline is made of."""
    return digest([[a.id, a.checksum, a.media_type, a.duration_ms, *_wishes(a)] for a in assets])


def medium(asset: MediaAsset) -> Medium:
    """An asset that is ready, with the part of it that the user wants shown, and where its subject
    is: the user's word, or else what was found."""
    focus = asset.focus or asset.focus_found
    return Medium(
        asset.id,
        asset.media_type,
        asset.duration_ms,
        asset.in_ms,
        asset.out_ms,
        asset.pinned,
        Focus(**focus) if focus else None,
        *_places(asset),
    )


def _places(
    asset: MediaAsset,
) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """Where a clip decodes at once, and where it is damaged."""
    if asset.probe is None:
        return (), ()
    known = source(asset)
    return known.keyframes_ms, known.damaged_ms


def _wishes(asset: MediaAsset) -> list[object]:
    """Nothing where nothing is wished: older timelines were made of media without wishes."""
    wishes: list[object] = [asset.pinned, asset.in_ms, asset.out_ms]
    if asset.focus is not None:
        return [*wishes, asset.focus]
    return [] if wishes == [False, None, None] else wishes
