"""FFmpeg's filters, one function an idiom: numbers in, a piece of filter graph out.

Nothing a user writes gets here; every value is a number or one of our own words. The traps that
the comments name were met with FFmpeg 5.1. Reference: https://ffmpeg.org/ffmpeg-filters.html
"""

from dataclasses import dataclass
from fractions import Fraction

from beatstitch.render.source import Source
from beatstitch.timeline.edl import KenBurns
from beatstitch.timeline.settings import TransitionType

# Pixels that a Ken Burns move can zoom into without going soft, at the cost of filtering them.
MOST_OVERSAMPLING = Fraction(5, 4)
# A picture of which cover keeps less than this is cropped before it is scaled, to the pixel of the
# source; of others more is kept than a pixel matters.
LEAST_KEPT = Fraction(1, 4)
# The long side of the copy that is blurred, and its least side: where boxblur's radius of 4 is
# more than half of a chroma plane, it darkens and stains the picture.
BLUR_SIDE_PX, BLUR_LEAST_PX = 160, 20

XFADE: dict[TransitionType, str] = {
    "crossfade": "fade",
    "wipe_left": "wipeleft",
    "wipe_right": "wiperight",
    "wipe_up": "wipeup",
    "wipe_down": "wipedown",
    "slide_left": "slideleft",
    "slide_right": "slideright",
    "zoom": "zoomin",
}
FADES: dict[TransitionType, str] = {"fade_black": "black", "fade_white": "white"}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle inside a picture, in its pixels."""

    x: Fraction
    y: Fraction
    width: Fraction
    height: Fraction


def retime(speed: Fraction, rate: Fraction) -> str:
    """Play at `speed` and at a constant `rate` from time 0, filling from the first frame.

    start_time=0, for after a seek the first frame may lie up to a source frame behind 0.
    """
    slowed = "" if speed == 1 else f"setpts=PTS*{speed.denominator}/{speed.numerator},"
    return f"{slowed}fps={_ratio(rate)}:start_time=0"


def exactly(frames: int) -> str:
    """`frames` frames and no more. One frame may be cloned at the end, where rounding left a gap;
    a clip that is shorter than that comes short, and the chunk's check says so."""
    return f"tpad=stop=1:stop_mode=clone,trim=end_frame={frames},setpts=PTS-STARTPTS"


def hold(frames: int, rate: Fraction) -> str:
    """One picture for `frames` frames: decoded once, where -loop 1 would decode it every time."""
    return (
        f"loop=loop=-1:size=1,setpts=N*{rate.denominator}/({rate.numerator}*TB),"
        f"fps={_ratio(rate)},trim=end_frame={frames}"
    )


def to_sdr(source: Source) -> str:
    """HDR made SDR by Hable's curve, with the tags said first: zscale finds no path from untagged
    input, and without this PQ and HLG look washed out."""
    space = source.color_space or "bt2020nc"
    primaries = source.color_primaries or "bt2020"
    return (
        f"zscale=pin={_zscale(primaries)}:tin={_zscale(source.color_transfer)}:min={_zscale(space)}"
        ":rin=tv:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,"
        "zscale=t=bt709:m=bt709:r=tv"
    )


def scale(width: int, height: int, source: Source | None = None) -> str:
    """To width × height, colours to BT.709 limited range where a `source` is given.

    The sample aspect is set last, for concat refuses inputs that differ in it.
    """
    colours = ""
    if source is not None and not source.is_hdr:
        colours = (
            f":in_color_matrix={_matrix(source)}:out_color_matrix=bt709"
            f":in_range={'full' if _is_full_range(source) else 'limited'}:out_range=limited"
        )
    return f"scale={width}:{height}:flags=bicubic{colours},setsar=1"


