"""The activations around beats: how strong they were heard, when exactly, and as which of a bar."""

import numpy as np
from numpy.typing import NDArray

from beatstitch.detect.decode import FPS, Activations, Path

_NEAR_FRAMES = 3
_LEAST = 1e-10
_FLOOR = 1e-3
# Peaks lie 5 ms before a drum is struck and 1 ms after other notes begin (medians over songs).
_EARLY_US = 2_000


def strengths(curve: NDArray[np.float32], frames: NDArray[np.intp]) -> NDArray[np.float32]:
    """The most that a curve of probabilities reaches within 30 ms of each frame."""
    around = frames[:, None] + np.arange(-_NEAR_FRAMES, _NEAR_FRAMES + 1)
    return np.asarray(curve[np.clip(around, 0, len(curve) - 1)].max(axis=1))


def peak_us(activations: Activations, frame: int) -> int:
    """When the peak at a frame is highest: the top of a parabola through three log-activations.

    Frames lie 10 ms apart; the parabola takes a third off the scatter of beat times.
    """
    shift = 0.0
    if 0 < frame < len(activations) - 1:
        either = activations[frame - 1 : frame + 2].sum(axis=1, dtype=np.float64)
        before, here, after = np.log(np.maximum(either, _LEAST))
        if here >= max(before, after) and here > min(before, after):
            shift = 0.5 * (before - after) / (before - 2 * here + after)
    return round((frame + shift) * 1_000_000 / FPS) + _EARLY_US


def start_lead(activations: Activations, path: Path) -> float:
    """How much better bars begin where the path says than at the next best of its beats.

    In log-probability a frame, of what the activations say at the beats; 0 where another is better.
    """
    frames, numbers = np.asarray(path.frames), np.asarray(path.numbers)
    said = strengths(activations[:, 1], frames), strengths(activations[:, 0], frames)
    for_start = np.log(said[0] + _FLOOR) - np.log(said[1] + _FLOOR)
    sums = [float(for_start[numbers == n].sum()) for n in range(1, path.beats_per_bar + 1)]
    return max(sums[0] - max(sums[1:]), 0.0) / len(activations)
