"""A whole timeline as a person gives it, in place of the one there was."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from beatstitch.errors import Invalid
from beatstitch.limits import MIN_SOURCE_RANGE_MS
from beatstitch.timeline.changes import SegmentGiven, Snap
from beatstitch.timeline.desk import LEAST_FRAMES, Desk, Material
from beatstitch.timeline.edl import STILL, Edl, Effects, Segment, Transition, round_ms
from beatstitch.timeline.joints import CUT
from beatstitch.timeline.showing import filled
from beatstitch.timeline.slots import timed


def given(edl: Edl, segments: Sequence[SegmentGiven], snap: Snap, material: Material) -> Edl:
    """The timeline with these segments; song, length and settings stay.

    A cut that there was stays where it is; another goes to the nearest beat, unless `snap` is none.
    Raises Invalid, naming the place, for segments that don't meet or can't be shown.
    """
    desk = Desk.of(edl, material)
    if not segments:
        raise Invalid("bad_edl", "The timeline has no segment.", where=("segments",))
    ends_us = _ends_us(desk, segments, snap)
    ids = _ids(edl, segments)
    made = []
    start_us = 0
    for place, (segment, end_us) in enumerate(zip(segments, ends_us, strict=True)):
        made.append(_made(desk, place, segment, next(ids), (start_us, end_us)))
        start_us = end_us
    return desk.settled(
        [replace(s, transition_out=t) for s, t in zip(made, _joints(segments), strict=True)]
    )


def _ends_us(desk: Desk, segments: Sequence[SegmentGiven], snap: Snap) -> list[int]:
    """Where each segment ends: cuts on beats, without gap or overlap, and the end of the film."""
    edl = desk.edl
    known_us = {round_ms(s.timeline_out_us): s.timeline_out_us for s in edl.segments}
    exact_us = set(known_us.values())
    starts = [_time_us(s.timeline_in_us, s.timeline_in_ms, known_us | {0: 0}) for s in segments]
    ends = [_time_us(s.timeline_out_us, s.timeline_out_ms, known_us) for s in segments]
    if ends[-1] is None:
        ends[-1] = edl.total_duration_us
    ends_us: list[int] = []
    for place, (start_us, end_us) in enumerate(zip(starts, ends, strict=True)):
        meets_us = (ends[place - 1] if place else 0) or 0
        if start_us is not None and start_us != meets_us:
            raise Invalid(
                "bad_edl",
                f"Segment {place} starts at {start_us} µs, but the one before it ends at "
                f"{meets_us}; the first starts at 0.",
                where=("segments", place),
            )
        if end_us is None:
            raise Invalid(
                "bad_edl",
                f"Segment {place} needs an end: timeline_out_us or timeline_out_ms.",
                where=("segments", place),
            )
        ends_us.append(
            end_us if snap == "none" or end_us in exact_us else desk.nearest_beat_us(end_us)
        )
    return ends_us


def _time_us(exact_us: int | None, time_ms: float | None, known_us: dict[int, int]) -> int | None:
    if time_ms is None:
        return exact_us
    time_us = round(time_ms * 1000)
    if exact_us is None:
        return known_us.get(round_ms(time_us), time_us)
    if round_ms(exact_us) != round_ms(time_us):
        raise Invalid(
            "bad_edl",
            f"{time_ms:g} ms and {exact_us} µs are two times; send one of them.",
            where=("segments",),
        )
    return exact_us


def _ids(edl: Edl, segments: Sequence[SegmentGiven]) -> Iterator[int]:
    """The ids of segments that there were, and new ones from the counter."""
    known = {segment.id for segment in edl.segments}
    following = edl.next_segment_id
    for place, segment in enumerate(segments):
        if segment.id is None:
            yield following
            following += 1
        elif segment.id in known:
            yield segment.id
        else:
            raise Invalid(
                "no_such_segment",
                f"Segment {place} has id {segment.id}, which none has now; leave the id out of a "
                "new segment.",
                where=("segments", place, "id"),
            )


def _made(
    desk: Desk, place: int, wish: SegmentGiven, segment_id: int, span_us: tuple[int, int]
) -> Segment:
    medium = desk.media.get(wish.media_asset_id)
    if medium is None:
        raise Invalid(
            "no_such_medium",
            f"Segment {place} shows a photo or clip that the project has not, or not ready.",
            where=("segments", place, "media_asset_id"),
        )
    move = wish.effects.ken_burns.move() if wish.effects.ken_burns else STILL
    focus = wish.effects.focus.point() if wish.effects.focus else medium.focus
    segment = timed(
        Segment(
            id=segment_id,
            index=place,
            media_asset_id=medium.id,
            media_type=medium.media_type,
            timeline_in_us=0,
            timeline_out_us=0,
            timeline_in_frame=0,
            timeline_out_frame=0,
            effects=Effects(move, wish.effects.pulse, wish.effects.flash, focus),
            locked=wish.locked,
            reason=wish.reason,
        ),
        *span_us,
        desk.edl.settings.frame_rate,
    )
    if segment.timeline_out_frame - segment.timeline_in_frame < LEAST_FRAMES:
        raise Invalid(
            "no_room",
            f"Segment {place} would last from {span_us[0] / 1000:g} to {span_us[1] / 1000:g} ms; "
            f"each needs at least {LEAST_FRAMES} frames.",
            where=("segments", place),
        )
    if medium.media_type == "image":
        return segment
    if wish.source_out_ms is None:
        try:
            return filled(segment, medium, wish.source_in_ms)
        except Invalid as refused:
            raise Invalid(
                refused.code, refused.message, where=("segments", place, "source_in_ms")
            ) from refused
    source_in_ms = wish.source_in_ms or 0
    if wish.source_out_ms - source_in_ms < min(MIN_SOURCE_RANGE_MS, medium.length_ms):
        raise Invalid(
            "no_footage",
            f"Segment {place} shows {wish.source_out_ms - source_in_ms} ms of its clip; "
            f"{MIN_SOURCE_RANGE_MS} ms are the least.",
            where=("segments", place, "source_out_ms"),
        )
    return replace(
        segment,
        source_in_ms=source_in_ms,
        source_out_ms=wish.source_out_ms,
        speed=round(wish.speed, 3),
    )


def _joints(segments: Sequence[SegmentGiven]) -> list[Transition]:
    """How each segment meets the next; the last one is met by nothing."""
    outer = (segments[0].transition_in, segments[-1].transition_out)
    if any(end is not None and end.type != "cut" for end in outer):
        raise Invalid(
            "bad_edl", "The film begins and ends with a cut: nothing is beyond.", ("segments",)
        )
    joints: list[Transition] = []
    for place, (left, right) in enumerate(pairwise(segments)):
        sides = {side for side in (left.transition_out, right.transition_in) if side is not None}
        if len(sides) > 1:
            raise Invalid(
                "bad_edl",
                f"Segments {place} and {place + 1} say two things of how they meet; "
                "set transition_out and transition_in, or leave one of them out.",
                where=("segments", place + 1, "transition_in"),
            )
        said = next(iter(sides), None)
        joints.append(Transition(said.type, said.duration_ms) if said else CUT)
    return [*joints, CUT]