def cover(source: Source, width: int, height: int) -> str:
    """Fill width × height, cutting off what is over at both sides."""
    aspect = Fraction(width, height)
    kept = min(aspect / source.aspect, source.aspect / aspect)
    if kept < LEAST_KEPT:
        # Cut off first: as high as the frame, a sliver of 4096 × 1 would be 4.4 million wide.
        if source.aspect > aspect:
            sides = f"'max(min(2,iw),iw*{_ratio(kept)})':ih"
        else:
            sides = f"iw:'max(min(2,ih),ih*{_ratio(kept)})'"
        return f"crop={sides},{scale(width, height, source)}"
    if source.aspect > aspect:
        wide, high = _even_up(height * source.aspect), height
    else:
        wide, high = width, _even_up(width / source.aspect)
    return f"{scale(wide, high, source)},crop={width}:{height}"


def contain(source: Source, width: int, height: int) -> str:
    """All of the picture inside width × height, black around it."""
    wide, high = inside(source.aspect, width, height)
    return f"{scale(wide, high, source)},pad={width}:{height}:(ow-iw)/2:(oh-ih)/2:black,setsar=1"


def blur(source: Source, width: int, height: int, name: str) -> str:
    """All of the picture before a blurred copy of itself that fills the frame.

    The copy is blurred at a size of its own: the same look in every film, at a quarter of the
    cost. `name` keeps the labels of several such graphs apart.
    """
    wide, high = inside(source.aspect, width, height)
    share = Fraction(BLUR_SIDE_PX, max(width, height))
    small_w, small_h = (max(BLUR_LEAST_PX, _even_up(side * share)) for side in (width, height))
    return (
        f"split[{name}f][{name}b];"
        f"[{name}b]{cover(source, small_w, small_h)},format=yuv420p,boxblur=4:2,"
        f"scale={width}:{height}:flags=bicubic,setsar=1[{name}bg];"
        f"[{name}f]{scale(wide, high, source)},format=yuv420p[{name}fg];"
        f"[{name}bg][{name}fg]overlay=(W-w)/2:(H-h)/2:format=yuv420"
    )


def inside(aspect: Fraction, width: int, height: int) -> tuple[int, int]:
    """The largest even size of that aspect inside width × height."""
    if aspect > Fraction(width, height):
        return width, min(height, _even_up(width / aspect))
    return min(width, _even_up(height * aspect)), height


def view(aspect: Fraction, width: int, height: int, zoom: float, x: float, y: float) -> Box:
    """What a camera sees of a width × height picture through a frame of `aspect`: the largest
    such box over `zoom`, centred at (x, y) of the picture and kept inside it."""
    wide = min(Fraction(width), height * aspect) / _exact(zoom)
    high = wide / aspect
    left = min(max(_exact(x) * width - wide / 2, Fraction(0)), width - wide)
    top = min(max(_exact(y) * height - high / 2, Fraction(0)), height - high)
    return Box(left, top, wide, high)


@dataclass(frozen=True, slots=True)
class Move:
    """A Ken Burns move prepared for the perspective filter: what of the picture is needed, at what
    size, and the two views as fractions of it."""

    needed: Box
    width: int
    height: int
    start: Box
    end: Box


def move(move: KenBurns, source_width: int, source_height: int, width: int, height: int) -> Move:
    """The part of the picture that a move passes over, oversampled as far as it zooms in."""
    aspect = Fraction(width, height)
    boxes = [
        view(aspect, source_width, source_height, zoom, x, y)
        for zoom, x, y in (
            (move.start_zoom, move.start_x, move.start_y),
            (move.end_zoom, move.end_x, move.end_y),
        )
    ]
    left, top = min(b.x for b in boxes), min(b.y for b in boxes)
    right = max(b.x + b.width for b in boxes)
    bottom = max(b.y + b.height for b in boxes)
    needed = Box(left, top, right - left, bottom - top)
    more = min(needed.width / min(b.width for b in boxes), MOST_OVERSAMPLING)
    start, end = (
        Box(
            (b.x - left) / needed.width,
            (b.y - top) / needed.height,
            b.width / needed.width,
            b.height / needed.height,
        )
        for b in boxes
    )
    return Move(needed, _even_up(width * more), _even_up(height * more), start, end)


