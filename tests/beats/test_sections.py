"""Which bars become sections, and what these are called."""

from dataclasses import replace

import numpy as np
import pytest

from beatstitch.beats.grid import BeatGrid
from beatstitch.beats.sections import BarSound, bar_edges, divide
from beatstitch.beats.steady import steady_grid

SECOND = 1_000_000


def sound_of(*levels: float, seed: int = 1) -> BarSound:
    """Bars that get louder in all bands by so many dB, and are never quite alike."""
    level = np.asarray(levels, np.float64) - 30
    waver = np.random.default_rng(seed).normal(0, 0.5, (len(level), 13))
    bands = level[:, None] + waver
    return BarSound(bands, bands[:, :3], bands.mean(axis=1), bands[:, 0])


def divided(sound: BarSound) -> list[tuple[str, int, int]]:
    """Label, start and end in bars."""
    bars = len(sound.loudness_db)
    edges = [bar * 2 * SECOND for bar in range(bars + 1)]
    return [
        (s.label, s.start_us // (2 * SECOND), s.end_us // (2 * SECOND))
        for s in divide(sound, edges)
    ]


def test_parts_are_named_by_their_energy() -> None:
    sound = sound_of(*[0] * 4, *[14] * 8, *[20] * 8, *[14] * 8, *[20] * 8, *[2] * 4)

    assert divided(sound) == [
        ("intro", 0, 4),
        ("mid", 4, 12),
        ("drop", 12, 20),
        ("mid", 20, 28),
        ("high", 28, 36),
        ("outro", 36, 40),
    ]


def test_the_first_high_part_after_each_low_one_is_a_drop() -> None:
    sound = sound_of(*[20] * 8, *[0] * 8, *[20] * 8, *[14] * 8, *[20] * 8)

    assert [label for label, _, _ in divided(sound)] == ["high", "low", "drop", "mid", "high"]


def test_a_fill_of_one_bar_makes_no_part_of_its_own() -> None:
    sound = sound_of(*[10] * 7, 14, *[10] * 7, 14)

    assert divided(sound) == [("mid", 0, 16)]


@pytest.mark.parametrize("bars", [1, 2, 7])
def test_a_song_of_fewer_than_eight_bars_is_one_part(bars: int) -> None:
    levels = [0.0] * (bars // 2) + [20.0] * (bars - bars // 2)

    assert [(start, end) for _, start, end in divided(sound_of(*levels))] == [(0, bars)]


def test_a_silent_song_is_one_low_part_without_energy() -> None:
    silent = np.full((16, 13), -70.0)
    sound = BarSound(silent, silent[:, :3], silent[:, 0], silent[:, 0])

    (section,) = divide(sound, range(0, 17 * SECOND, SECOND))

    assert (section.label, section.energy) == ("low", 0.0)


def test_an_even_song_is_one_part_in_the_middle() -> None:
    assert divided(sound_of(*[0] * 64)) == [("mid", 0, 64)]


def test_bars_reach_from_the_start_of_the_song_to_its_end() -> None:
    grid = steady_grid(120, 3_700_000, 20_500_000)

    edges = bar_edges(_without_the_first_beats(grid, 6))

    assert (edges[0], edges[1], edges[-2], edges[-1]) == (
        0,
        3_700_000,
        17_700_000,
        20_500_000,
    )


def test_a_song_without_bars_is_one() -> None:
    grid = steady_grid(20, 0, 5 * SECOND)

    assert bar_edges(grid) == (0, 5 * SECOND)


def _without_the_first_beats(grid: BeatGrid, count: int) -> BeatGrid:
    return replace(grid, beats=grid.beats[count:])
