"""FFmpeg's filters, one function an idiom: numbers in, a piece of filter graph out.

Nothing a user writes gets here; every value is a number or one of our own words. The traps that
the comments name were met with FFmpeg 5.1. Reference: https://ffmpeg.org/ffmpeg-filters.html
"""

from dataclasses import replace
from fractions import Fraction

from beatstitch.render import tone
from beatstitch.render.camera import Box
from beatstitch.render.source import Source
from beatstitch.render.text import Text
from beatstitch.timeline.edl import MIDDLE, Focus
from beatstitch.timeline.settings import Fit

# A picture of which cover keeps less than this is cropped before it is scaled, to the pixel of the
# source; of others more is kept than a pixel matters.
LEAST_KEPT = Fraction(1, 4)
# What "auto" shows at least of a picture that it crops.
LEAST_SHOWN = Fraction(1, 2)
# The long side of the copy that is blurred, and its least side: where boxblur's radius of 4 is
# more than half of a chroma plane, it darkens and stains the picture.
BLUR_SIDE_PX, BLUR_LEAST_PX = 160, 20
# How bright that copy is: as bright as the picture, a sky goes on in it without an edge, and what
# was meant looks like a fault.
DIMMED = Fraction(2, 3)

NO_TIME = Fraction(0)


def retime(speed: Fraction, rate: Fraction, lead_s: Fraction = NO_TIME) -> str:
    """Play at `speed` and at a constant `rate` from time 0, or from `lead_s` of the source
    later, beginning with the picture that is shown there.

    start_time, for what is read begins with a keyframe before it, or, in a clip without one there,
    after it.
    """
    slowed = "" if speed == 1 else f"setpts=PTS*{speed.denominator}/{speed.numerator},"
    start = ratio(lead_s / speed) if lead_s else "0"
    return f"{slowed}fps={ratio(rate)}:start_time={start}"


ENDING = "tpad=stop=1:stop_mode=clone"
"""One frame may be cloned at the end of a clip, where rounding left a gap; a clip that is shorter
than that comes short, and the chunk's check says so."""


def since(time_s: Fraction) -> str:
    """Nothing of before that time; what is left keeps its times."""
    return f"trim=start={float(time_s):g}"


def part(first_frame: int, frames: int) -> str:
    """`frames` frames from that one on, and no more."""
    start = f"start_frame={first_frame}:" if first_frame else ""
    return f"trim={start}end_frame={first_frame + frames},setpts=PTS-STARTPTS"


def hold(frames: int, rate: Fraction) -> str:
    """One picture for `frames` frames: decoded once, where -loop 1 would decode it every time."""
    return (
        f"loop=loop=-1:size=1,setpts=N*{rate.denominator}/({rate.numerator}*TB),"
        f"fps={ratio(rate)},trim=end_frame={frames}"
    )


def to_sdr(source: Source) -> str:
    """HDR made SDR by its table, in 16 bits: to 10 swscale goes a way that takes twice as long."""
    space = "bt709" if source.color_space == "bt709" else "bt2020"
    reach = "full" if _is_full_range(source) else "limited"
    return (
        f"scale=in_color_matrix={space}:in_range={reach},format=gbrp16le,"
        f"lut3d=file={sdr_table(source).place},"
        "scale=out_color_matrix=bt709:out_range=limited"
    )


def sdr_table(source: Source) -> Text:
    """The file that `to_sdr` names."""
    return tone.table(source)


def as_sdr(source: Source) -> Source:
    """How the filters meet a source that was made SDR."""
    return replace(
        source,
        pixel_format="",
        color_range="tv",
        color_space="bt709",
        color_primaries="bt709",
        color_transfer="bt709",
    )


def to_rgb(source: Source, width: int, height: int) -> str:
    """A small picture of a clip, with the colours that a film shows."""
    light = f"{to_sdr(source)}," if source.is_hdr else ""
    # The filter of colours takes no odd side.
    return (
        f"{scale(even_up(width), even_up(height), source, how='area')},{light}"
        f"scale={width}:{height}:in_color_matrix=bt709:in_range=limited:flags=full_chroma_int,"
        "format=rgb24"
    )


