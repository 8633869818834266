"""How pictures look, told from small grey copies of them. Arithmetic alone; opens no media.

The scene rule is that of adaptive content detection (Castellano, PySceneDetect): a frame differs
far more from the one before than its neighbours do from theirs. The sharpness is the variance of
the Laplacian (Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000).
"""

from collections.abc import Iterator

import numpy as np

from beatstitch.jobs.proxy.args import Looks

# Means of absolute differences of 8-bit greys. A cut between unlike scenes is above 20; a hand-held
# pan below 10.
LEAST_CUT = 12.0
CUT_OVER_NEIGHBOURS = 3.0
NEIGHBOURS = 5
# A step of this size each tenth of a second is a wild ride.
WILD = 25.0
# The variance of the Laplacian at 320 pixels: about 300 for a photo in focus.
SHARP = 300.0
Greys = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
# An hour of pictures is looked at in pieces.
AT_ONCE = 256


def of_clip(glances: Greys, glances_a_second: int, stills: Greys) -> Looks:
    """The looks of a clip: `glances` at a steady rate, `stills` now and then."""
    steps = np.concatenate(list(_steps(glances))) if len(glances) > 1 else np.zeros(0, np.float32)
    scenes = [1000 * (place + 1) // glances_a_second for place in _cuts(steps)]
    calm = np.median(steps) if len(steps) else 0.0
    photo = of_stills(stills)
    return Looks(
        brightness=photo.brightness,
        sharpness=photo.sharpness,
        motion=round(float(min(1.0, calm / WILD)), 3),
        scenes_ms=tuple(scenes),
    )


def of_stills(stills: Greys) -> Looks:
    """The looks of single pictures, the middle one of them."""
    if not len(stills):
        return Looks(0.0, 0.0)
    brightness = [float(still.mean()) / 255 for still in stills]
    sharpness = [_sharpness(still.astype(np.float32)) for still in stills]
    return Looks(
        brightness=round(float(np.median(brightness)), 3),
        sharpness=round(float(np.median(sharpness)), 3),
    )


def _sharpness(still: Floats) -> float:
    inner = still[1:-1, 1:-1]
    laplacian = still[:-2, 1:-1] + still[2:, 1:-1] + still[1:-1, :-2] + still[1:-1, 2:] - 4 * inner
    variance = float(laplacian.var())
    return variance / (variance + SHARP)


def _steps(glances: Greys) -> Iterator[Floats]:
    """How much each picture differs from the one before."""
    for first in range(0, len(glances) - 1, AT_ONCE):
        part = glances[first : first + AT_ONCE + 1].astype(np.float32)
        yield np.abs(np.diff(part, axis=0)).mean(axis=(1, 2))


def _cuts(steps: Floats) -> Iterator[int]:
    for place in np.flatnonzero(steps >= LEAST_CUT):
        around = np.concatenate(
            (steps[max(0, place - NEIGHBOURS) : place], steps[place + 1 : place + 1 + NEIGHBOURS])
        )
        if len(around) and steps[place] >= CUT_OVER_NEIGHBOURS * max(1.0, float(around.mean())):
            yield int(place)
