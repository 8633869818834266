"""Which bars of a song belong together, and what to call such a part: by its energy, for verse and
chorus are a matter of words and form that nobody hears in the sound alone.

Bars are told apart by how they sound; how that is measured isn't known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from beatstitch.beats.energy import Label, Section
from beatstitch.beats.grid import BeatGrid

# What one more section has to explain, per feature, in squares of how much a bar differs from the
# next. Between 2 and 4, with 1 to 2 dB below, borders of the bench's songs come out nearly the same
# (F 0.94 to 0.98).
_PRICE = 4.0
_PRICE_ODD, _PRICE_SHORT = 0.5, 2.0
_LONGEST_BARS = 1_024
# Bars that differ by less than this sound alike, whatever the song.
_LEAST_DB = 2.0
_FEWEST_BARS = 8
# Where a song's energies span less than these, there is little to tell its parts apart by.
_SPANS_DB = ((3.0, 10.0), (4.0, 12.0), (4.0, 15.0), (2.0, 9.0))  # loudness, bass, strokes, bands
_WEIGHTS = (0.3, 0.2, 0.3, 0.2)
_QUIETEST, _LOUDEST = 10, 90
# Where mid and high begin: at the widest gap between energies in these ranges, or else here.
_MID, _MID_RANGE = 0.4, (0.15, 0.5)
_HIGH, _HIGH_RANGE = 0.75, (0.55, 0.92)
_GAP = 0.06
# With so much between its parts, a song's loudest part is high whatever its range.
_CONTRAST = 0.3
_SILENT_DB = -65.0

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BarSound:
    """What is heard of each bar, in dB: shapes (bars, bands), (bars, 3), (bars,) and (bars,)."""

    bands_db: Numbers
    strokes_db: Numbers
    loudness_db: Numbers
    low_db: Numbers


def bar_edges(grid: BeatGrid) -> tuple[int, ...]:
    """Where bars begin, in µs, and where the last one ends: 0 and the song's end among them.

    Before the first bar and after the last one bars of the usual length are counted on, so that
    what lies there can be a section. A rest shorter than one belongs to its neighbour.
    """
    starts = [grid.beats[index].time_us for index in grid.downbeats()]
    if len(starts) < 2:
        return (0, grid.duration_us)
    bar_us = round(median(later - earlier for earlier, later in pairwise(starts)))
    before = range(starts[0] - bar_us, 0, -bar_us) if starts[0] > bar_us else ()
    after = range(starts[-1] + bar_us, grid.duration_us, bar_us)
    edges = [*reversed(before), *starts, *after]
    inside = [at for at in edges if bar_us <= at <= grid.duration_us - bar_us]
    return (0, *inside, grid.duration_us)


def divide(sound: BarSound, edges_us: Sequence[int]) -> tuple[Section, ...]:
    """The sections of a song, from 0 to its end without a gap, each of whole bars.

    A song of fewer than eight bars is one section, and so is a silent one.
    """
    bars = len(edges_us) - 1
    starts = [0] if bars < _FEWEST_BARS else _starts(_features(sound))
    spans = list(pairwise([*starts, bars]))
    energies = _energies(sound, spans)
    return tuple(
        Section(label, edges_us[start], edges_us[stop], energy)
        for label, (start, stop), energy in zip(_labels(energies), spans, energies, strict=True)
    )


def _features(sound: BarSound) -> Numbers:
    """What tells bars apart, in units of how much one bar differs from the next, (bars, n)."""
    heard = np.hstack((sound.bands_db, sound.strokes_db))
    change = np.median(np.abs(np.diff(heard, axis=0)), axis=0)
    return np.asarray(heard / np.maximum(change, _LEAST_DB))


def _starts(features: Numbers) -> list[int]:
    """The first bars of the sections: the division whose bars are most alike within them.

    Squared distances from each section's mean and a price for each section are the least possible
    together (dynamic programming over ends; Bellman 1961, for curves by segmented lines).
    """
    bars, dimensions = features.shape
    sums = np.zeros((bars + 1, dimensions))
    np.cumsum(features, axis=0, out=sums[1:])
    squares = np.concatenate(([0.0], np.cumsum((features**2).sum(axis=1))))
    least, begun = np.zeros(bars + 1), np.zeros(bars + 1, np.intp)
    for stop in range(1, bars + 1):
        starts = np.arange(max(0, stop - _LONGEST_BARS), stop)
        lengths = stop - starts
        apart = squares[stop] - squares[starts]
        apart -= ((sums[stop] - sums[starts]) ** 2).sum(axis=1) / lengths
        is_edge = (starts == 0) | (stop == bars)
        cost = least[starts] + apart + dimensions * _prices(lengths, is_edge)
        best = int(np.argmin(cost))
        least[stop], begun[stop] = cost[best], starts[best]
    found = [int(begun[bars])]
    while found[-1]:
        found.append(int(begun[found[-1]]))
    return found[::-1]


def _prices(lengths: NDArray[np.intp], is_edge: NDArray[np.bool_]) -> Numbers:
    """Music is made in fours: other lengths cost more, unless a pick-up or an end is among them."""
    odd = np.where((lengths % 4 != 0) & ~is_edge, _PRICE_ODD, 0.0)
    short = np.where(lengths < 4, _PRICE_SHORT * (4 - lengths), 0.0)
    return np.asarray(_PRICE * (1 + odd + short))


def _energies(sound: BarSound, spans: Sequence[tuple[int, int]]) -> list[float]:
    """How much of the song's energy each span of bars has, 0–1."""
    measures = (
        sound.loudness_db,
        sound.low_db,
        sound.strokes_db.mean(axis=1),
        sound.bands_db.mean(axis=1),
    )
    total = np.zeros(len(sound.loudness_db))
    sounding = sound.loudness_db > _SILENT_DB
    if not sounding.any():
        return [0.0] * len(spans)
    for measure, (least_db, most_db), weight in zip(measures, _SPANS_DB, _WEIGHTS, strict=True):
        low, high = np.percentile(measure[sounding], (_QUIETEST, _LOUDEST))
        spread = float(high - low)
        bottom = high - min(spread, most_db) - max(least_db - spread, 0) / 2
        total += weight * np.clip((measure - bottom) / np.clip(spread, least_db, most_db), 0, 1)
    return [round(float(total[start:stop].mean()), 3) for start, stop in spans]


def _labels(energies: Sequence[float]) -> list[Label]:
    """Names by energy. The first high section after a low one is the drop; a low one at either end
    of a song with others is its intro or outro. One alone is neither high nor low, unless nothing
    sounds."""
    if len(energies) == 1:
        return ["mid" if energies[0] else "low"]
    if max(energies) < _HIGH and max(energies) - min(energies) >= _CONTRAST:
        energies = [energy / max(energies) for energy in energies]
    labels: list[Label] = []
    mid, high = _border(energies, _MID, _MID_RANGE), _border(energies, _HIGH, _HIGH_RANGE)
    has_been_low = False
    for energy in energies:
        if energy < mid:
            labels.append("low")
            has_been_low = True
        elif energy < high:
            labels.append("mid")
        else:
            labels.append("drop" if has_been_low else "high")
            has_been_low = False
    if labels[0] == "low":
        labels[0] = "intro"
    if labels[-1] == "low":
        labels[-1] = "outro"
    return labels


def _border(energies: Sequence[float], usual: float, within: tuple[float, float]) -> float:
    gaps = [
        (above - below, (above + below) / 2)
        for below, above in pairwise(sorted(energies))
        if within[0] <= (above + below) / 2 <= within[1] and above - below >= _GAP
    ]
    return max(gaps)[1] if gaps else usual
