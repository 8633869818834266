"""A timeline on the desk: what every edit of it asks, and how the changed segments become a whole
again. It knows no single edit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from beatstitch.beats.grid import BeatGrid, excerpt
from beatstitch.errors import Conflict, Invalid
from beatstitch.timeline.changes import OfSegment, Snap
from beatstitch.timeline.check import check
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.edl import Edl, Segment, frame_at
from beatstitch.timeline.joints import rejoined
from beatstitch.timeline.remarks import remarks
from beatstitch.timeline.slots import placed

LEAST_FRAMES = 2
"""A preview may have every second frame of a film, and each segment has to have one there."""
Segments = Sequence[Segment]


@dataclass(frozen=True, slots=True)
class Material:
    """What edits are made with: the grid that the timeline was cut on, and the project's media that
    can be shown, by id. Those in `set_aside` are not missed when they have no place."""

    grid: BeatGrid
    media: Mapping[str, Medium]
    set_aside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Desk:
    """A timeline, its material, every medium that it or an edit can show, and the film's beats."""

    edl: Edl
    material: Material
    media: Mapping[str, Medium]
    beats_us: tuple[int, ...]

    @classmethod
    def of(cls, edl: Edl, material: Material) -> Self:
        """What the timeline shows of media that are gone meanwhile is taken as it stands: one that
        shows two of them has to be mended one after the other."""
        gone = {
            s.media_asset_id: Medium(s.media_asset_id, s.media_type, _end_ms(edl, s.media_asset_id))
            for s in edl.segments
            if s.media_asset_id not in material.media
        }
        part = excerpt(material.grid, edl.audio.start_offset_us, edl.total_duration_us)
        beats_us = tuple(beat.time_us for beat in part.beats)
        return cls(edl, material, {**gone, **material.media}, beats_us)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments as they were."""
        return self.edl.segments

    def find(self, edit: OfSegment) -> int:
        """The place of the segment that the edit names."""
        if (edit.index is None) == (edit.id is None):
            raise Invalid("bad_edit", "Name the segment by its index or by its id.")
        if edit.index is not None:
            return self.place(edit.index, "index")
        for place, segment in enumerate(self.segments):
            if segment.id == edit.id:
                return place
        raise Invalid("no_such_segment", f"There is no segment with id {edit.id}.", where=("id",))

    def place(self, index: int, name: str) -> int:
        """The index, if a segment has it."""
        if index >= len(self.segments):
            raise Invalid(
                "no_such_segment",
                f"{name} is {index}; the timeline has {len(self.segments)} segments, counted "
                "from 0.",
                where=(name,),
            )
        return index

    def require_unlocked(self, *places: int) -> None:
        """Raise Conflict if one of the segments is locked."""
        for place in places:
            segment = self.segments[place]
            if segment.locked:
                raise Conflict(
                    "segment_locked",
                    f"Segment {segment.index} is locked; unlock it first.",
                    segment_id=segment.id,
                    index=segment.index,
                )

    def pair(self, left: int) -> tuple[Segment, Segment]:
        """The segments on both sides of a cut. Raises Invalid at the ends of the film."""
        if not 0 <= left < len(self.segments) - 1:
            raise Invalid(
                "no_such_cut", "The film begins and ends here; the cuts are between two segments."
            )
        return self.segments[left], self.segments[left + 1]

    def with_these(self, first: int, old: int, *new: Segment) -> Segments:
        """The segments with `new` in the place of `old` of them, from `first` on."""
        return (*self.segments[:first], *new, *self.segments[first + old :])

    def in_slot(
        self, segment: Segment, in_us: int, out_us: int, source_in_ms: int | None = None
    ) -> Segment:
        """The segment from `in_us` to `out_us`, its clip from where it began or from elsewhere."""
        medium = self.media[segment.media_asset_id]
        rate = self.edl.settings.frame_rate
        return placed(segment, in_us, out_us, medium, rate, source_in_ms)

    def cut_between(self, start_us: int, end_us: int, time_us: int, snap: Snap) -> int:
        """Where to cut between two times: on the nearest beat, or exactly where it was asked for.

        Raises Invalid where there is no beat or no room.
        """
        if not start_us < time_us < end_us:
            raise Invalid(
                "no_room",
                f"A cut can lie between {start_us / 1000:g} and {end_us / 1000:g} ms of the film; "
                f"this one would be at {time_us / 1000:g} ms.",
            )
        if snap == "none":
            if not self._leaves_frames(start_us, time_us, end_us):
                raise Invalid("no_room", f"Each segment needs at least {LEAST_FRAMES} frames.")
            return time_us
        beats = [us for us in self.beats_us if self._leaves_frames(start_us, us, end_us)]
        if not beats:
            raise Invalid(
                "no_beat_there",
                f"There is no beat between {start_us / 1000:g} and {end_us / 1000:g} ms to cut on; "
                'send "snap": "none" to cut beside the beat.',
            )
        return min(beats, key=lambda us: abs(us - time_us))

    def nearest_beat_us(self, time_us: int) -> int:
        """The beat nearest to a time; the time itself in a film without a beat."""
        return min(self.beats_us, key=lambda us: abs(us - time_us), default=time_us)

    def settled(self, segments: Segments) -> Edl:
        """The timeline of these segments, with places, transitions and remarks in order.

        Raises Invalid and LimitReached as `check` does.
        """
        joined = rejoined(segments, self.media, self.edl.settings.frame_rate)
        wanted = [m for m in self.material.media.values() if m.id not in self.material.set_aside]
        edl = replace(
            self.edl,
            segments=tuple(replace(s, index=i) for i, s in enumerate(joined)),
            next_segment_id=max(self.edl.next_segment_id, *(s.id + 1 for s in joined)),
            warnings=remarks(self.material.grid, wanted, joined, self.edl.settings),
        )
        check(edl, self.media)
        return edl

    def _leaves_frames(self, start_us: int, cut_us: int, end_us: int) -> bool:
        rate = self.edl.settings.frame_rate
        start, cut, end = (frame_at(us, rate) for us in (start_us, cut_us, end_us))
        return min(cut - start, end - cut) >= LEAST_FRAMES


def _end_ms(edl: Edl, media_id: str) -> int:
    return max(s.source_out_ms for s in edl.segments if s.media_asset_id == media_id)
