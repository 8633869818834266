"""From an EDL to a plan of whole frames: pieces, in chunks, with the cuts that must be seen.

Frames are rounded from absolute time at the profile's rate and lengths are their differences, so
nothing drifts. A piece shows one segment, or the transition of two; a chunk is whole pieces.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from beatstitch.errors import Invalid
from beatstitch.render.beat_effects import PULSE_S, Flashes, felt, lasting
from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.memory import LARGE_PX, is_within
from beatstitch.render.profile import Profile
from beatstitch.render.source import Source
from beatstitch.render.takes import takes
from beatstitch.timeline.edl import MIDDLE, Edl, Segment, frame_at

# To start FFmpeg costs a preview a third as much as two seconds of it.
CHUNK_US = {"preview": 6_000_000, "final": 2_000_000}
# Where that saves decoding as much as a chunk: one process decodes once what three would each have
# to begin with the same keyframe for. An edit there costs the longer chunk.
LONG_CHUNK_US = 6_000_000
# A crash or an edit costs at most a chunk, so a segment that lasts is shown in several pieces; of a
# film in 4K in shorter ones, for what is handed on there between two processes lies on the disk:
# 0.4 GB a second at 30 frames.
LONGEST_PIECE_S, LONGEST_LARGE_PIECE_S = 10, 4


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a segment begins in the film, and the time it is meant for. `is_midpoint` when a
    transition leads into it, whose middle is the cut."""

    frame: int
    time_us: int
    segment_id: int
    is_midpoint: bool = False


@dataclass(frozen=True, slots=True)
class Showing:
    """One stretch of a medium that plays without a break, transitions at its ends included: they
    are the first `rise_frames` and the last `fall_frames`."""

    layer: Layer
    first_frame: int
    end_frame: int
    rise_frames: int = 0
    fall_frames: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole film in frames."""

    profile: Profile
    chunks: tuple[Chunk, ...]
    cuts: tuple[Cut, ...]
    song_start_us: int

    @property
    def chunk_starts(self) -> tuple[int, ...]:
        """The first frame of each chunk; rising."""
        return tuple(chunk.first_frame for chunk in self.chunks)

    @property
    def frames(self) -> int:
        """The length of the film."""
        return self.chunks[-1].pieces[-1].end_frame

    @property
    def duration_s(self) -> Fraction:
        """The length of the film in seconds, exact."""
        return self.frames / self.profile.frame_rate


def plan(edl: Edl, sources: Mapping[str, Source], profile: Profile) -> Plan:
    """The frames of the film, for a sound EDL whose media are all in `sources`.

    Raises Invalid when the profile's rate is too low to give every segment a frame.
    """
    rate = profile.frame_rate
    spans = [_Span.of(segment, rate) for segment in edl.segments]
    beats = [frame_at(beat_us, rate) for beat_us in edl.beats_us]
    # Where the film begins nothing is cut.
    flashes = Flashes(
        (s.first, s.segment.timeline_in_us, s.segment.effects.flash) for s in spans[1:]
    )
    pieces = [
        _on_the_beat(piece, beats, flashes, rate)
        for i in range(len(spans))
        for piece in _pieces(spans, i, sources, profile)
    ]
    return Plan(
        profile=profile,
        chunks=tuple(_chunks(pieces, profile)),
        cuts=tuple(
            Cut(span.first, span.segment.timeline_in_us, span.segment.id, span.half_in > 0)
            for span in spans
        ),
        song_start_us=edl.audio.start_offset_us,
    )


def showings(edl: Edl, sources: Mapping[str, Source], profile: Profile) -> Iterator[Showing]:
    """What is shown in the order of the film: a segment, or each time that a short clip begins
    anew in it."""
    for segment in edl.segments:
        span = _Span.of(segment, profile.frame_rate)
        if segment.is_repeated:
            for start, stop in _runs(span, span.first, span.end, profile):
                yield Showing(_layer(span, start, sources, profile.frame_rate), start, stop)
        else:
            first, end = span.first - span.half_in, span.end + span.half_out
            layer = _layer(span, first, sources, profile.frame_rate)
            yield Showing(layer, first, end, 2 * span.half_in, 2 * span.half_out)


@dataclass(frozen=True, slots=True)
class _Span:
    """A segment in frames of the profile, with how far its transitions reach past its cuts."""

    segment: Segment
    first: int
    end: int
    half_in: int
    half_out: int

    @classmethod
    def of(cls, segment: Segment, rate: Fraction) -> "_Span":
        first, end = (
            frame_at(time_us, rate) for time_us in (segment.timeline_in_us, segment.timeline_out_us)
        )
        if end <= first:
            raise Invalid(
                "rate_too_low",
                f"Segment {segment.index} lasts "
                f"{segment.timeline_out_us - segment.timeline_in_us} µs, less than a frame at "
                f"{float(rate):g} frames a second.",
                where=("segments", segment.index),
            )
        return cls(
            segment,
            first,
            end,
            int(segment.transition_in.duration_ms * rate / 2000),
            int(segment.transition_out.duration_ms * rate / 2000),
        )


def _pieces(
    spans: Sequence[_Span], i: int, sources: Mapping[str, Source], profile: Profile
) -> Iterator[Piece]:
    """The body of a segment, after the transition that leads into it."""
    span, rate = spans[i], profile.frame_rate
    first, end = span.first + span.half_in, span.end - span.half_out
    if span.half_in:
        start = span.first - span.half_in
        yield Piece(
            start,
            2 * span.half_in,
            tuple(_layer(shown, start, sources, rate) for shown in (spans[i - 1], span)),
            span.segment.transition_in.type,
            span.half_in,
        )
    for start, stop in _runs(span, first, end, profile):
        yield Piece(
            start,
            stop - start,
            (_layer(span, start, sources, rate),),
            cut_frame=0 if start == span.first else None,
        )


def _runs(span: _Span, first: int, end: int, profile: Profile) -> Iterator[tuple[int, int]]:
    """The body in stretches that play without a break: cut where a short clip starts again and
    where the segment gets too long for one piece."""
    rate, is_large = profile.frame_rate, profile.width * profile.height > LARGE_PX
    longest = int((LONGEST_LARGE_PIECE_S if is_large else LONGEST_PIECE_S) * rate)
    if span.segment.is_repeated:
        segment = span.segment
        once_us = (segment.source_out_ms - segment.source_in_ms) * 1000 / segment.speed_ratio
        longest = max(1, int(once_us * rate / 1_000_000))
    for start in range(first, end, longest):
        yield start, min(start + longest, end)


def _layer(span: _Span, frame: int, sources: Mapping[str, Source], rate: Fraction) -> Layer:
    """A segment's medium as it is at `frame` of the film, handles included."""
    segment = span.segment
    done = segment.effects
    shown = Layer(sources[segment.media_asset_id], pulse=done.pulse, focus=done.focus or MIDDLE)
    if segment.media_type == "image":
        return replace(
            shown,
            ken_burns=done.ken_burns,
            move_frame=frame - (span.first - span.half_in),
            move_frames=span.end + span.half_out - (span.first - span.half_in),
        )
    offset_us = Fraction(frame - span.first) / rate * 1_000_000 * segment.speed_ratio
    if segment.is_repeated:
        offset_us = Fraction(0)
    start_us = max(0, round(segment.source_in_ms * 1000 + offset_us))
    return replace(shown, start_us=shown.source.start_us + start_us, speed=segment.speed_ratio)


