import json
import subprocess
import sys

import pytest

from beatstitch.beats.grid import dumps, excerpt, from_json, to_json
from beatstitch.beats.steady import steady_grid
from beatstitch.errors import Invalid


@pytest.fixture
def grid():
    return steady_grid(127, 100_000, 10_000_000, beats_per_bar=3, audio_checksum="sha256:00")


def test_a_grid_read_back_is_the_same_to_the_microsecond(grid):
    assert from_json(dumps(grid)) == grid


def test_measures_run_from_downbeat_to_downbeat_and_the_last_to_the_end(grid):
    measures = to_json(grid)["measures"]

    assert measures[0]["beat_count"] == 3
    assert [m["end_ms"] for m in measures[:-1]] == [m["start_ms"] for m in measures[1:]]
    assert measures[-1]["end_ms"] == 10_000


def test_an_excerpt_counts_from_its_own_start(grid):
    part = excerpt(grid, 1_000_000, 2_000_000)

    assert part.duration_us == 2_000_000
    assert part.beats[0].time_us == next(
        beat.time_us - 1_000_000 for beat in grid.beats if beat.time_us >= 1_000_000
    )


def test_a_document_whose_times_fall_is_refused(grid):
    document = to_json(grid)
    document["beats"][3]["time_ms"] = 0

    with pytest.raises(Invalid, match="must rise"):
        from_json(json.dumps(document))


@pytest.mark.parametrize("wrong", ["soon", "1500", True])
def test_a_wrong_field_is_named(grid, wrong):
    document = to_json(grid)
    document["beats"][3]["time_ms"] = wrong

    with pytest.raises(Invalid, match=r"beats\.3\.time_ms"):
        from_json(json.dumps(document))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_time_that_is_no_number_is_refused(grid, number):
    document = dumps(grid).replace('"time_ms": 100,', f'"time_ms": {number},')

    with pytest.raises(Invalid, match=r"beats\.0\.time_ms"):
        from_json(document)


def test_the_web_can_read_grids_without_loading_numpy():
    script = (
        "import sys, beatstitch.beats.edit, beatstitch.beats.given; print('numpy' in sys.modules)"
    )

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert loaded.stdout.strip() == b"False"
