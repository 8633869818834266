"""Beats, and not their halves or doubles: songs whose clearest pulse isn't what people tap."""

import numpy as np
import pytest
from numpy.typing import NDArray

from beatstitch.detect.decode import Path
from beatstitch.detect.level import MOVES, judged, likelihoods
from beatstitch.detect.level_table import TABLE
from beatstitch.detect.networks import Impression
from beatstitch.detect.signs import signs

RATE = 44_100


def harp(bpm: float, length_s: float, notes_a_beat: int = 2) -> NDArray[np.float64]:
    """A ballad without drums: broken chords over a low note on beats one and three."""
    song = np.zeros(int(length_s * RATE))
    broken = (1, 1.5, 2, 1.5, 2.52, 2, 1.5, 1.25)
    for i in range(int((length_s - 1) * bpm / 60 * notes_a_beat)):
        start = round((0.3 + i * 60 / bpm / notes_a_beat) * RATE)
        root_hz = (220.0, 174.6, 261.6, 196.0)[i // (4 * notes_a_beat) % 4]
        notes = [(root_hz * broken[i % 8], 0.2)]
        if i % (2 * notes_a_beat) == 0:
            notes.append((root_hz / 2, 0.4))
        for hz, level in notes:
            t = np.arange(min(RATE, song.size - start)) / RATE
            tone = sum(np.sin(2 * np.pi * hz * k * t) / k for k in (1, 2, 3, 4))
            song[start : start + t.size] += level * tone * np.exp(-3 * t) * np.minimum(1, t / 0.004)
    return song


def a_path(bpm: float, beats: int) -> Path:
    frames = np.round(np.arange(beats) * 6_000 / bpm).astype(int)
    numbers = tuple(i % 4 + 1 for i in range(beats))
    return Path(4, tuple(frames.tolist()), numbers, 0.0)


def an_impression(path: Path) -> Impression:
    activations = np.full((path.frames[-1] + 100, 2), 0.01, np.float32)
    activations[list(path.frames), 0] = 0.8
    return Impression(
        activations,
        np.zeros((len(activations), 12), np.float32),
        activations[:, 0],
        np.repeat(activations[:, :1], 5, axis=1),
    )


@pytest.mark.parametrize("bpm", [62, 180])
def test_drums_are_neither_doubled_when_slow_nor_halved_when_fast(hear, drums, bpm):
    assert hear(drums(bpm, 20)).bpm == pytest.approx(bpm, rel=0.02)


@pytest.mark.parametrize(("bpm", "notes_a_beat"), [(56, 2), (64, 2), (60, 4)])
def test_a_ballad_of_broken_chords_is_as_slow_as_it_is(hear, bpm, notes_a_beat):
    assert hear(harp(bpm, 24, notes_a_beat)).bpm == pytest.approx(bpm, rel=0.02)


def test_a_tempo_that_might_be_another_is_trusted_less(hear, drums):
    clear, open_to_doubt = hear(drums(120, 16)), hear(harp(100, 16, notes_a_beat=1))

    assert clear.verdict != "check_tempo"
    assert open_to_doubt.bpm_confidence < clear.bpm_confidence


def test_a_few_beats_are_left_as_they_are():
    few = a_path(190, beats=8)

    assert judged(an_impression(few), few).factor == 1


def test_every_sign_has_its_weights():
    path = a_path(120, beats=32)

    assert set(signs(an_impression(path), path)) == set(TABLE)


@pytest.mark.parametrize("bpm", [60, 240])
def test_a_level_out_of_reach_is_not_thought_of(bpm):
    path = a_path(bpm, beats=32)

    moves = likelihoods(signs(an_impression(path), path), path)

    assert "half" not in {move.name for move in moves}


@pytest.mark.parametrize(("name", "bpm"), [("half", 100), ("double", 113)])
def test_no_song_is_taken_to_a_tempo_that_nobody_counts(name, bpm):
    move = next(move for move in MOVES if move.name == name)

    assert not move.is_made(a_path(bpm, beats=32), likelihood=0.99)


def test_double_tempo_takes_more_than_half():
    half, double = MOVES

    assert half.is_made(a_path(140, beats=32), likelihood=0.6)
    assert not double.is_made(a_path(70, beats=32), likelihood=0.6)


def test_a_song_of_one_even_sound_has_signs_all_the_same():
    path = a_path(120, beats=32)
    nothing = np.zeros((path.frames[-1] + 100, 12), np.float32)
    even = Impression(nothing[:, :2], nothing, nothing[:, 0], nothing[:, :5])

    assert all(np.isfinite(value) for value in signs(even, path).values())
