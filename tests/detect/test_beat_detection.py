"""The named tests of the first design, on songs made by code at a known tempo."""

from itertools import pairwise
from pathlib import Path

import pytest

from beatstitch.beats.grid import BeatGrid, dumps, from_json, to_json


@pytest.fixture
def grid(hear, drums) -> BeatGrid:
    return hear(drums(120, 12))


def test_beat_detection_returns_valid_structure(grid):
    document = to_json(grid)

    assert 60 <= document["bpm"] <= 200
    assert document["beats"]
    for beat in document["beats"]:
        assert {"time_ms", "beat_number", "is_downbeat", "confidence"} <= beat.keys()


def test_beat_times_are_monotonically_increasing(grid):
    times = [beat.time_us for beat in grid.beats]

    assert all(earlier < later for earlier, later in pairwise(times))
    assert times[0] >= 0 and times[-1] < grid.duration_us


def test_beat_bpm_within_tolerance(grid):
    assert 117 <= grid.bpm <= 123


def test_beat_number_rules_when_derived(hear, drums):
    derived = hear(drums(120, 12), detector="librosa")

    assert derived.downbeat_source == "derived"
    for i, beat in enumerate(derived.beats):
        assert beat.beat_number == i % 4 + 1
        assert beat.is_downbeat == (beat.beat_number == 1)


def test_beat_detection_fallback_to_librosa(hear, drums, monkeypatch):
    monkeypatch.setattr("beatstitch.detect.models._files", list)

    fallback = hear(drums(120, 12))

    assert fallback.analyzer == "librosa"
    assert fallback.bpm_confidence == 0.7
    assert fallback.verdict == "check_tempo"
    assert len(fallback.beats) > 0


def test_beat_grid_persisted_to_filesystem(grid, tmp_path: Path):
    kept = tmp_path / "beats.json"
    kept.write_text(dumps(grid))

    assert from_json(kept.read_bytes()) == grid
    assert {"version", "beats", "bpm"} <= to_json(grid).keys()
