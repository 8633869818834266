"""Our decoder against madmom's own, and what it does where there is little to go by."""

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from beatstitch.detect import reference
from beatstitch.detect.decode import best_path


def made_up(frames: int, bpm: float, metre: int, seed: int) -> NDArray[np.float32]:
    """Activations as networks give them: clutter, and peaks that are neither equal nor regular."""
    chance = np.random.default_rng(seed)
    activations = chance.random((frames, 2)) ** 6 * 0.3 + 1e-4
    time, beat = 40 * chance.random(), 0
    while time < frames - 1:
        frame = int(time)
        column = 1 if beat % metre == 0 else 0
        activations[max(frame - 1, 0) : frame + 2, column] = 0.3 + 0.15 * chance.random()
        time += 6_000 / bpm * (1 + 0.02 * chance.standard_normal())
        beat += 1
    return activations.astype(np.float32)


@pytest.mark.parametrize("decoded", [2, 3, 4])
@pytest.mark.parametrize(
    ("frames", "bpm", "metre"), [(150, 120, 4), (700, 90, 3), (1500, 200, 4), (1500, 61, 2)]
)
def test_the_best_path_is_madmoms(frames, bpm, metre, decoded):
    activations = made_up(frames, bpm, metre, seed=frames + decoded)

    path = best_path(activations, decoded)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with reference.importable_madmom():
            from madmom.features.downbeats import DBNDownBeatTrackingProcessor
        theirs = DBNDownBeatTrackingProcessor([decoded], fps=100)(activations)
    assert path.frames == tuple(round(100 * time) for time in theirs[:, 0])
    assert path.numbers == tuple(theirs[:, 1])


def test_the_metre_of_the_music_is_the_most_probable():
    activations = made_up(2_000, 110, 3, seed=1)

    best = max(
        (best_path(activations, metre) for metre in (2, 3, 4)), key=lambda p: p.log_probability
    )

    assert best.beats_per_bar == 3


def test_a_tempo_range_is_kept_to():
    activations = made_up(2_000, 120, 4, seed=2)

    path = best_path(activations, 4, min_bpm=50, max_bpm=70)

    assert np.median(np.diff(path.frames)) == pytest.approx(100, abs=2)


def test_activations_without_a_peak_have_no_beats():
    assert best_path(np.full((500, 2), 0.01, np.float32), 4).frames == ()


def test_activations_shorter_than_a_beat_have_a_path():
    path = best_path(made_up(20, 120, 4, seed=3), 4)

    assert all(0 <= frame < 20 for frame in path.frames)
