"""What FFmpeg opens for a chunk: a medium once for all the pieces that it goes on in.

The body of a segment and the transitions at its ends show one run of its clip; opened for each of
them, it would be decoded from a keyframe each time, and every decoder keeps its pictures until the
whole process ends.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from beatstitch.render.chunk import Layer, Piece
from beatstitch.render.source import Source


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


HEAVY_PX = 2 * 1920 * 1080
SMALL_PX = {"video": 640 * 640, "image": 1280 * 1280}
"""No proxy has more (`proxy`, which lies above)."""


def weight(pieces: Sequence[Piece], rate: Fraction) -> int:
    """What a process that shows these pieces holds in memory, in shares of about 40 MB: one for
    each take, and more for a clip of more pixels, twice that for HDR; one more where two meet, and
    two where a photo may be one of them: a prepared picture is larger than the frame."""
    shown = [take.layer.source for take in takes(pieces, rate)]
    meeting = 2 if any(source.media_type == "image" for source in shown) else 1
    meets = any(len(piece.layers) > 1 for piece in pieces)
    return meets * meeting + sum(map(_weight, shown))


def is_large(pieces: Sequence[Piece]) -> bool:
    """Whether a clip of 4K or in HDR is among what is shown."""
    return any(_weight(layer.source) > 1 for piece in pieces for layer in piece.layers)


def is_small(pieces: Sequence[Piece]) -> bool:
    """Whether all that is shown is as small as a proxy."""
    sources = (layer.source for piece in pieces for layer in piece.layers)
    return all(s.width * s.height <= SMALL_PX[s.media_type] and not s.is_hdr for s in sources)


def _weight(source: Source) -> int:
    if source.media_type == "image":
        return 1
    return ceil(source.width * source.height / HEAVY_PX) * (2 if source.is_hdr else 1)


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