def crop_exactly(box: Box) -> str:
    """The part of a still that a move needs, to the pixel. exact=1, or crop rounds to the
    picture's chroma grid."""
    wide, high = max(1, int(box.width)), max(1, int(box.height))
    return f"crop={wide}:{high}:{int(box.x)}:{int(box.y)}:exact=1"


def glide(prepared: Move, first: int, frames: int) -> str:
    """The view gliding from start to end over `frames` frames, beginning at frame `first` of them.

    By `perspective`: its corners are sub-pixel, where zoompan steps by whole even pixels and
    shakes by more than one.
    """
    t = f"((on+{first})/{max(1, frames - 1)})"
    corners = []
    for index, (right, down) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        for axis, size, along in (("x", "W", right), ("y", "H", down)):
            a, b = (_corner(box, axis, along) for box in (prepared.start, prepared.end))
            corners.append(f"{axis}{index}='{size}*({a:.7f}+{b - a:.7f}*{t})'")
    return f"perspective={':'.join(corners)}:interpolation=linear:sense=source:eval=frame"


def _corner(box: Box, axis: str, along: int) -> float:
    start, length = (box.x, box.width) if axis == "x" else (box.y, box.height)
    return float(start + along * length)


def meet(transition: TransitionType, frames: int, rate: Fraction, name: str) -> str:
    """The labelled inputs [`name`a] and [`name`b], of `frames` frames each, become one transition
    over all of them, whose middle is the cut."""
    if transition in FADES:
        return _fade_through(FADES[transition], frames, name)
    # format after it, for xfade answers in 4:4:4 where it may.
    return (
        f"[{name}a][{name}b]xfade=transition={XFADE[transition]}"
        f":duration={float(frames / rate):.6f}:offset=0,format=yuv420p,trim=end_frame={frames}"
    )


def _fade_through(colour: str, frames: int, name: str) -> str:
    """Out to a colour in the first half, in from it in the second. xfade's own fadeblack is
    darkest after a fifth of its time, so not on the beat."""
    half = frames // 2
    return (
        f"[{name}a]trim=end_frame={half},fade=t=out:s=0:n={half}:color={colour}[{name}o];"
        f"[{name}b]trim=start_frame={half},setpts=PTS-STARTPTS,"
        f"fade=t=in:s=0:n={frames - half}:color={colour}[{name}i];"
        f"[{name}o][{name}i]concat=n=2:v=1:a=0,format=yuv420p"
    )


def _matrix(source: Source) -> str:
    if source.media_type == "image":
        return "bt601"  # JFIF
    known = {
        "bt709": "bt709",
        "smpte170m": "bt601",
        "bt470bg": "bt601",
        "fcc": "fcc",
        "smpte240m": "smpte240m",
        "bt2020nc": "bt2020",
        "bt2020c": "bt2020",
    }
    # What says nothing is taken as players take it: HD is BT.709, the rest is BT.601.
    return known.get(source.color_space, "bt709" if source.height >= 720 else "bt601")


def _is_full_range(source: Source) -> bool:
    return source.media_type == "image" or source.color_range in {"pc", "jpeg"}


def _zscale(word: str) -> str:
    return {
        "bt2020nc": "2020_ncl",
        "bt2020c": "2020_cl",
        "bt2020": "2020",
        "bt709": "709",
        "smpte170m": "170m",
        "smpte432": "smpte432",
        "smpte2084": "smpte2084",
        "arib-std-b67": "arib-std-b67",
    }.get(word, "2020_ncl" if word.endswith("c") else "2020")


def _ratio(rate: Fraction) -> str:
    return f"{rate.numerator}/{rate.denominator}"


def _exact(value: float) -> Fraction:
    return Fraction(str(value))


def _even_up(length: Fraction) -> int:
    return max(2, 2 * -(-length // 2))
