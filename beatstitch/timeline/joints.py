"""How segments meet: transitions that both sides have the time and the footage for.

A transition is a property of its cut. Its middle is the cut, so it needs half of its length of
footage before the source in of the segment after it, and after the source out of the one before.
"""

from collections.abc import Mapping

from beatstitch.timeline.choose import Medium
from beatstitch.timeline.edl import Segment, round_ms

NO_FOOTAGE = "hard cut: no footage to spare for a transition"
# A photo lasts as long as it must: longer than any transition.
_PHOTO_MS = 60_000


def transition_room_ms(left: Segment, right: Segment, media: Mapping[str, Medium]) -> int:
    """The longest transition between two segments: half of the shorter one, and what their clips
    have to spare."""
    return min(
        *(round_ms(s.timeline_out_us - s.timeline_in_us) // 2 for s in (left, right)),
        2 * _spare_after_ms(left, media[left.media_asset_id]),
        2 * _spare_before_ms(right, media[right.media_asset_id]),
    )


def _spare_after_ms(segment: Segment, medium: Medium) -> int:
    if segment.media_type == "image":
        return _PHOTO_MS
    if segment.is_repeated:
        return 0
    return max(0, int((medium.end_ms - segment.source_out_ms) / segment.speed))


def _spare_before_ms(segment: Segment, medium: Medium) -> int:
    if segment.media_type == "image":
        return _PHOTO_MS
    if segment.is_repeated:
        return 0
    return max(0, int((segment.source_in_ms - medium.first_ms) / segment.speed))