def scale(width: int, height: int, source: Source | None = None, *, how: str = "bicubic") -> str:
    """To width × height, colours to BT.709 limited range where a `source` is given.

    The sample aspect is set last, for concat refuses inputs that differ in it.
    """
    if source is None or source.is_hdr:
        return f"scale={width}:{height}:flags={how},setsar=1"
    if source.media_type == "image":
        # Once for many frames.
        how += "+accurate_rnd+full_chroma_inp"
    if _is_plain(source):
        # Nothing is said, or `scale` copies pictures that have the right size already.
        return f"scale={width}:{height}:flags={how}{_to_bt709(source)},setsar=1"
    # Said for both sides, that RGB becomes what the next filter is told and nothing else changes.
    matrix, levels = _matrix(source), "full" if _is_full_range(source) else "limited"
    sized = (
        f"scale={width}:{height}:flags={how}:in_color_matrix={matrix}:out_color_matrix={matrix}"
        f":in_range={levels}:out_range={levels}"
    )
    return f"{sized}{_to_bt709(source)},setsar=1"


def _is_plain(source: Source) -> bool:
    """Whether its pictures are known to be neither RGB nor in full range."""
    is_yuv = source.pixel_format.startswith("yuv") and not source.pixel_format.startswith("yuvj")
    return is_yuv and not _is_full_range(source)


def _to_bt709(source: Source) -> str:
    """Colours to BT.709 limited range, where they aren't: by a filter of its own. `scale` does it
    by way of RGB, 2 to 4 of 255 too dark, for three times the CPU."""
    primaries = source.color_primaries if source.color_primaries in _WIDE else "bt709"
    is_full, matrix = _is_full_range(source), _matrix(source)
    if (matrix, is_full, primaries) == ("bt709", False, "bt709"):
        return ""
    # One curve for both sides, or pictures that differ in the matrix alone were made linear.
    return (
        f",colorspace=ispace={_SPACES[matrix]}:irange={'pc' if is_full else 'tv'}"
        f":iprimaries={primaries}:itrc=gamma22:space=bt709:range=tv:primaries=bt709:trc=gamma22"
    )


_SPACES = {
    "bt709": "bt709",
    "bt601": "smpte170m",
    "fcc": "fcc",
    "smpte240m": "smpte240m",
    "bt2020": "bt2020nc",
}
# Whose colours are plainly paler where they are taken for BT.709's; those of old television hardly
# differ, and players take them so.
_WIDE = {"bt2020", "smpte431", "smpte432"}


def fit_of(fit: Fit, source: Source, width: int, height: int) -> Fit:
    """How a picture is fitted. "auto" fills the frame, unless less than half of the picture would
    be seen: a portrait in a landscape film is shown whole, before a blurred copy of itself."""
    aspect = Fraction(width, height)
    kept = min(aspect / source.aspect, source.aspect / aspect)
    if fit == "auto":
        return "blur" if kept < LEAST_SHOWN else "cover"
    return "cover" if kept == 1 else fit


def cover(source: Source, width: int, height: int, focus: Focus = MIDDLE) -> str:
    """Fill width × height, cutting off what is over: with the focus in the middle of what is left,
    or as near to it as the picture's edge allows."""
    aspect = Fraction(width, height)
    kept = min(aspect / source.aspect, source.aspect / aspect)
    if kept < LEAST_KEPT:
        # Cut off first: as high as the frame, a sliver of 4096 × 1 would be 4.4 million wide.
        if source.aspect > aspect:
            part = f"'max(min(2,iw),iw*{ratio(kept)})':ih:'clip(iw*{focus.x:.6f}-ow/2,0,iw-ow)':0"
        else:
            part = f"iw:'max(min(2,ih),ih*{ratio(kept)})':0:'clip(ih*{focus.y:.6f}-oh/2,0,ih-oh)'"
        return f"crop={part},{scale(width, height, source)}"
    if source.aspect > aspect:
        wide, high = even_up(height * source.aspect), height
    else:
        wide, high = width, even_up(width / source.aspect)
    left, top = _first_kept(focus.x, wide, width), _first_kept(focus.y, high, height)
    return f"{scale(wide, high, source)},crop={width}:{height}:{left}:{top}"


