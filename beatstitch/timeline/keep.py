"""Locked segments of the timeline before, in the one that is built next: they stay, and the cuts go
around them.

A locked segment keeps its time in the song, what it shows, and how it meets its neighbours where
they have the room for it. What can't be kept is named.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from beatstitch.timeline.choose import Medium
from beatstitch.timeline.cuts import SLIVER_US
from beatstitch.timeline.desk import LEAST_FRAMES
from beatstitch.timeline.edl import Edl, Segment, Transition, frame_at
from beatstitch.timeline.joints import CUT, without_footage_reason
from beatstitch.timeline.slots import timed


@dataclass(frozen=True, slots=True)
class Locked:
    """The locked segments of a timeline, its counter of ids, and which part of which song its times
    are counted in."""

    segments: tuple[Segment, ...]
    next_segment_id: int
    audio_checksum: str
    start_offset_us: int

    @classmethod
    def of(cls, edl: Edl) -> "Locked":
        """Those of a timeline."""
        return cls(
            tuple(segment for segment in edl.segments if segment.locked),
            edl.next_segment_id,
            edl.audio.checksum,
            edl.audio.start_offset_us,
        )


@dataclass(frozen=True, slots=True)
class Film:
    """The film that is built: the part of a song that it covers, and its rate."""

    audio_checksum: str
    start_us: int
    duration_us: int
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Kept:
    """The segments that stay, in times of the new film; rising. The others get ids from `first_id`
    on, and what people should know of it are `remarks`."""

    segments: tuple[Segment, ...] = ()
    first_id: int = 1
    remarks: tuple[str, ...] = ()

    def allows(self, time_us: int) -> bool:
        """Whether there may be a cut: not inside of what stays, nor as near to it as a flicker."""
        after = bisect_right(self.segments, time_us, key=lambda s: s.timeline_in_us)
        return all(
            not s.timeline_in_us - SLIVER_US < time_us < s.timeline_out_us + SLIVER_US
            for s in self.segments[max(0, after - 1) : after + 1]
        )

    def joints(self, duration_us: int) -> dict[int, Transition]:
        """Where the segments that stay begin and end inside of the film, and how."""
        starts = {s.timeline_in_us: s.transition_in for s in self.segments}
        ends = {s.timeline_out_us: s.transition_out for s in self.segments}
        return {us: how for us, how in (starts | ends).items() if 0 < us < duration_us}

    def by_start(self) -> dict[int, Segment]:
        """The segments that stay by when they begin, with nothing settled of how they meet."""
        return {
            s.timeline_in_us: replace(
                without_footage_reason(s), transition_in=CUT, transition_out=CUT
            )
            for s in self.segments
        }

    def said(self, left_out: int) -> tuple[str, ...]:
        """What was done, in words; `left_out` cuts were."""
        if not self.segments:
            return self.remarks
        done = f"Locked segments that stayed: {len(self.segments)}."
        if left_out:
            done += f" Cuts in or beside them that were left out: {left_out}."
        return (done, *self.remarks)


def kept(locked: Locked | None, film: Film, media: Mapping[str, Medium]) -> Kept:
    """What of the locked segments stays in the film, with media that are there, by id."""
    if locked is None or not locked.segments:
        return Kept()
    if locked.audio_checksum != film.audio_checksum:
        return Kept(remarks=(_lost(len(locked.segments), "they are of another song"),))
    by_us = locked.start_offset_us - film.start_us
    placed = [
        timed(s, s.timeline_in_us + by_us, s.timeline_out_us + by_us, film.rate)
        for s in locked.segments
    ]
    shown = [segment for segment in placed if segment.media_asset_id in media]
    inside = list(_with_room(shown, film))
    remarks = []
    if len(shown) < len(placed):
        remarks.append(_lost(len(placed) - len(shown), "their photos or clips are gone"))
    if len(inside) < len(shown):
        remarks.append(_lost(len(shown) - len(inside), "the film has no room for them"))
    return Kept(tuple(inside), locked.next_segment_id, tuple(remarks))


def _with_room(segments: Sequence[Segment], film: Film) -> Iterator[Segment]:
    """Those inside of the film that meet their neighbours, or leave frames enough between."""
    end_us = end = 0
    for segment in segments:
        first, last = segment.timeline_in_frame, segment.timeline_out_frame
        rest = frame_at(film.duration_us, film.rate) - last
        if (
            segment.timeline_in_us >= 0
            and segment.timeline_out_us <= film.duration_us
            and last - first >= LEAST_FRAMES
            and (segment.timeline_in_us == end_us or first - end >= LEAST_FRAMES)
            and (segment.timeline_out_us == film.duration_us or rest >= LEAST_FRAMES)
        ):
            yield segment
            end_us, end = segment.timeline_out_us, last


def _lost(count: int, why: str) -> str:
    return f"Locked segments that could not be kept, for {why}: {count}."
