"""`beatstitch verify`: a film is what it was, or it is said what has changed."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from beatstitch.errors import Invalid
from beatstitch.render.sync import read_report
from footage import ffmpeg
from running import Run
from songs import Song


@pytest.fixture(scope="module")
def made(song: Song, clips: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small film and its report, made once for all."""
    folder = tmp_path_factory.mktemp("film")
    subprocess.run(
        [sys.executable, "-m", "beatstitch", "make", song.path, *clips, "-o", folder / "film.mp4",
         "--size", "320x180", "--bpm", "120", "--offset", "0.5", "--duration", "6",
         "--cache", folder / "cache"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def film(made: Path, tmp_path: Path) -> Path:
    """The film with its report beside it, for the test alone."""
    for name in ("film.mp4", "film.sync.json"):
        shutil.copy(made / name, tmp_path / name)
    return tmp_path / "film.mp4"


def test_an_untouched_film_is_as_it_was_measured(beatstitch: Run, film: Path) -> None:
    said = beatstitch("verify", film, "--full")

    assert said.code == 0, said.err
    assert "180 frames and 3 cuts are as they were measured" in said.out
    assert "All 180 frames decode; 0 are black" in said.out


def test_another_container_around_the_same_packets_is_the_same_film(
    beatstitch: Run, film: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.mp4"
    ffmpeg("-i", film, "-c", "copy", "-metadata", "title=Holiday", other)

    said = beatstitch("verify", other, "--report", tmp_path / "film.sync.json")

    assert said.code == 0, said.err


def test_a_film_that_was_encoded_again_is_told(beatstitch: Run, film: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.mp4"
    ffmpeg("-i", film, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "copy", other)

    said = beatstitch("verify", other, "--report", tmp_path / "film.sync.json")

    assert said.code == 1
    assert "The picture was changed" in said.err and "The sound was changed" not in said.err


def test_a_damaged_film_is_told(beatstitch: Run, film: Path) -> None:
    damaged = bytearray(film.read_bytes())
    middle = damaged.index(b"mdat") + (len(damaged) - damaged.index(b"mdat")) // 2
    damaged[middle : middle + 2000] = bytes(2000)
    film.write_bytes(damaged)

    said = beatstitch("verify", film)

    assert said.code == 1
    assert "was changed" in said.err


def test_a_film_that_was_cut_short_is_told(beatstitch: Run, film: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.mp4"
    ffmpeg("-i", film, "-t", "3", "-c", "copy", short)

    said = beatstitch("verify", short, "--report", tmp_path / "film.sync.json")

    assert said.code == 1
    assert "The report measured 180." in said.err or "the report measured 180." in said.err


@pytest.mark.parametrize(
    "change",
    [
        {"worst_cut_error_frames": 0.25},
        {"worst_cut_error_ms": 8.0},
        {"video_frames": 5, "planned_frames": 5},
        {"packets_changed": 7},
        {"cuts": 0.25},
        {"made_with": "something better"},
        {"audio_lags": []},
        {"edl_hash": "0" * 64},
    ],
)
def test_a_report_whose_figures_contradict_each_other_is_told(
    beatstitch: Run, film: Path, change: dict[str, object]
) -> None:
    file = film.with_name("film.sync.json")
    report = json.loads(file.read_text())
    if "cuts" in change:
        report["cuts"][1]["error_frames"] = change["cuts"]
    else:
        report.update(change)
    file.write_text(json.dumps(report))

    said = beatstitch("verify", film)

    assert said.code == 1
    assert "The report was changed: " in said.err


def test_a_cut_that_is_said_to_lie_behind_the_film_is_told(beatstitch: Run, film: Path) -> None:
    file = film.with_name("film.sync.json")
    report = json.loads(file.read_text())
    report["cuts"][1]["planned_frame"] = 180
    file.write_text(json.dumps(report))

    said = beatstitch("verify", film, "--full")

    assert said.code == 1
    assert "1 of 4 cuts don't show their segment's first frame" in said.err


@pytest.mark.parametrize(
    ("place", "number"),
    [("planned_frame", 10**400), ("frame", 10**400), ("time_ms", math.nan), ("error_ms", math.inf)],
)
def test_a_report_of_numbers_that_no_film_has_is_refused(
    place: str, number: float, made: Path
) -> None:
    report = json.loads((made / "film.sync.json").read_text())
    report["cuts"][1][place] = number

    with pytest.raises(Invalid, match=rf"cuts\.1\.{place}"):
        read_report(json.dumps(report).encode())


def test_a_report_of_no_frame_rate_is_refused(beatstitch: Run, film: Path) -> None:
    file = film.with_name("film.sync.json")
    file.write_text(file.read_text().replace('"30/1"', '"0/0"'))

    said = beatstitch("verify", film)

    assert said.code == 2
    assert "frame_rate" in said.err


def test_a_report_that_is_none_is_refused(beatstitch: Run, film: Path, tmp_path: Path) -> None:
    (tmp_path / "film.sync.json").write_text('{"ok": "perhaps"}')

    said = beatstitch("verify", film)

    assert said.code == 2
    assert said.err.startswith("beatstitch: film.sync.json: ")
