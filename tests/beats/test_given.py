"""Grids that are handed in for a song, by files and by programs."""

import json

import pytest

from beatstitch.beats.given import for_song
from beatstitch.beats.grid import dumps, to_json
from beatstitch.beats.steady import steady_grid
from beatstitch.errors import Invalid

CHECKSUM = "sha256:00"
GRID = steady_grid(120, 250_000, 10_000_000, audio_checksum=CHECKSUM)


def test_a_grid_of_this_song_is_taken_as_it_is():
    assert for_song(dumps(GRID), checksum=CHECKSUM, duration_us=10_000_000) == GRID


def test_a_grid_by_hand_needs_little_more_than_its_beats():
    document = {
        "duration_ms": 1_990,
        "bpm": 120,
        "beats": [{"time_ms": 0}, {"time_ms": 500, "beat_number": 2}],
    }

    grid = for_song(json.dumps(document), checksum=CHECKSUM, duration_us=2_000_000)

    assert (grid.audio_checksum, grid.duration_us) == (CHECKSUM, 2_000_000)
    assert grid.analyzer == "user"


def test_a_grid_of_another_song_is_refused():
    with pytest.raises(Invalid, match="another song"):
        for_song(dumps(GRID), checksum="sha256:01", duration_us=10_000_000)


def test_a_grid_of_another_length_is_refused():
    with pytest.raises(Invalid, match=r"a song of 10\.0 s; this one has 11\.0 s"):
        for_song(dumps(GRID), checksum=CHECKSUM, duration_us=11_000_000)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"bpm": 0}, ("bpm",)),
        ({"beats": [{"time_ms": 1}]}, ("beats",)),
        ({"beats_per_bar": 0}, ("beats_per_bar",)),
        ({"beats": [{"time_ms": -1}, {"time_ms": 2}]}, ("beats", 0, "time_ms")),
        ({"beats": [{"time_ms": 1}, {"time_ms": 10_000}]}, ("beats", 1, "time_ms")),
        (
            {"beats": [{"time_ms": 1}, {"time_ms": 2, "beat_number": 3}]},
            ("beats", 1, "beat_number"),
        ),
        (
            {"beats": [{"time_ms": 1, "beat_number": 0}, {"time_ms": 2}]},
            ("beats", 0, "beat_number"),
        ),
        ({"beats": [{"time_ms": 1, "confidence": 7}, {"time_ms": 2}]}, ("beats", 0, "confidence")),
    ],
)
def test_a_grid_that_nothing_can_be_cut_on_is_refused_by_its_field(wrong, where):
    with pytest.raises(Invalid) as refused:
        for_song(json.dumps(to_json(GRID) | wrong), checksum=CHECKSUM, duration_us=10_000_000)

    assert refused.value.where == where