def _first_kept(centre: float, length: int, kept: int) -> int:
    """Where to cut `kept` of `length` pixels, both even: an even place, for the colour planes have
    half as many."""
    wanted = Fraction(str(centre)) * length - Fraction(kept, 2)
    return max(0, min(2 * round(wanted / 2), length - kept))


def contain(source: Source, width: int, height: int) -> str:
    """All of the picture inside width × height, black around it."""
    wide, high = inside(source.aspect, width, height)
    return f"{scale(wide, high, source)},pad={width}:{height}:(ow-iw)/2:(oh-ih)/2:black,setsar=1"


def blur(source: Source, width: int, height: int, name: str) -> str:
    """All of the picture before a blurred and dimmed copy of itself that fills the frame.

    The copy is blurred at a size of its own: the same look in every film, at a quarter of the
    cost. `name` keeps the labels of several such graphs apart.
    """
    wide, high = inside(source.aspect, width, height)
    first = ""
    if source.is_hdr:
        # Before both are laid over each other in 8 bits, in which PQ would show bands.
        first = f"{scale(wide, high, source)},{to_sdr(source)},"
        source = as_sdr(source)
    share = Fraction(BLUR_SIDE_PX, max(width, height))
    small_w, small_h = (max(BLUR_LEAST_PX, even_up(side * share)) for side in (width, height))
    return (
        f"{first}split[{name}f][{name}b];"
        f"[{name}b]{cover(source, small_w, small_h)},format=yuv420p,boxblur=4:2,"
        f"{_dimmed()},scale={width}:{height}:flags=bicubic,setsar=1[{name}bg];"
        f"[{name}f]{scale(wide, high, source)},format=yuv420p[{name}fg];"
        f"[{name}bg][{name}fg]overlay=(W-w)/2:(H-h)/2:format=yuv420"
    )


def _dimmed() -> str:
    """Less light and no other colour, in limited range of 8 bits."""
    colour = f"(val-128)*{ratio(DIMMED)}+128"
    return f"lutyuv=y='(val-16)*{ratio(DIMMED)}+16':u='{colour}':v='{colour}'"


def crop_exactly(box: Box) -> str:
    """The part of a still that a move needs, to the pixel. exact=1, or crop rounds to the
    picture's chroma grid."""
    wide, high = max(1, int(box.width)), max(1, int(box.height))
    return f"crop={wide}:{high}:{int(box.x)}:{int(box.y)}:exact=1"


def glide(way: str, width: int, height: int) -> str:
    """The view of a camera whose way is in that file, cut out of the middle of what it moves
    over. smoothing, optzoom and relative off, or vid.stab would steady what is meant to move."""
    return (
        f"vidstabtransform=input={way}:relative=0:smoothing=0:optzoom=0:crop=black"
        f":interpol=bilinear,crop={width}:{height}"
    )


def inside(aspect: Fraction, width: int, height: int) -> tuple[int, int]:
    """The largest even size of that aspect inside width × height."""
    if aspect > Fraction(width, height):
        return width, min(height, even_up(width / aspect))
    return min(width, even_up(height * aspect)), height


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


def ratio(rate: Fraction) -> str:
    """A frame rate, or any share, as FFmpeg reads it without loss."""
    return f"{rate.numerator}/{rate.denominator}"


def even_up(length: Fraction | int) -> int:
    """The next even number of pixels."""
    return max(2, 2 * -(-length // 2))
