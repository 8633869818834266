"""What makes an EDL sound: nothing overlaps, nothing is missing, every frame is where time says."""

from collections.abc import Mapping

from beatstitch.errors import Invalid, LimitReached
from beatstitch.limits import MAX_SEGMENTS
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.edl import Edl, Segment, frame_at


def check(edl: Edl, media: Mapping[str, Medium]) -> None:
    """Raise Invalid, naming the segment, for the first thing that can't be rendered as written
    with these media, by id; LimitReached for more than MAX_SEGMENTS segments."""
    if not edl.segments:
        raise Invalid("bad_edl", "The timeline has no segment.", where=("segments",))
    if len(edl.segments) > MAX_SEGMENTS:
        raise LimitReached(
            "too_many_segments",
            f"The timeline has {len(edl.segments)} segments; a film takes at most {MAX_SEGMENTS}.",
        )
    if len({segment.id for segment in edl.segments}) < len(edl.segments):
        raise Invalid("bad_edl", "Two segments have the same id.", where=("segments",))
    audio = edl.audio
    if audio.start_offset_us + edl.total_duration_us > audio.duration_us:
        raise Invalid(
            "bad_edl",
            f"The film ends {audio.start_offset_us + edl.total_duration_us} µs into a song of "
            f"{audio.duration_us}.",
            where=("total_duration_us",),
        )
    if list(edl.beats_us) != sorted({b for b in edl.beats_us if 0 <= b < edl.total_duration_us}):
        raise Invalid(
            "bad_edl", "The beats don't rise from 0 to the film's end.", where=("beats_us",)
        )
    end_us = 0
    for index, segment in enumerate(edl.segments):
        _check_place(segment, index, end_us, edl)
        _check_source(segment, index, media)
        _check_joint(segment, index, edl)
        _check_handles(segment, index, media)
        end_us = segment.timeline_out_us
    if end_us != edl.total_duration_us:
        raise _wrong(
            len(edl.segments) - 1, "ends", end_us, f"the film ends at {edl.total_duration_us} µs"
        )


def _check_place(segment: Segment, index: int, end_us: int, edl: Edl) -> None:
    if segment.index != index:
        raise _wrong(index, "has index", segment.index, f"its place is {index}")
    if segment.timeline_in_us != end_us:
        raise _wrong(
            index, "starts at µs", segment.timeline_in_us, f"the one before it ends at {end_us}"
        )
    rate = edl.settings.frame_rate
    for name in ("timeline_in", "timeline_out"):
        frame, expected = (
            getattr(segment, f"{name}_frame"),
            frame_at(getattr(segment, f"{name}_us"), rate),
        )
        if frame != expected:
            raise _wrong(index, f"has {name}_frame", frame, f"its time makes it {expected}")
    if segment.timeline_out_frame <= segment.timeline_in_frame:
        raise _wrong(index, "lasts µs", segment.timeline_out_us - end_us, "a frame is longer")


def _check_source(segment: Segment, index: int, media: Mapping[str, Medium]) -> None:
    medium = media.get(segment.media_asset_id)
    if medium is None:
        raise _wrong(
            index, "shows medium", segment.media_asset_id, "no given photo or clip has that id"
        )
    if segment.media_type != medium.media_type:
        raise _wrong(index, "shows its medium as", segment.media_type, f"it is {medium.media_type}")
    if segment.media_type == "video" and segment.source_out_ms > medium.length_ms:
        raise _wrong(
            index,
            "ends in its source at ms",
            segment.source_out_ms,
            f"the clip has {medium.length_ms}",
        )
    if segment.media_type == "video" and segment.source_out_ms <= segment.source_in_ms:
        raise _wrong(
            index, "ends in its source at ms", segment.source_out_ms, "it starts there or later"
        )


def _check_joint(segment: Segment, index: int, edl: Edl) -> None:
    before = edl.segments[index - 1] if index else None
    if (before.transition_out if before else segment.transition_in) != segment.transition_in:
        raise _wrong(index, "begins with", segment.transition_in.type, "the one before differs")
    if before is None and segment.transition_in.type != "cut":
        raise _wrong(index, "begins with", segment.transition_in.type, "nothing is before it")
    if index == len(edl.segments) - 1 and segment.transition_out.type != "cut":
        raise _wrong(index, "ends with", segment.transition_out.type, "nothing comes after it")
    slot_us = segment.timeline_out_us - segment.timeline_in_us
    for transition in (segment.transition_in, segment.transition_out):
        if transition.type != "cut" and 2000 * transition.duration_ms > slot_us + 1000:
            raise _wrong(
                index,
                "has a transition of ms",
                transition.duration_ms,
                f"half of its own {slot_us // 1000} ms is the most",
            )


def _check_handles(segment: Segment, index: int, media: Mapping[str, Medium]) -> None:
    """A transition shows half of its length of a clip before its source in, or after its out."""
    if segment.media_type != "video":
        return
    left_ms = media[segment.media_asset_id].length_ms - segment.source_out_ms
    for transition, there_ms, where in (
        (segment.transition_in, segment.source_in_ms, "before"),
        (segment.transition_out, left_ms, "after"),
    ):
        if transition.type == "cut" or transition.duration_ms == 0:
            continue
        if segment.is_repeated:
            raise _wrong(
                index, "has a", transition.type, "it repeats its clip, which takes hard cuts"
            )
        needed_ms = int(transition.duration_ms * segment.speed_ratio / 2)
        if needed_ms > there_ms:
            raise _wrong(
                index,
                "has a transition of ms",
                transition.duration_ms,
                f"{needed_ms} ms of its clip are needed {where} what it shows, and there are "
                f"{there_ms}",
            )


def _wrong(index: int, what: str, value: object, why: str) -> Invalid:
    return Invalid(
        "bad_edl", f"Segment {index} {what} {value}, but {why}.", where=("segments", index)
    )