def _on_the_beat(piece: Piece, beats: Sequence[int], flashes: Flashes, rate: Fraction) -> Piece:
    """The piece with the beats that its layers pulse on, and its flashes."""
    first, frames = piece.first_frame, piece.frames
    felt_in = felt(beats, first, frames, lasting(PULSE_S, rate))
    layers = tuple(
        replace(layer, beat_frames=felt_in) if layer.pulse else layer for layer in piece.layers
    )
    return replace(piece, layers=layers, flashes=flashes.seen(first, frames, rate))


def _chunks(pieces: Sequence[Piece], profile: Profile) -> Iterator[Chunk]:
    """Pieces up to the first boundary past each mark of absolute time, so that an edit changes no
    other chunk's shape; more of them where a clip goes on whose keyframes are far apart, and no
    more of them than one process should open."""
    length_us = CHUNK_US[profile.name]
    for more in _up_to_marks(pieces, profile, LONG_CHUNK_US):
        parts = list(_up_to_marks(more, profile, length_us))
        saved_us = sum(_way_us(part, profile) for part in parts) - _way_us(more, profile)
        for part in [more] if saved_us >= length_us else parts:
            yield from _as_held(part, profile)


def _up_to_marks(
    pieces: Sequence[Piece], profile: Profile, mark_us: int
) -> Iterator[Sequence[Piece]]:
    frames = profile.frame_rate * mark_us / 1_000_000
    first = 0
    for end, piece in enumerate(pieces, 1):
        if piece.end_frame // frames > piece.first_frame // frames or end == len(pieces):
            yield pieces[first:end]
            first = end


def _way_us(pieces: Sequence[Piece], profile: Profile) -> int:
    """How much is decoded to get to where one process begins to show its clips."""
    clips = (take.layer for take in takes(pieces, profile.frame_rate))
    return sum(layer.way_us for layer in clips if layer.source.media_type == "video")


def _as_held(pieces: Sequence[Piece], profile: Profile) -> Iterator[Chunk]:
    held: list[Piece] = []
    for piece in pieces:
        if held and not is_within((*held, piece), profile):
            yield Chunk(tuple(held))
            held = []
        held.append(piece)
    yield Chunk(tuple(held))
