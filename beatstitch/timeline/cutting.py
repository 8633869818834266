"""Edits of when something is seen: cuts that move, come and go. What is seen follows."""

from dataclasses import replace

from beatstitch.errors import Invalid
from beatstitch.timeline.changes import Snap, Split, Trim
from beatstitch.timeline.desk import Desk, Segments
from beatstitch.timeline.joints import CUT
from beatstitch.timeline.slots import halves, whole


def trimmed(desk: Desk, at: int, edit: Trim) -> Segments:
    """The segment begins or ends elsewhere, and its neighbour with it."""
    if edit.in_ms is not None and edit.out_ms is None:
        return _rolled(desk, at - 1, round(edit.in_ms * 1000), edit.snap)
    if edit.out_ms is not None and edit.in_ms is None:
        return _rolled(desk, at, round(edit.out_ms * 1000), edit.snap)
    raise Invalid("bad_edit", "A trim takes in_ms or out_ms, one of the two.")


def lasting(desk: Desk, at: int, beats: int) -> Segments:
    """The segment lasts so many beats, counted from the beat nearest to where it begins."""
    desk.pair(at)
    times = desk.beats_us
    start_us = desk.segments[at].timeline_in_us
    first = min(range(len(times)), key=lambda i: abs(times[i] - start_us), default=0)
    if first + beats >= len(times):
        raise Invalid(
            "no_beat_there",
            f"beats is {beats}; the film has {max(0, len(times) - 1 - first)} more after the "
            "start of this segment.",
            where=("beats",),
        )
    return _rolled(desk, at, times[first + beats], "none")


def _rolled(desk: Desk, left_at: int, time_us: int, snap: Snap) -> Segments:
    """The cut after a segment at another time: one side gives what the other takes."""
    left, right = desk.pair(left_at)
    desk.require_unlocked(left_at, left_at + 1)
    cut_us = desk.cut_between(left.timeline_in_us, right.timeline_out_us, time_us, snap)
    source_in_ms = None
    if right.media_type == "video" and not right.is_repeated:
        # The clip goes on under its cut: what was seen at a time is still seen at it. Rounded down,
        # or a part of a millisecond would leave less footage than the slot takes.
        by_ms = (cut_us - right.timeline_in_us) * right.speed_ratio // 1000
        least_ms = min(right.source_in_ms, desk.media[right.media_asset_id].first_ms)
        source_in_ms = max(least_ms, right.source_in_ms + by_ms)
    return desk.with_these(
        left_at,
        2,
        desk.in_slot(left, left.timeline_in_us, cut_us),
        desk.in_slot(right, cut_us, right.timeline_out_us, source_in_ms),
    )


def split(desk: Desk, at: int, edit: Split) -> Segments:
    """Two segments in the place of one."""
    desk.require_unlocked(at)
    segment = desk.segments[at]
    start_us, end_us = segment.timeline_in_us, segment.timeline_out_us
    wanted_us = (start_us + end_us) // 2 if edit.at_ms is None else round(edit.at_ms * 1000)
    cut_us = desk.cut_between(start_us, end_us, wanted_us, edit.snap)
    left, right = halves(segment, cut_us, desk.edl.next_segment_id, desk.edl.settings.frame_rate)
    return desk.with_these(at, 1, replace(left, transition_out=CUT), right)


def merged(desk: Desk, at: int) -> Segments:
    """One segment in the place of two."""
    left, right = desk.pair(at)
    desk.require_unlocked(at, at + 1)
    medium = desk.media[left.media_asset_id]
    merged = whole(left, right, medium, desk.edl.settings.frame_rate)
    return desk.with_these(at, 2, replace(merged, transition_out=right.transition_out))


def deleted(desk: Desk, at: int) -> Segments:
    """The segment's time goes to the one before it, or else to the one after it."""
    desk.require_unlocked(at)
    gone, last = desk.segments[at], len(desk.segments) - 1
    if last == 0:
        raise Invalid("last_segment", "This is the only segment; replace what it shows instead.")
    if at > 0 and (at == last or not desk.segments[at - 1].locked):
        desk.require_unlocked(at - 1)
        before = desk.segments[at - 1]
        longer = desk.in_slot(before, before.timeline_in_us, gone.timeline_out_us)
        return desk.with_these(at - 1, 2, replace(longer, transition_out=gone.transition_out))
    desk.require_unlocked(at + 1)
    after = desk.segments[at + 1]
    return desk.with_these(at, 2, desk.in_slot(after, gone.timeline_in_us, after.timeline_out_us))
