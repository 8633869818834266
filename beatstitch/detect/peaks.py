"""The activations around a beat: how strong it was heard, and when exactly."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from beatstitch.detect.decode import FPS, Activations

_NEAR_FRAMES = 3
_LEAST = 1e-10
# Peaks lie 5 ms before a drum is struck and 1 ms after other notes begin (medians over songs).
_EARLY_US = 2_000


def strengths(curve: NDArray[np.float32], frames: NDArray[np.intp]) -> NDArray[np.float32]:
    """The most that a curve of probabilities reaches within 30 ms of each frame."""
    around = frames[:, None] + np.arange(-_NEAR_FRAMES, _NEAR_FRAMES + 1)
    return np.asarray(curve[np.clip(around, 0, len(curve) - 1)].max(axis=1))


def recurrence(curve: NDArray[np.float32], frames: Sequence[int]) -> float:
    """How much a curve is like itself one beat later: its autocorrelation there, up to 1.

    At least two beats are needed. A tempo that changes lowers it.
    """
    beat = int(np.median(np.diff(frames)))
    swing = curve - curve.mean()
    power = float(swing @ swing)
    lags = range(max(beat - _NEAR_FRAMES, 1), beat + _NEAR_FRAMES + 1)
    return max(float(swing[lag:] @ swing[:-lag]) for lag in lags) / power if power else 0.0


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
