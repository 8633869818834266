"""What a camera sees of a photo or a clip, frame by frame: a Ken Burns move, the push of a
transition and the pulse of the beat are one way over one prepared picture.

Pure numbers. The way is written for vid.stab's second pass, which moves by 1/65536 of a pixel: it
shakes as little as `perspective` (0.007 px rms for both, measured on soft dots) for 20 ms a 1080p
frame instead of 31, and zoompan's whole, even pixels shake by more than one.
Its file: vsReadOldTransforms in https://github.com/georgmartius/vid.stab, src/serialize.c.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import expm1, isqrt, log
from typing import NamedTuple

from beatstitch.timeline.edl import KenBurns

# Pixels that a move can zoom into without going soft, at the cost of moving over them; and how
# many pictures of the film's size the prepared one may be large.
MOST_OVERSAMPLING = Fraction(5, 4)
MOST_AREA = 4
# vid.stab counts in 1/65536 of a pixel in 32 bits.
LONGEST_SIDE_PX = 16_000


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle inside a picture, in its pixels."""

    x: Fraction
    y: Fraction
    width: Fraction
    height: Fraction


def view(aspect: Fraction, width: int, height: int, zoom: float, x: float, y: float) -> Box:
    """What a camera sees of a width × height picture through a frame of `aspect`: the largest
    such box over `zoom`, centred at (x, y) of the picture and kept inside it."""
    wide = min(Fraction(width), height * aspect) / _exact(zoom)
    high = wide / aspect
    left = min(max(_exact(x) * width - wide / 2, Fraction(0)), width - wide)
    top = min(max(_exact(y) * height - high / 2, Fraction(0)), height - high)
    return Box(left, top, wide, high)


@dataclass(frozen=True, slots=True)
class Ground:
    """The picture that a camera moves over: `width` × `height`, made of the part of the source
    that is `needed`, or of all of it as it fills the film's frame; and the first and the last view
    of the whole move in pixels of that."""

    needed: Box | None
    width: int
    height: int
    start: Box
    end: Box


def still_ground(width: int, height: int) -> Ground:
    """A picture that fills the film's frame already."""
    whole = Box(Fraction(0), Fraction(0), Fraction(width), Fraction(height))
    return Ground(None, width, height, whole, whole)


def frame_ground(move: KenBurns, width: int, height: int) -> Ground:
    """The film's frame, filled, for a move that goes over all that is in it."""
    views = _views(move, width, height, Fraction(width, height))
    whole = still_ground(width, height).start
    scale = _scale(whole, views, width, height)
    return _prepared(None, whole, views, scale, width, height)


def framed(move: KenBurns, inside: tuple[int, int], frame: tuple[int, int]) -> KenBurns:
    """A move over a picture that is shown whole in the middle of a frame, as one over the frame."""
    wide, high = (Fraction(part, whole) for part, whole in zip(inside, frame, strict=True))
    return replace(
        move,
        start_x=_inside(move.start_x, wide),
        start_y=_inside(move.start_y, high),
        end_x=_inside(move.end_x, wide),
        end_y=_inside(move.end_y, high),
    )


def _inside(place: float, share: Fraction) -> float:
    """A place in the middle `share` of a side, as one of the side."""
    return float(Fraction(1, 2) + (_exact(place) - Fraction(1, 2)) * share)


def source_ground(
    move: KenBurns, source_width: int, source_height: int, width: int, height: int
) -> Ground | None:
    """The part of a picture that a move passes over; None for a strip so long and narrow that
    there is no moving over it."""
    views = _views(move, source_width, source_height, Fraction(width, height))
    left, top = min(v.x for v in views), min(v.y for v in views)
    needed = Box(
        left,
        top,
        max(v.x + v.width for v in views) - left,
        max(v.y + v.height for v in views) - top,
    )
    scale = _scale(needed, views, width, height)
    if max(needed.width, needed.height) * scale > LONGEST_SIDE_PX:
        return None
    return _prepared(needed, needed, views, scale, width, height)


