"""Beats of a tempo that is set: where they lie, how they are counted, and what is refused."""

import pytest

from beatstitch.beats import steady
from beatstitch.beats.steady import changing_beats, steady_beats, steady_grid
from beatstitch.errors import Invalid


def test_a_steady_grid_does_not_drift_in_an_hour():
    grid = steady_grid(127, 0, 3_600_000_000)

    assert len(grid.beats) == 127 * 60
    assert grid.beats[-1].time_us == round((127 * 60 - 1) * 60_000_000 / 127)


def test_beats_fill_the_time_before_the_offset_and_bars_are_counted_back():
    beats = steady_beats(120, 1_250_000, 4, 3_000_000)

    assert [beat.time_us for beat in beats] == [250_000 + i * 500_000 for i in range(6)]
    assert [beat.beat_number for beat in beats] == [3, 4, 1, 2, 3, 4]


def test_no_beat_lies_at_the_end_or_before_the_start():
    beats = steady_beats(60, -300_000, 3, 2_700_000)

    assert [beat.time_us for beat in beats] == [700_000, 1_700_000]
    assert [beat.beat_number for beat in beats] == [2, 3]


def test_a_persons_grid_says_so_and_is_trusted():
    grid = steady_grid(90, 0, 10_000_000, beats_per_bar=3)

    assert (grid.analyzer, grid.downbeat_source, grid.verdict) == ("user", "user", "high")
    assert grid.time_signature == "3/4"


@pytest.mark.parametrize("bpm", [0, 19.9, 401, float("nan")])
def test_an_impossible_tempo_is_refused(bpm):
    with pytest.raises(Invalid, match="20 and 400"):
        steady_beats(bpm, 0, 4, 1_000_000)


def test_a_bar_of_no_beats_is_refused():
    with pytest.raises(Invalid, match="0 beats"):
        steady_beats(120, 0, 0, 1_000_000)


def test_of_a_thousand_tempi_each_makes_only_its_own_beats(monkeypatch):
    made = []
    beat = steady.Beat
    monkeypatch.setattr(steady, "Beat", lambda *facts: made.append(1) or beat(*facts))
    tempi = [(1_000_000 + i * 500_000, 100 + i % 2) for i in range(1_000)]

    beats = changing_beats(tempi, 4, 600_000_000)

    assert len(made) <= len(beats) + len(tempi)
