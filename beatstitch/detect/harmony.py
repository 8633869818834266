"""Where chords change, and what that says about the start of the bar.

Chords change on the first beat of a bar far more often than in its middle (Goto, "An Audio-based
Real-time Beat Tracking System for Music With or Without Drum-sounds", 2001). The networks listen
to drums more, and where a song's bars look alike in both halves they often begin it in the middle.
"""

import numpy as np
from numpy.typing import NDArray

from beatstitch.detect.decode import Path
from beatstitch.detect.networks import Impression
from beatstitch.detect.peaks import strengths

# A song whose chords change no more on the third beat than this above the first has no say. Both
# numbers from 157 songs made by code, where bar starts went from right in 89 % to 95 %; between
# weights of 0.5 and 2 the outcome is the same.
_CLEARLY = 0.5
_WEIGHT = 0.5
_FLOOR = 0.05


def starts_mid_bar(impression: Impression, path: Path) -> bool:
    """Whether bars of four, as the path counts them, begin where the chords say beat three is."""
    frames, numbers = np.asarray(path.frames), np.asarray(path.numbers)
    if path.beats_per_bar != 4 or not {1, 2, 3, 4} <= set(path.numbers):
        return False
    span = 2 * int(np.median(np.diff(frames)))
    change = _by_place(chord_changes(impression.pitches, frames, span), numbers)
    down = _by_place(strengths(impression.activations[:, 1], frames), numbers)
    said = float(np.log((down[0] + _FLOOR) / (down[2] + _FLOOR)))
    heard = change[2] - change[0]
    return bool(heard > _CLEARLY and _WEIGHT * heard > said)


def chord_changes(
    pitches: NDArray[np.float32], frames: NDArray[np.intp], span: int
) -> NDArray[np.float64]:
    """How unlike the pitches are `span` frames before and after each frame: 0 (alike) to 2."""
    sums = np.zeros((len(pitches) + 1, 12))
    np.cumsum(pitches, axis=0, out=sums[1:])
    before = sums[frames] - sums[np.maximum(frames - span, 0)]
    after = sums[np.minimum(frames + span, len(pitches))] - sums[frames]
    before -= before.mean(axis=1, keepdims=True)
    after -= after.mean(axis=1, keepdims=True)
    sizes = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    alike = np.divide(
        (before * after).sum(axis=1), sizes, out=np.ones(len(frames)), where=sizes > 0
    )
    return np.asarray(1.0 - alike)


def _by_place(values: NDArray[np.floating], numbers: NDArray[np.intp]) -> NDArray[np.float64]:
    """The mean of values on beats 1, 2, 3 and 4, against the mean of all four."""
    means = np.array([values[numbers == place].mean() for place in (1, 2, 3, 4)], np.float64)
    average = float(means.mean())
    return means / average if average else np.ones(4)
