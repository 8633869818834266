"""From activations to beats: the most probable path of a bar pointer through the song.

The model is madmom's (Krebs, Böck, Widmer, "An Efficient State Space Model for Joint Tempo and
Meter Tracking", ISMIR 2015; Böck, Krebs, Widmer, "Joint Beat and Downbeat Tracking with Recurrent
Neural Networks", ISMIR 2016). Within a beat the pointer can only move on, so a whole beat is one
step here and back-pointers are kept where beats begin: some 240 bytes a frame instead of the 60 kB
of one per state. As no beat ends within the frames of the shortest one, so many are taken at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FPS = 100
_TEMPI = 60
_TEMPO_CHANGE_LAMBDA = 100.0
_BEAT_PART = 16  # the first 1/16 of a beat is the beat itself, the rest is between beats
_THRESHOLD = 0.05  # before the first and after the last activation above it no beat is looked for
_LEAST_DENSITY = 1e-10

Activations = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Path:
    """The best path for one metre: at which frames beats lie and which place in the bar each has.

    `log_probability` is per frame of the part that was decoded, so that paths of one song compare.
    """

    beats_per_bar: int
    frames: tuple[int, ...]
    numbers: tuple[int, ...]
    log_probability: float

    def bpm(self) -> float:
        """Its middle tempo; at least two beats are needed."""
        return 60 * FPS / float(np.median(np.diff(self.frames)))


def best_path(
    activations: Activations, beats_per_bar: int, min_bpm: float = 55.0, max_bpm: float = 215.0
) -> Path:
    """Follow bars of `beats_per_bar` beats through activations, shape (frames, 2), 100 a second.

    The columns are the probabilities of a beat that is not a downbeat, and of a downbeat.
    Activations that nowhere pass the threshold give a path without beats.
    """
    first, last = _main_part(activations)
    heard = activations[first:last]
    if not heard.any():
        return Path(beats_per_bar, (), (), float("-inf"))
    search = _Search(heard, beats_per_bar, _intervals(60 * FPS / max_bpm, 60 * FPS / min_bpm))
    log_probability, beats = search.run()
    frames, numbers = [], []
    for start, stop, number in beats:
        frames.append(first + start + int(np.argmax(heard[start:stop])) // 2)
        numbers.append(number)
    return Path(beats_per_bar, tuple(frames), tuple(numbers), log_probability / len(heard))


def _main_part(activations: Activations) -> tuple[int, int]:
    loud = np.nonzero((activations >= _THRESHOLD).any(axis=1))[0]
    return (int(loud[0]), int(loud[-1]) + 1) if loud.size else (0, 0)


def _intervals(shortest: float, longest: float) -> NDArray[np.intp]:
    """Lengths of a beat in frames: 60 of them, evenly spaced in the logarithm and then rounded."""
    every = np.arange(round(shortest), round(longest) + 1)
    steps = _TEMPI
    while len(every) > _TEMPI:
        spaced = np.unique(np.round(np.geomspace(shortest, longest, steps)))
        if len(spaced) >= _TEMPI:
            return spaced.astype(np.intp)
        steps += 1
    return every.astype(np.intp)


def _tempo_changes(intervals: NDArray[np.intp]) -> NDArray[np.float64]:
    """Log-probabilities of a beat of the row's length being followed by one of the column's."""
    ratio = intervals[None, :] / intervals[:, None]
    chance = np.exp(-_TEMPO_CHANGE_LAMBDA * np.abs(ratio - 1.0))
    chance[chance <= np.spacing(1)] = 0.0
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(chance / chance.sum(axis=1, keepdims=True)))


class _Search:
    """Viterbi over whole beats. `entries[t, b, k]`: a beat `b` of length `k` begins at frame `t`.

    Each value is the log-probability of the best way there, without the densities from `t` on.
    """

    def __init__(self, heard: Activations, beats_per_bar: int, intervals: NDArray[np.intp]):
        self.length = len(heard)
        self.metre = beats_per_bar
        self.intervals = intervals
        self.beat_parts = -(-intervals // _BEAT_PART)
        self.longest = int(intervals[-1])
        self.changes = _tempo_changes(intervals).T.copy()
        # Sums up to each frame of what a frame says for between (0), beat (1) and downbeat (2),
        # followed by frames that say nothing, into which a last beat may reach.
        self.sums = np.zeros((3, self.length + 2 * self.longest + 1))
        density = np.empty((3, self.length))
        between = (1.0 - heard.sum(axis=1, dtype=np.float64)) / (_BEAT_PART - 1)
        density[0] = np.log(np.maximum(between, _LEAST_DENSITY))
        density[1:] = np.log(np.maximum(heard.T.astype(np.float64), _LEAST_DENSITY))
        np.cumsum(density, axis=1, out=self.sums[:, 1 : self.length + 1])
        self.sums[:, self.length + 1 :] = self.sums[:, self.length, None]
        self.kinds = np.array([2] + [1] * (beats_per_bar - 1))
        self.before = np.zeros((self.length, beats_per_bar, len(intervals)), dtype=np.uint8)

    def run(self) -> tuple[float, list[tuple[int, int, int]]]:
        """The best path's log-probability and its beats: (first frame, end, number in the bar)."""
        # Entries of the last `longest` frames, newest at the end.
        recent = np.full((self.longest, self.metre, len(self.intervals)), -np.inf)
        step = int(self.intervals[0])
        for start in range(0, self.length, step):
            times = np.arange(start, min(start + step, self.length))
            ends = self._ends(times, recent, start)
            arriving = np.roll(ends, 1, axis=1)[:, :, None, :] + self.changes
            before = arriving.argmax(axis=3)
            self.before[times] = before
            entries = np.take_along_axis(arriving, before[..., None], axis=3)[..., 0]
            recent = np.concatenate((recent[len(times) :], entries))
        return self._traced(*self._last_beat(recent))

    def _ends(
        self, times: NDArray[np.intp], recent: NDArray[np.float64], start: int
    ) -> NDArray[np.float64]:
        """Log-probabilities of a beat ending just before each of `times`, by place and length."""
        begins = times[:, None] - self.intervals
        ends = self._since_the_start(times)
        ago = np.minimum(begins - start, -1)
        k = np.arange(len(self.intervals))
        inside = begins >= 0
        entered = recent[np.where(inside, ago, -1), :, k].swapaxes(1, 2)
        through = entered + self._beat_scores(np.maximum(begins, 0))
        return np.where(inside[:, None, :], through, ends)

    def _beat_scores(self, begins: NDArray[np.intp]) -> NDArray[np.float64]:
        """What the frames of a beat say for it: shape (len(begins), metre, lengths)."""
        turn = begins + self.beat_parts
        between = self.sums[0, begins + self.intervals] - self.sums[0, turn]
        beat = self.sums[1:, turn] - self.sums[1:, begins]
        return np.asarray((beat + between)[self.kinds - 1].swapaxes(0, 1))

    def _since_the_start(self, times: NDArray[np.intp]) -> NDArray[np.float64]:
        """The same for a beat that had begun before the first frame; all states are as likely."""
        states = self.metre * int(self.intervals.sum())
        left = np.clip(self.beat_parts - self.intervals + times[:, None], 0, None)
        between = self.sums[0, times][:, None] - self.sums[0, left]
        scores = (self.sums[1:, left] + between)[self.kinds - 1].swapaxes(0, 1)
        fits = times[:, None] < self.intervals
        return np.asarray(np.where(fits[:, None, :], scores - np.log(states), -np.inf))

    def _last_beat(self, recent: NDArray[np.float64]) -> tuple[float, int, int, int]:
        """Score, end frame (maybe past the song), place and length of the best last beat."""
        best = (-np.inf, 0, 0, 0)
        # `recent` ends with the last frame, so a beat that ends at `end` began in it or before.
        for first in range(self.length, self.length + self.longest, int(self.intervals[0])):
            times = np.arange(
                first, min(first + int(self.intervals[0]), self.length + self.longest)
            )
            ends = self._ends(times, recent, self.length)
            still_open = (times[:, None] - self.intervals) < self.length
            ends = np.where(still_open[:, None, :], ends, -np.inf)
            at = np.unravel_index(int(ends.argmax()), ends.shape)
            best = max(best, (float(ends[at]), int(times[at[0]]), int(at[1]), int(at[2])))
        return best

    def _traced(
        self, score: float, end: int, place: int, k: int
    ) -> tuple[float, list[tuple[int, int, int]]]:
        beats = []
        while True:
            begin = end - int(self.intervals[k])
            stop = begin + int(self.beat_parts[k])
            if stop > 0:
                beats.append((max(begin, 0), min(stop, self.length), place + 1))
            if begin < 0:
                break
            k = int(self.before[begin, place, k])
            place = (place - 1) % self.metre
            end = begin
        return score, beats[::-1]
