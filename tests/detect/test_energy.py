"""Sections and the energy of beats, from sound whose parts are known."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from beatstitch.beats.grid import BeatGrid
from beatstitch.beats.steady import steady_grid
from beatstitch.detect import pcm
from beatstitch.detect.energy import measure, with_energy
from forms import FORMS, Formed, formed
from songs import drum_song, noise, silence, write_wav


def measured(path: Path, grid: BeatGrid) -> BeatGrid:
    return with_energy(grid, pcm.opened(path), lambda _: None)


def on_the_beats(song: Formed) -> BeatGrid:
    """The grid of a song whose beats are known."""
    first_s, second_s = song.beats_s[:2]
    return steady_grid(
        60 / (second_s - first_s),
        round(first_s * 1e6),
        round(song.duration_s * 1e6),
        beats_per_bar=song.beats_per_bar,
    )


def test_kick_snare_and_hat_are_told_apart_on_their_beats(tmp_path: Path) -> None:
    song = drum_song(tmp_path / "song.wav", bpm=120, bars=8)

    energy = measured(song.path, steady_grid(120, 500_000, song.duration_us)).beat_energy

    on_the_beats = slice(1, 33)  # one beat lies before the song's first
    kick, snare, hat = (
        np.reshape(curve[on_the_beats], (8, 4)) for curve in (energy.kick, energy.snare, energy.hat)
    )
    assert kick[:, [0, 2]].min() > 0.5 and kick[:, [1, 3]].max() < 0.2
    assert snare[:, [1, 3]].min() > 0.5 and snare[:, [0, 2]].max() < 0.4
    assert hat.min() > 0.5


def test_loudness_follows_the_song(tmp_path: Path) -> None:
    swelling = np.random.default_rng(1).normal(0, 0.1, 10 * 44_100) * np.linspace(0.05, 1, 441_000)
    write_wav(tmp_path / "song.wav", swelling)

    loudness = measured(tmp_path / "song.wav", steady_grid(60, 0, 10_000_000)).beat_energy.loudness

    assert len(loudness) == 10 and list(loudness) == sorted(loudness)
    assert loudness[0] < 0.5 and loudness[-1] > 0.95


def test_sections_begin_where_other_instruments_play(tmp_path: Path) -> None:
    true = found = near = 0
    for form in FORMS:
        song = formed(tmp_path / "song.wav", form, 7)
        grid = on_the_beats(song)

        sections = measured(song.path, grid).sections

        assert (sections[0].start_us, sections[-1].end_us) == (0, grid.duration_us)
        loudest = max(sections, key=lambda section: section.energy)
        assert loudest.label in ("high", "drop")
        starts = [section.start_us / 1e6 for section in sections[1:]]
        true, found = true + len(song.parts) - 1, found + len(starts)
        near += sum(
            any(abs(part.start_s - start) < 0.5 for start in starts) for part in song.parts[1:]
        )
    assert near >= 0.85 * true and found <= 1.15 * true


@pytest.mark.parametrize("detector", ["madmom", "librosa"])
def test_both_detectors_give_sections_and_energy(
    hear: Callable[..., BeatGrid], drums: Callable[..., np.ndarray], detector: str
) -> None:
    grid = hear(drums(120, 12), detector=detector)

    assert len(grid.sections) == 1 and grid.sections[0].label == "mid"
    assert {len(curve) for curve in grid.beat_energy.curves()} == {len(grid.beats)}


def test_a_silent_song_has_one_section_without_energy(tmp_path: Path) -> None:
    song = silence(tmp_path / "song.wav", 40)

    grid = measured(song.path, steady_grid(120, 0, song.duration_us))

    assert [(s.label, s.energy) for s in grid.sections] == [("low", 0.0)]
    assert {number for curve in grid.beat_energy.curves() for number in curve} == {0.0}


def test_even_noise_is_one_section_that_nothing_strikes(tmp_path: Path) -> None:
    song = noise(tmp_path / "song.wav", 40)

    grid = measured(song.path, steady_grid(120, 0, song.duration_us))

    assert [s.label for s in grid.sections] == ["mid"]
    assert max(grid.beat_energy.snare[1:]) < 0.3 and max(grid.beat_energy.hat[1:]) < 0.3


@pytest.mark.parametrize("length", [1, 100, 5_000])
def test_a_song_of_almost_nothing_has_a_section(tmp_path: Path, length: int) -> None:
    write_wav(tmp_path / "song.wav", np.full(length, 0.5))
    duration_us = max(1, length * 1_000_000 // 44_100)

    grid = measured(tmp_path / "song.wav", steady_grid(120, 0, duration_us))

    assert [(s.start_us, s.end_us) for s in grid.sections] == [(0, duration_us)]


def test_memory_stays_flat_but_for_a_few_numbers_a_frame(tmp_path: Path) -> None:
    write_wav(tmp_path / "song.wav", np.zeros(300 * 44_100))
    song = pcm.opened(tmp_path / "song.wav")

    tracemalloc.start()
    levels = measure(song, lambda _: None)
    most_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    # All samples at once, as numbers that can be worked with, would be 53 MB and more.
    assert most_bytes - levels.bands.nbytes < 45_000_000
