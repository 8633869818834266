"""Telling 6/8 from 3/4: both have six eighths, in 6/8 they are two groups and not three.

The decoder takes two eighths for a beat where it may, and then counts bars of three. What gives it
away is that the middle of such a bar, half-way between two of its beats, is itself a beat. Slow 6/8
and 12/8 it hears in eighths, and takes every beat for a bar of a fast waltz. Of a fast jig it takes
two bars for one of four; what gives that away is that its beats are divided in thirds.
"""

import numpy as np
from numpy.typing import NDArray

from beatstitch.detect.decode import Activations, Path
from beatstitch.detect.networks import Impression
from beatstitch.detect.peaks import strengths

# Shares of what is heard on beats 2 and 3, and of what is heard half-way on from beats 1 and 3. On
# 208 songs made by code, waltzes lie below 0.1 and misheard jigs above 0.7; 1.1 and 1.6.
_LIKE_A_BEAT = 0.4
_UNLIKE_AN_EIGHTH = 1.3
_ENOUGH_BARS = 4
# Of 435 songs in four 2 have that much more on thirds than on halves, of the 6/8 counted in four 18
# have: every one of them came out right. Slower beats of three are often those of 12/8.
_LEAST_JIG_BPM = 84.0
_MORE_THIRDS = 2.5
_FAINT = 0.05
_ENOUGH_SLOW_BARS = 6
# The fastest waltzes are as fast as the eighths of ballads in 6/8.
_LEAST_EIGHTHS_BPM, _USUAL_EIGHTHS_BPM = 115.0, 180.0
_FLOOR = 0.02
_SLOW_WEIGHTS = np.array((3.0, 1.4, 2.3, 2.8, -7.6))
_SLOW_ODDS = 2.45


def is_compound(activations: Activations, path: Path) -> bool:
    """Whether bars of three, as the path counts them, are bars of two beats of three eighths."""
    if path.beats_per_bar != 3:
        return False
    frames, numbers = np.asarray(path.frames), np.asarray(path.numbers)
    starts = np.nonzero(numbers == 1)[0]
    starts = starts[starts + 3 < len(frames)]
    if len(starts) < _ENOUGH_BARS:
        return False
    either = activations.sum(axis=1)
    one, two, three, end = (frames[starts + place] for place in range(4))
    beats, eighths, middle = (
        float(np.mean([strengths(either, at) for at in places]))
        for places in ((two, three), ((one + two) // 2, (three + end) // 2), ((one + end) // 2,))
    )
    return middle > _LIKE_A_BEAT * beats and middle > _UNLIKE_AN_EIGHTH * eighths


def has_thirds(activations: Activations, path: Path) -> bool:
    """Whether bars of four are two bars of 6/8, for their beats are divided in three, and evenly.

    A swung beat has its second third alone; the slow beats of 12/8 are left as they are counted.
    """
    if path.beats_per_bar != 4 or len(path.frames) < 4 * _ENOUGH_BARS:
        return False
    if path.bpm() < _LEAST_JIG_BPM:
        return False
    frames = np.asarray(path.frames)
    lengths = np.diff(frames)
    either = activations.sum(axis=1)
    beat, third, two_thirds, half = (
        float(strengths(either, np.round(frames[:-1] + part * lengths).astype(np.intp)).mean())
        for part in (0, 1 / 3, 2 / 3, 1 / 2)
    )
    least = _FAINT * beat
    return min(third, two_thirds) + least > _MORE_THIRDS * (half + least)


def is_slow(impression: Impression, path: Path) -> bool:
    """Whether bars of three, as the path counts them, are beats of three eighths."""
    if path.beats_per_bar != 3 or len(path.frames) < 3 * _ENOUGH_SLOW_BARS:
        return False
    if path.bpm() < _LEAST_EIGHTHS_BPM:
        return False
    signs = slow_signs(impression, path)
    return signs is not None and float(signs @ _SLOW_WEIGHTS) > _SLOW_ODDS


def slow_signs(impression: Impression, path: Path) -> NDArray[np.float64] | None:
    """What tells the beats of slow 6/8 from the bars of a fast waltz, or None of a short path.

    How fast it is, in octaves; how much bars take turns as downbeats; how unlike are beats two and
    three as downbeats; how much more is heard on beat one than on the others; and how much more
    chords are like those four bars before than like those three bars before.
    """
    frames, numbers = np.asarray(path.frames), np.asarray(path.numbers)
    starts = np.nonzero(numbers == 1)[0]
    starts = starts[starts + 3 < len(frames)]
    if len(starts) < _ENOUGH_SLOW_BARS:
        return None
    one, two, three = (frames[starts + place] for place in range(3))
    down = impression.activations[:, 1]
    either = np.minimum(impression.activations.sum(axis=1), 1.0)
    ones = strengths(down, one)
    on_one = float(strengths(either, one).mean())
    on_others = float(strengths(either, np.concatenate((two, three))).mean())
    return np.array(
        (
            np.log2(path.bpm() / _USUAL_EIGHTHS_BPM),
            _difference(float(ones[::2].mean()), float(ones[1::2].mean())),
            _difference(float(strengths(down, two).mean()), float(strengths(down, three).mean())),
            np.log((on_one + _FLOOR) / (on_others + _FLOOR)),
            _likeness(impression.pitches, frames, 12) - _likeness(impression.pitches, frames, 9),
        )
    )


def _difference(one: float, other: float) -> float:
    return abs(float(np.log((one + _FLOOR) / (other + _FLOOR))))


def _likeness(pitches: NDArray[np.float32], frames: NDArray[np.intp], lag: int) -> float:
    """How like the pitches of a beat are to those so many beats before: up to 1, on average."""
    sums = np.add.reduceat(pitches, frames[:-1], axis=0)[:-1].astype(np.float64)
    sums /= np.diff(frames)[: len(sums), None]
    sums -= sums.mean(axis=1, keepdims=True)
    if len(sums) <= lag:
        return 0.0
    sizes = np.linalg.norm(sums, axis=1)
    products = sizes[lag:] * sizes[:-lag]
    alike = (sums[lag:] * sums[:-lag]).sum(axis=1)
    return float(np.divide(alike, products, out=np.zeros(len(alike)), where=products > 0).mean())
