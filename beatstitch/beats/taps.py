"""The tempo behind a person's taps, of which some came late, twice, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from statistics import fmean, median

from beatstitch.errors import Invalid
from beatstitch.limits import MAX_BPM, MIN_BPM

LEAST_TAPS = 4
MOST_TAPS = 1_000
# A tap further from its beat than this part of a beat was none of them: people who tap along are a
# few per cent of a beat away from it.
_ASTRAY = 0.15
# By so many of the last taps a tap is numbered, so that a bad one is outvoted.
_MEMORY = 5
_MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Pulse:
    """An even pulse: its tempo, not rounded, and the beat at the first tap."""

    bpm: float
    start_us: int


def fit(times_us: Sequence[int]) -> Pulse:
    """The pulse that most taps are on, in any order; missed, doubled and stray taps are forgiven.

    Taps get numbers by the median interval, the line through them is the median of all slopes
    (Theil 1950, Sen 1968), and of the taps near it the least-squares line is taken. Raises Invalid
    for fewer than 4 taps, for taps of no common tempo, and for a tempo outside of 20–400 BPM.
    """
    taps = sorted(set(times_us))
    if len(taps) < LEAST_TAPS:
        raise Invalid(
            "too_few_taps",
            f"times_ms has {len(taps)} taps; at least {LEAST_TAPS} are needed. Tap along for "
            "two bars or more.",
        )
    numbered = _numbered(taps, median(b - a for a, b in pairwise(taps)))
    slope_us = median((b - a) / (j - i) for (i, a), (j, b) in combinations(numbered, 2))
    start_us = median(time_us - number * slope_us for number, time_us in numbered)
    near = [
        (number, time_us)
        for number, time_us in numbered
        if abs(time_us - start_us - number * slope_us) <= _ASTRAY * slope_us
    ]
    if 3 * len(near) < 2 * len(taps):
        raise Invalid(
            "uneven_taps",
            "times_ms follows no one tempo; most taps must be on beats of the same length.",
        )
    pulse = _line(near)
    if not MIN_BPM <= pulse.bpm <= MAX_BPM:
        raise Invalid(
            "bad_bpm",
            f"times_ms taps {pulse.bpm:.0f} BPM; the tempo must lie between {MIN_BPM:g} and "
            f"{MAX_BPM:g}.",
        )
    return pulse


def _numbered(taps: Sequence[int], interval_us: float) -> list[tuple[int, int]]:
    """Taps with the number of the beat each was meant for; the second on one beat is left out."""
    numbered = [(0, taps[0])]
    for time_us in taps[1:]:
        place = median(n + (time_us - at_us) / interval_us for n, at_us in numbered[-_MEMORY:])
        if round(place) > numbered[-1][0]:
            numbered.append((round(place), time_us))
    return numbered


def _line(taps: Sequence[tuple[int, int]]) -> Pulse:
    """The least-squares line through taps by number."""
    middle, middle_us = fmean(n for n, _ in taps), fmean(time_us for _, time_us in taps)
    slope_us = sum((n - middle) * (time_us - middle_us) for n, time_us in taps) / sum(
        (n - middle) ** 2 for n, _ in taps
    )
    first = taps[0][0]
    return Pulse(_MINUTE_US / slope_us, round(middle_us + (first - middle) * slope_us))
