"""What one FFmpeg process renders: layers in pieces, pieces in a chunk, all in whole frames."""

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from beatstitch.render.beat_effects import Flash
from beatstitch.render.source import Source
from beatstitch.timeline.edl import MIDDLE, STILL, Focus, KenBurns
from beatstitch.timeline.settings import TransitionType


@dataclass(frozen=True, slots=True)
class Layer:
    """One medium over the frames of a piece: where in the source it starts, how fast it runs.

    `move_frame` of `move_frames` says how far a Ken Burns move has come when the piece begins.
    `pulse` is how much closer the picture jumps in the `beat_frames` of the piece, of which some
    may lie before it. What is over is cropped around the `focus`.
    """

    source: Source
    start_us: int = 0
    speed: Fraction = Fraction(1)
    ken_burns: KenBurns = STILL
    move_frame: int = 0
    move_frames: int = 1
    pulse: float = 0.0
    beat_frames: tuple[int, ...] = ()
    focus: Focus = MIDDLE

    @property
    def way_us(self) -> int:
        """How much of a clip is decoded before the layer's first frame. Where its keyframes aren't
        known, about: from the start of a file that has one, else half of the way between them."""
        source = self.source
        if source.keyframes_ms:
            place_us = self.start_us - source.start_us
            before = max(0, bisect_right(source.keyframes_ms, place_us // 1000) - 1)
            return max(0, place_us - 1000 * source.keyframes_ms[before])
        is_single = source.gop_us >= 900 * (source.duration_ms or 0)
        return min(self.start_us, source.gop_us if is_single else source.gop_us // 2)

    def lead_us(self, rate: Fraction) -> Fraction:
        """How much earlier than the layer begins its source is to be read: whole frames of the
        film, or all of it where the start is near."""
        frame_us = 1_000_000 * self.speed / rate
        frames = min(ceil(self.source.lead_us / frame_us), int(self.start_us / frame_us))
        begins_at_start = self.start_us - frames * frame_us < self.source.unsought_us
        return Fraction(self.start_us) if begins_at_start else frames * frame_us


@dataclass(frozen=True, slots=True)
class Piece:
    """`frames` frames of the film from `first_frame` on: one layer, or two and how they meet.

    `cut_frame` is the place in the piece at which a segment begins: 0, the middle of a
    transition, or None where the segment before goes on. `flashes` may have begun before it.
    """

    first_frame: int
    frames: int
    layers: tuple[Layer, ...]
    transition: TransitionType = "cut"
    cut_frame: int | None = None
    flashes: tuple[Flash, ...] = ()

    @property
    def end_frame(self) -> int:
        """The first frame after the piece."""
        return self.first_frame + self.frames


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole pieces that one FFmpeg process renders into one file."""

    pieces: tuple[Piece, ...]

    @property
    def first_frame(self) -> int:
        """Where the chunk begins in the film."""
        return self.pieces[0].first_frame

    @property
    def frames(self) -> int:
        """How many frames the chunk's file must hold."""
        return self.pieces[-1].end_frame - self.first_frame

    @property
    def cut_frames(self) -> tuple[int, ...]:
        """Frames of the chunk at which a segment begins: each gets a keyframe."""
        return tuple(
            piece.first_frame - self.first_frame + piece.cut_frame
            for piece in self.pieces
            if piece.cut_frame is not None
        )
