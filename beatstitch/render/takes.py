"""What FFmpeg opens for a chunk: a medium once for all the pieces that it goes on in.

The body of a segment and the transitions at its ends show one run of its clip; opened for each of
them, it would be decoded from a keyframe each time, and every decoder keeps its pictures until the
whole process ends.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from beatstitch.render.chunk import Layer, Piece


@dataclass(frozen=True, slots=True)
class Use:
    """A layer of a piece, by their places, and the frame of the take that it begins with."""

    piece: int
    place: int
    first_frame: int


@dataclass(frozen=True, slots=True)
class Take:
    """A medium from `layer` on for so many frames, and where it is shown."""

    layer: Layer
    frames: int
    uses: tuple[Use, ...]


def takes(pieces: Iterable[Piece], rate: Fraction) -> tuple[Take, ...]:
    """The takes of a chunk's pieces, in the order in which they are first shown."""
    found: list[Take] = []
    for number, piece in enumerate(pieces):
        for place, layer in enumerate(piece.layers):
            known = (i for i, take in enumerate(found) if _goes_on(take, layer, rate))
            last = next(known, None)
            if last is None:
                found.append(Take(layer, piece.frames, (Use(number, place, 0),)))
                continue
            take = found[last]
            begun = 0 if layer.source.media_type == "image" else take.frames
            found[last] = replace(
                take,
                frames=max(take.frames, begun + piece.frames),
                uses=(*take.uses, Use(number, place, begun)),
            )
    return tuple(found)


def _goes_on(take: Take, layer: Layer, rate: Fraction) -> bool:
    """Whether a layer shows more of a take: a photo that is prepared alike, a clip from where the
    take ends, to the microsecond that times are rounded to."""
    begun = take.layer
    if (layer.source, layer.focus) != (begun.source, begun.focus):
        return False
    if layer.source.media_type == "image":
        return layer.ken_burns == begun.ken_burns
    end_us = begun.start_us + take.frames / rate * 1_000_000 * begun.speed
    return layer.speed == begun.speed and abs(layer.start_us - end_us) <= 1
