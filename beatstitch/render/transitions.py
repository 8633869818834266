"""How two pieces of picture meet: one function a kind, each a piece of filter graph.

Every kind is at its half in the frame of the cut, and ends when the shorter of its inputs ends, so
that what is missing shows as missing frames and not as a frozen one. xfade would do all of them at
two to twenty times the cost, in 4:4:4, and with some past their half after a fifth of their time.
CPU a 1080p frame beside it, two held photos: crossfade 4 ms for 16, slide 1 for 19, wipe 5 for 12.
"""

from collections.abc import Callable
from fractions import Fraction

from beatstitch.render.filters import ratio
from beatstitch.timeline.settings import TransitionType

FADES: dict[TransitionType, str] = {"fade_black": "black", "fade_white": "white"}
# The soft edge of a wipe, of the side it runs along.
EDGE = Fraction(1, 16)
# How close a push comes, and the share of its time that each picture of it is seen in.
PUSH, PUSHED = 0.6, 0.62


def meet(
    transition: TransitionType, frames: int, rate: Fraction, size: tuple[int, int], name: str
) -> str:
    """The labelled inputs [`name`a] and [`name`b], of `frames` frames of `size` each, become one
    transition over all of them, whose middle is the cut."""
    if transition in FADES:
        return _fade_through(FADES[transition], frames, name)
    if transition in _SLIDES:
        return _SLIDES[transition](frames, name)
    if transition in _WIPES:
        return _WIPES[transition](frames, rate, size, name)
    if transition == "zoom":
        half = max(1, round(frames * (PUSHED - 0.5)))
        return _dissolve(frames // 2 - half, 2 * half, name)
    return _dissolve(0, frames, name)


def zoom(transition: TransitionType, frame: int, frames: int, place: int) -> float:
    """How much closer the first picture (`place` 0) or the second has come in a frame: a push goes
    into the first, faster and faster, and comes to rest in the second."""
    if transition != "zoom":
        return 1.0
    gone = (frame if place == 0 else frames - frame) / (frames * PUSHED)
    return 1 + PUSH * min(1.0, gone) ** 2


def _dissolve(first: int, frames: int, name: str) -> str:
    """One picture into the other over `frames` frames from `first` on."""
    return (
        f"[{name}b]format=yuva420p,fade=t=in:s={first}:n={frames}:alpha=1[{name}f];"
        f"[{name}a][{name}f]overlay=format=yuv420:shortest=1,format=yuv420p"
    )


def _fade_through(colour: str, frames: int, name: str) -> str:
    """Out to a colour in the first half, in from it in the second."""
    half = frames // 2
    return (
        f"[{name}a]trim=end_frame={half},fade=t=out:s=0:n={half}:color={colour}[{name}o];"
        f"[{name}b]trim=start_frame={half},setpts=PTS-STARTPTS,"
        f"fade=t=in:s=0:n={frames - half}:color={colour}[{name}i];"
        f"[{name}o][{name}i]concat=n=2:v=1:a=0,format=yuv420p"
    )


def _slide(is_back: bool) -> Callable[[int, str], str]:
    """One picture pushes the other out, starting and ending softly: a window over both side by
    side. Half a pixel is added, for crop takes the next whole one and goes down to an even one."""

    def graph(frames: int, name: str) -> str:
        first, second = ("b", "a") if is_back else ("a", "b")
        way = f"st(0,{_share(frames, is_back)});iw/2*ld(0)*ld(0)*(3-2*ld(0))+1/2"
        return f"[{name}{first}][{name}{second}]hstack=shortest=1,crop=iw/2:ih:'{way}':0"

    return graph


def _wipe(axis: str, is_back: bool) -> Callable[[int, Fraction, tuple[int, int], str], str]:
    """The second picture uncovered behind a soft edge: a window over a strip of black, a slope and
    white is how much of it is seen."""

    def graph(frames: int, rate: Fraction, size: tuple[int, int], name: str) -> str:
        width, height = size
        side = width if axis == "x" else height
        edge = max(2, int(side * EDGE))
        place = f"{axis.upper()}-{side}"
        slope = f"255*({edge}-({place}))/{edge}" if is_back else f"255*({place})/{edge}"
        strip = f"{2 * side + edge}x2" if axis == "x" else f"2x{2 * side + edge}"
        spread = f"iw:{height}" if axis == "x" else f"{width}:ih"
        way = f"'{side + edge}*{_share(frames, is_back)}'"
        window = f"{width}:{height}:{way}:0" if axis == "x" else f"{width}:{height}:0:{way}"
        return (
            f"nullsrc=s={strip},format=gray,trim=end_frame=1,geq=lum='clip({slope},0,255)',"
            f"scale={spread}:flags=neighbor,loop=loop=-1:size=1,"
            f"setpts=N*{rate.denominator}/({rate.numerator}*TB),fps={ratio(rate)},"
            f"crop={window},trim=end_frame={frames}[{name}m];"
            f"[{name}b][{name}m]alphamerge=shortest=1[{name}u];"
            f"[{name}a][{name}u]overlay=format=yuv420:shortest=1,format=yuv420p"
        )

    return graph


def _share(frames: int, is_back: bool) -> str:
    """How far a transition is in frame n, or how far it still has to go."""
    return f"({frames}-n)/{frames}" if is_back else f"n/{frames}"


_SLIDES = {
    "slide_left": _slide(is_back=False),
    "slide_right": _slide(is_back=True),
}
_WIPES = {
    "wipe_left": _wipe("x", is_back=False),
    "wipe_right": _wipe("x", is_back=True),
    "wipe_up": _wipe("y", is_back=False),
    "wipe_down": _wipe("y", is_back=True),
}
