"""What the beat does to the picture: a pulse, which jumps closer and eases back, and a flash of
white that fades. Both are at their strongest in the frame of the beat.

Knows frames of a piece, which may count from before it: what began there still lasts.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

PULSE_S = Fraction(3, 10)
FLASH_S = Fraction(1, 4)
# More than three flashes in a second are a danger to people with photosensitive epilepsy:
# https://www.w3.org/TR/WCAG21/#three-flashes-or-below-threshold
FLASHES_APART_US = 334_000
# White in limited range, as eq counts: 235 of 255, from the middle grey that its contrast turns on.
_WHITE = 235 / 255 - 0.5


@dataclass(frozen=True, slots=True)
class Flash:
    """A flash in a frame of a piece, as a share of full white."""

    frame: int
    strength: float


class Flashes:
    """The flashes of a film, of those that would follow too fast only the first."""

    def __init__(self, cuts: Iterable[tuple[int, int, float]]) -> None:
        """`cuts` in order: their frame, their time in µs, the strength of their flash or 0."""
        self._frames: list[int] = []
        self._strengths: list[float] = []
        last_us = -FLASHES_APART_US
        for frame, time_us, strength in cuts:
            if strength and time_us - last_us >= FLASHES_APART_US:
                last_us = time_us
                self._frames.append(frame)
                self._strengths.append(strength)

    def seen(self, first: int, frames: int, rate: Fraction) -> tuple[Flash, ...]:
        """The flashes that are seen in a piece, counted from its start."""
        seen = felt(self._frames, first, frames, lasting(FLASH_S, rate))
        begin = bisect_left(self._frames, seen[0] + first) if seen else 0
        return tuple(map(Flash, seen, self._strengths[begin:]))


def felt(moments: Sequence[int], first: int, frames: int, lasts: int) -> tuple[int, ...]:
    """The moments that are felt in a piece, counted from its start: those in it, and those before
    it that last into it."""
    begin, end = bisect_right(moments, first - lasts), bisect_left(moments, first + frames)
    return tuple(moment - first for moment in moments[begin:end])


def pulse(strength: float, beats: Sequence[int], frame: int, rate: Fraction) -> float:
    """How much closer the picture is in a frame, with beats in those frames."""
    if not strength:
        return 1.0
    lasts = lasting(PULSE_S, rate)
    since = min((frame - beat for beat in beats if beat <= frame), default=lasts)
    return 1 + strength * max(0.0, 1 - since / lasts) ** 2


def flash(flashes: Sequence[Flash], rate: Fraction) -> str:
    """The filter that mixes white into the frames of the flashes and leaves the others alone."""
    lasts = lasting(FLASH_S, rate)
    white, moments = [], []
    for one in flashes:
        white.append(
            f"{one.strength:g}*between(n,{one.frame},{one.frame + lasts - 1})*"
            f"pow(1-(n-{one.frame})/{lasts},2)"
        )
        moments.append(f"between(n,{one.frame},{one.frame + lasts - 1})")
    mixed = "+".join(white)
    # With any gamma eq goes by a table; without one it counts brightness in whole percents, rounded
    # down, and a bright picture is up to 3 of 255 darker than it was where a flash ends.
    return (
        f"eq=contrast='1-({mixed})':saturation='1-({mixed})':brightness='{_WHITE:.4f}*({mixed})'"
        f":gamma=1.0001:eval=frame:enable='{'+'.join(moments)}'"
    )


def lasting(seconds: Fraction, rate: Fraction) -> int:
    """So long in whole frames, at least one."""
    return max(1, int(seconds * rate))
