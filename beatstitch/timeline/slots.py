"""A segment in another slot: what it shows goes on as far as there is footage, and then as the
builder does with a clip that is too short."""

from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

from beatstitch.timeline.choose import Medium, squeezed
from beatstitch.timeline.edl import KenBurns, Segment, frame_at


def placed(
    segment: Segment,
    in_us: int,
    out_us: int,
    medium: Medium,
    rate: Fraction,
    source_in_ms: int | None = None,
) -> Segment:
    """The segment from `in_us` to `out_us`. In a slot of another length its clip begins where it
    did, or at `source_in_ms`, or as much earlier as it must; one too short for the slot is slowed
    down or repeated."""
    moved = timed(segment, in_us, out_us, rate)
    if segment.media_type == "image" or slot_us(moved) == slot_us(segment):
        return moved
    if source_in_ms is not None:
        moved = replace(moved, source_in_ms=source_in_ms)
    return refilled(moved, segment, medium)


def refilled(moved: Segment, before: Segment, medium: Medium) -> Segment:
    """A clip's segment with the source range that fills its slot; `before` had another slot."""
    if before.is_repeated and moved.is_repeated:
        return moved
    speed = Fraction(1) if before.speed < 1 and before.reason else before.speed_ratio
    needed_ms = ceil(slot_us(moved) * speed / 1000)
    # What is shown already may lie outside of the part that was set later: it is a person's word.
    first_ms = min(medium.first_ms, moved.source_in_ms)
    end_ms = max(medium.end_ms, min(moved.source_out_ms, medium.length_ms))
    if needed_ms > end_ms - first_ms:
        choice = squeezed(
            replace(medium, in_ms=first_ms, out_ms=end_ms), ceil(slot_us(moved) / 1000)
        )
        return replace(
            moved,
            source_in_ms=choice.source_in_ms,
            source_out_ms=choice.source_out_ms,
            speed=choice.speed,
            reason=choice.reason,
        )
    source_in_ms = min(moved.source_in_ms, end_ms - needed_ms)
    return replace(
        moved,
        source_in_ms=source_in_ms,
        source_out_ms=source_in_ms + needed_ms,
        speed=float(speed),
        reason=None,
    )


def timed(segment: Segment, in_us: int, out_us: int, rate: Fraction) -> Segment:
    """The segment from `in_us` to `out_us` of the film, in time and in frames."""
    return replace(
        segment,
        timeline_in_us=in_us,
        timeline_out_us=out_us,
        timeline_in_frame=frame_at(in_us, rate),
        timeline_out_frame=frame_at(out_us, rate),
    )


def halves(segment: Segment, at_us: int, new_id: int, rate: Fraction) -> tuple[Segment, Segment]:
    """The segment in two at `at_us` of the film; the second goes on where the first ends, unless
    the clip is repeated: then both begin with it."""
    left = timed(segment, segment.timeline_in_us, at_us, rate)
    right = replace(timed(segment, at_us, segment.timeline_out_us, rate), id=new_id)
    # A flash is at the cut, and the new cut is not to be seen yet.
    right = replace(right, effects=replace(right.effects, flash=0.0))
    shown_ms = Fraction(slot_us(left) * segment.speed_ratio, 1000)
    move = segment.effects.ken_burns
    if segment.media_type == "image" and move.enabled:
        first, second = _halves_of_move(move, slot_us(left) / slot_us(segment))
        left = replace(left, effects=replace(left.effects, ken_burns=first))
        right = replace(right, effects=replace(right.effects, ken_burns=second))
    elif segment.media_type == "video" and not segment.is_repeated:
        left = replace(
            left, source_out_ms=min(segment.source_in_ms + ceil(shown_ms), segment.source_out_ms)
        )
        right = replace(right, source_in_ms=segment.source_in_ms + floor(shown_ms))
    return left, right


def whole(left: Segment, right: Segment, medium: Medium, rate: Fraction) -> Segment:
    """The first of two neighbours in the time of both. Two moves over one photo become one."""
    merged = placed(left, left.timeline_in_us, right.timeline_out_us, medium, rate)
    first, second = left.effects.ken_burns, right.effects.ken_burns
    if left.media_asset_id == right.media_asset_id and first.enabled and second.enabled:
        move = replace(first, end_zoom=second.end_zoom, end_x=second.end_x, end_y=second.end_y)
        merged = replace(merged, effects=replace(merged.effects, ken_burns=move))
    return merged


def slot_us(segment: Segment) -> int:
    """How long the segment is seen."""
    return segment.timeline_out_us - segment.timeline_in_us


def _halves_of_move(move: KenBurns, share: float) -> tuple[KenBurns, KenBurns]:
    def between(start: float, end: float) -> float:
        return round(start + (end - start) * share, 4)

    zoom = between(move.start_zoom, move.end_zoom)
    x, y = between(move.start_x, move.end_x), between(move.start_y, move.end_y)
    return (
        replace(move, end_zoom=zoom, end_x=x, end_y=y),
        replace(move, start_zoom=zoom, start_x=x, start_y=y),
    )
