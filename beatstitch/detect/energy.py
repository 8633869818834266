"""How strong the song is: over time, in bands, on every beat and in every bar.

numpy alone, for both detectors; memory is a few numbers for each 20 ms. What the bars' numbers mean
for sections is decided elsewhere (`beats.sections`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from beatstitch.beats.energy import SAME_BEAT_US, UNMEASURED, BeatEnergy
from beatstitch.beats.grid import BeatGrid
from beatstitch.beats.sections import BarSound, bar_edges, divide
from beatstitch.detect.pcm import SAMPLE_RATE, Song

HOP = 882
_WINDOW = 2_048
_BLOCK = 512
# Where bands meet. The first two hold kick and bass, the last two cymbals.
_EDGES_HZ = (30, 60, 120, 200, 320, 500, 800, 1_250, 2_000, 3_200, 5_000, 8_000, 12_000, 16_000)
_LOW, _KICK, _SNARE, _HAT = slice(0, 2), slice(0, 2), slice(7, 10), slice(11, 13)
# The shelf of ITU-R BS.1770's K-weighting, in steps: 4 dB more from about 2 kHz on.
_SHELF_HZ, _SHELF = 1_800, 10**0.4
# What is this much below the loudest of a song counts as silence.
_REACH_DB = 30.0
_SILENCE = 1e-7  # of full scale, as power: 70 dB below it
# A stroke at least doubles its band; a pad swells by a few per cent within 40 ms. A band in which
# nothing rises by more than this part of its level isn't struck.
_RISE_FRAMES = 2
_LEAST_STROKE = 0.25
_LOUDEST = 95

Curve = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Levels:
    """Power in each band for frames 20 ms apart, shape (frames, 13), of full scale."""

    bands: Curve

    def loudness(self) -> Curve:
        """The power as it is heard, for each frame."""
        return np.asarray(self.bands @ _WEIGHTS)

    def strokes(self, bands: slice) -> Curve:
        """How hard something is struck in these bands, for each frame, as amplitude."""
        level = np.sqrt(self.bands[:, bands].sum(axis=1))
        before = np.concatenate((np.zeros(_RISE_FRAMES, np.float32), level[:-_RISE_FRAMES]))
        rise = np.maximum(level - before, 0)
        # Twice: a rise from silence counts whole, a swell of a tenth for a hundredth.
        return np.asarray(np.divide(rise * rise, level, out=np.zeros_like(rise), where=level > 0))


def with_energy(grid: BeatGrid, song: Song, on_progress: Callable[[float], None]) -> BeatGrid:
    """The grid with its song's sections and the energy of its beats; `on_progress` gets 0–1."""
    levels = measure(song, on_progress)
    edges = bar_edges(grid)
    return replace(
        grid,
        beat_energy=_of_beats(levels, [beat.time_us for beat in grid.beats], grid.duration_us),
        sections=divide(_of_bars(levels, edges), edges),
    )


def measure(song: Song, on_progress: Callable[[float], None]) -> Levels:
    """The song's levels, a few seconds of samples at a time."""
    frames = -(-song.length // HOP)
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    # So that a full-scale square wave has power 1.
    window /= np.iinfo(np.int16).max * np.sqrt(_WINDOW * np.sum(window**2) / 2)
    bands = np.empty((frames, len(_EDGES_HZ) - 1), np.float32)
    for start in range(0, frames, _BLOCK):
        stop = min(start + _BLOCK, frames)
        first, last = start * HOP - _WINDOW // 2, (stop - 1) * HOP + _WINDOW // 2
        heard = song.samples(max(first, 0), last)
        padded = np.pad(heard, (max(-first, 0), max(last - song.length, 0)))
        cut = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP]
        power = np.abs(np.fft.rfft(cut * window, axis=1)) ** 2
        bands[start:stop] = np.add.reduceat(power, _BINS, axis=1)[:, :-1]
        on_progress(stop / frames)
    return Levels(bands)


def _of_beats(levels: Levels, times_us: Sequence[int], duration_us: int) -> BeatEnergy:
    if not times_us:
        return UNMEASURED
    at = _frames(times_us, len(levels.bands))
    loud = _means(levels.loudness(), [*times_us, duration_us])
    is_silent = _most(loud) <= _SILENCE
    share = 1 + (_db(loud) - _db(_most(loud))) / _REACH_DB
    return BeatEnergy(
        kick=_struck(levels, _KICK, at),
        snare=_struck(levels, _SNARE, at),
        hat=_struck(levels, _HAT, at),
        loudness=_rounded(np.zeros(len(loud)) if is_silent else share),
    )


def _struck(levels: Levels, bands: slice, at: NDArray[np.intp]) -> tuple[float, ...]:
    """The hardest stroke around each beat, against those on the song's other beats."""
    strokes = levels.strokes(bands)
    reach = round(SAME_BEAT_US * SAMPLE_RATE / HOP / 1e6)
    around = np.clip(at[:, None] + np.arange(-reach, reach + 1), 0, len(strokes) - 1)
    hardest = strokes[around].max(axis=1)
    level = np.sqrt(levels.bands[:, bands].sum(axis=1))
    scale = max(_most(hardest), _LEAST_STROKE * _most(level))
    return _rounded(hardest / scale if scale > _SILENCE else np.zeros(len(at)))


def _of_bars(levels: Levels, edges_us: Sequence[int]) -> BarSound:
    bands = np.stack([_means(band, edges_us) for band in levels.bands.T], axis=1)
    struck = (_means(levels.strokes(part), edges_us) for part in (_KICK, _SNARE, _HAT))
    return BarSound(
        bands_db=_above_floor(bands),
        strokes_db=_above_floor(np.stack(list(struck), axis=1) ** 2),
        loudness_db=_db(_means(levels.loudness(), edges_us)),
        low_db=_above_floor(bands[:, _LOW].sum(axis=1, keepdims=True))[:, 0],
    )


def _above_floor(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """In dB, where what is 30 dB below a column's loudest hardly counts any more: a band in which
    next to nothing sounds would say a lot about it."""
    return _db(power + 10 ** (-_REACH_DB / 10) * np.percentile(power, _LOUDEST, axis=0))


def _means(curve: Curve, edges_us: Sequence[int]) -> NDArray[np.float64]:
    """The mean of a curve of frames from each edge to the next; never of less than a frame."""
    sums = np.concatenate(([0.0], np.cumsum(curve, dtype=np.float64)))
    at = _frames(edges_us, len(curve))
    stops = np.maximum(at[1:], at[:-1] + 1)
    return np.asarray((sums[stops] - sums[at[:-1]]) / (stops - at[:-1]))


def _frames(times_us: Sequence[int], frames: int) -> NDArray[np.intp]:
    at = np.round(np.asarray(times_us) * SAMPLE_RATE / HOP / 1e6).astype(np.intp)
    return np.clip(at, 0, frames - 1)


def _most(values: NDArray[np.floating]) -> float:
    return float(np.percentile(values, _LOUDEST))


def _db(power: NDArray[np.floating] | float) -> NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.maximum(power, _SILENCE)))


def _rounded(values: NDArray[np.floating]) -> tuple[float, ...]:
    return tuple(np.round(np.clip(values, 0, 1).astype(np.float64), 3).tolist())


_BINS = np.asarray([round(edge * _WINDOW / SAMPLE_RATE) for edge in _EDGES_HZ])
_WEIGHTS = np.where(np.asarray(_EDGES_HZ[:-1]) >= _SHELF_HZ, _SHELF, 1.0).astype(np.float32)