def _views(move: KenBurns, width: int, height: int, aspect: Fraction) -> tuple[Box, Box]:
    return (
        view(aspect, width, height, move.start_zoom, move.start_x, move.start_y),
        view(aspect, width, height, move.end_zoom, move.end_x, move.end_y),
    )


def _prepared(
    needed: Box | None,
    seen: Box,
    views: tuple[Box, Box],
    scale: Fraction,
    width: int,
    height: int,
) -> Ground:
    """What is `seen` of a source, oversampled by `scale`, with the views in its pixels."""
    wide, high = _beyond(seen.width * scale, width), _beyond(seen.height * scale, height)
    start, end = (
        Box(
            (v.x - seen.x) * wide / seen.width,
            (v.y - seen.y) * high / seen.height,
            v.width * wide / seen.width,
            v.height * high / seen.height,
        )
        for v in views
    )
    return Ground(needed, wide, high, start, end)


def way(
    ground: Ground, shares: Sequence[Fraction], zooms: Sequence[float], size: tuple[int, int]
) -> str:
    """The file that tells vid.stab where the camera is in each frame: `shares` of the move done,
    and how much closer than the move it is. The film's frame is the middle of its output."""
    lines = []
    start, end = _sight(ground.start), _sight(ground.end)
    for number, (share, zoom) in enumerate(zip(shares, zooms, strict=True)):
        done = _evenly(float(share), end.width / start.width)
        sight = _Sight(*(a + (b - a) * done for a, b in zip(start, end, strict=True)))
        x, y, step = _seen(ground, sight, zoom, size)
        lines.append(
            f"{number} {ground.width / 2 - x:.5f} {ground.height / 2 - y:.5f} 0 "
            f"{100 * (1 - step):.6f} 0\n"
        )
    return "".join(lines)


def _evenly(share: float, grown: float) -> float:
    """How far a move that makes the view `grown` times as wide has come in a `share` of its time:
    by the same factor each frame, or what comes twice as near would come ever faster."""
    if grown == 1:
        return share
    return expm1(share * log(grown)) / expm1(log(grown))


class _Sight(NamedTuple):
    """A view by its centre, in floats: a film has thousands of them, and Fractions take ten times
    as long for digits that nobody sees."""

    x: float
    y: float
    width: float
    height: float


def _sight(box: Box) -> _Sight:
    return _Sight(
        float(box.x + box.width / 2),
        float(box.y + box.height / 2),
        float(box.width),
        float(box.height),
    )


def _seen(
    ground: Ground, sight: _Sight, zoom: float, size: tuple[int, int]
) -> tuple[float, float, float]:
    """The centre of the view and the pixels of the ground between two of the film."""
    width, height = size
    step = min(sight.width / width, sight.height / height) / zoom
    x = _within(sight.x, ground.width, width, step)
    y = _within(sight.y, ground.height, height, step)
    return x, y, step


def _within(centre: float, ground: int, side: int, step: float) -> float:
    """The centre nearest to this at which no pixel of the film, its halved colour planes included,
    is read from beyond the last of the ground: vid.stab takes black there."""
    return min(max(centre, side / 2 * step), ground - 2 - (side / 2 - 2) * step)


def _scale(needed: Box, views: tuple[Box, Box], width: int, height: int) -> Fraction:
    """Pixels of the ground for one of the source: as many as the closer view shows."""
    widths = [v.width for v in views]
    least = max(width / needed.width, height / needed.height)
    sharp = min(width / min(widths), MOST_OVERSAMPLING * width / max(widths))
    area = MOST_AREA * width * height / (needed.width * needed.height)
    most = Fraction(isqrt(int(area * 10**6)), 1000)
    return max(least, min(sharp, most))


def _beyond(length: Fraction, side: int) -> int:
    """At least `side` and as much more at both ends, in even pixels, so that the middle can be
    cut out without moving the colours."""
    return side + 4 * max(0, -(-(length - side) // 4))


def _exact(value: float) -> Fraction:
    return Fraction(str(value))
