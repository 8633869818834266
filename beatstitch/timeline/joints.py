"""How segments meet: transitions that both sides have the time and the footage for.

A transition is a property of its cut. Its middle is the cut, so it needs half of its length of
footage before the source in of the segment after it, and after the source out of the one before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from beatstitch.timeline.choose import Medium
from beatstitch.timeline.edl import Segment, Transition, round_ms

NO_FOOTAGE = "hard cut: no footage to spare for a transition"
CUT = Transition()
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


def shortest_ms(rate: Fraction) -> Fraction:
    """A transition of less than two frames shows nothing."""
    return 2000 / rate


def rejoined(
    segments: Sequence[Segment], media: Mapping[str, Medium], rate: Fraction
) -> tuple[Segment, ...]:
    """The segments with the transitions that stand at their ends, on both sides of each cut.

    One that has lost its room is as long as it can be; where nothing is left of it, the cut is hard
    and says so.
    """
    joined = list(segments)
    joined[0] = replace(joined[0], transition_in=CUT)
    joined[-1] = replace(joined[-1], transition_out=CUT)
    for i, (left, right) in enumerate(pairwise(segments)):
        transition = _possible(left, right, media, rate)
        if transition.type != "cut":
            joined[i + 1] = without_footage_reason(joined[i + 1])
        elif left.transition_out.type != "cut":
            joined[i + 1] = _hard_cut(joined[i + 1])
        joined[i] = replace(joined[i], transition_out=transition)
        joined[i + 1] = replace(joined[i + 1], transition_in=transition)
    return tuple(joined)


def without_footage_reason(segment: Segment) -> Segment:
    """The segment without a word about the transition that it could not have."""
    said = (segment.reason or "").split("; ")
    return replace(segment, reason="; ".join(s for s in said if s != NO_FOOTAGE) or None)


def _hard_cut(segment: Segment) -> Segment:
    plain = without_footage_reason(segment)
    return replace(plain, reason="; ".join(filter(None, (plain.reason, NO_FOOTAGE))))


def _possible(
    left: Segment, right: Segment, media: Mapping[str, Medium], rate: Fraction
) -> Transition:
    wanted = left.transition_out
    if wanted.type == "cut" or wanted.duration_ms == 0 or _holds(left, right, media):
        return wanted
    room_ms = min(wanted.duration_ms, transition_room_ms(left, right, media))
    return Transition(wanted.type, room_ms) if room_ms >= shortest_ms(rate) else CUT


def _holds(left: Segment, right: Segment, media: Mapping[str, Medium]) -> bool:
    """Whether the transition that stands there can be rendered as it is, with all of the clips."""
    duration_ms = left.transition_out.duration_ms
    after_ms = media[left.media_asset_id].length_ms - left.source_out_ms
    return (
        all(
            2000 * duration_ms <= s.timeline_out_us - s.timeline_in_us + 1000 for s in (left, right)
        )
        and _has_spare(left, after_ms, duration_ms)
        and _has_spare(right, right.source_in_ms, duration_ms)
    )


def _has_spare(segment: Segment, there_ms: int, duration_ms: int) -> bool:
    if segment.media_type == "image":
        return True
    return not segment.is_repeated and int(duration_ms * segment.speed_ratio / 2) <= there_ms


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
