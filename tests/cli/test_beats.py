"""`beatstitch beats` with a person's repairs, and a film on the repaired grid."""

import json
from pathlib import Path
from typing import Any

import pytest

from running import Run
from songs import Song, click_track

SMALL = ("--size", "320x180", "--beats-per-cut", "4")


def starts(grid: dict[str, Any]) -> list[float]:
    """When bars start, in ms."""
    return [beat["time_ms"] for beat in grid["beats"] if beat["is_downbeat"]]


def test_a_heard_grid_is_repaired_step_by_step(beatstitch: Run, song: Song, tmp_path: Path) -> None:
    heard, repaired = tmp_path / "heard.json", tmp_path / "repaired.json"
    beatstitch("beats", song.path, "-o", heard)

    said = beatstitch(
        "beats", song.path, "--grid", heard, "--scale", "0.5", "--shift", "-20", "--shift-bar",
        "1", "--edit", '{"delete_beat": {"index": 0}}', "-o", repaired,
    )  # fmt: skip

    assert said.code == 0, said.err
    before, after = json.loads(heard.read_bytes()), json.loads(repaired.read_bytes())
    assert (before["analyzer"], after["analyzer"]) == ("madmom", "user")
    assert after["bpm"] == pytest.approx(60, abs=0.1) and after["time_signature"] == "2/4"
    assert after["beats"][0]["time_ms"] == before["beats"][2]["time_ms"] - 20
    assert after["beats"][0]["is_downbeat"] and after["downbeat_source"] == "user"


def test_a_song_is_heard_again_with_a_hint_from_what_was_kept(
    beatstitch: Run, song: Song, cache: Path
) -> None:
    beatstitch("beats", song.path)
    (kept,) = (cache / "impressions").glob("*.npy")
    first = kept.stat().st_ino

    said = beatstitch("beats", song.path, "--bpm-hint", "60")

    assert json.loads(said.out)["bpm"] == pytest.approx(60, abs=1)
    assert [path.stat().st_ino for path in (cache / "impressions").glob("*.npy")] == [first]


def test_a_song_is_heard_in_the_metre_that_is_given(beatstitch: Run, song: Song) -> None:
    said = beatstitch("beats", song.path, "--metre", "6")

    grid = json.loads(said.out)
    assert (grid["analyzer"], grid["time_signature"]) == ("madmom", "6/4")


def test_a_grid_by_hand_is_in_any_metre_and_nobody_listens(
    beatstitch: Run, song: Song, cache: Path
) -> None:
    said = beatstitch("beats", song.path, "--bpm", "90", "--offset", "0.25", "--metre", "3")

    grid = json.loads(said.out)
    assert (grid["bpm"], grid["time_signature"], starts(grid)[0]) == (90, "3/4", 250)
    assert not (cache / "beats").exists()


def test_tempi_follow_each_other(beatstitch: Run, song: Song) -> None:
    said = beatstitch("beats", song.path, "--tempo", "0.5=120", "--tempo", "0:08.5=60")

    times = [beat["time_ms"] for beat in json.loads(said.out)["beats"]]
    assert times[times.index(8_500) - 1 :][:3] == [8_000, 8_500, 9_500]


def test_taps_come_from_a_file_or_from_the_line(
    beatstitch: Run, song: Song, tmp_path: Path
) -> None:
    (tmp_path / "taps.txt").write_text("4.5\n5.0\n5.5\n6.5\n0:07\n")

    of_a_file = beatstitch("beats", song.path, "--tap", "taps.txt")
    of_the_line = beatstitch("beats", song.path, "--tap", "4.5,5.0,5.5,6.5,7")
    of_a_long_line = beatstitch("beats", song.path, "--tap", "4.5,5.0,5.5,6.5,7" + " " * 4096)

    assert json.loads(of_a_file.out)["bpm"] == 120
    assert of_the_line.out == of_a_long_line.out == of_a_file.out


def test_a_bar_starts_at_the_beat_that_is_named(beatstitch: Run, song: Song) -> None:
    said = beatstitch("beats", song.path, "--bpm", "120", "--bar-at", "1.6", "--metre", "3")

    assert starts(json.loads(said.out))[:2] == [0, 1_500]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--bpm", "120", "--tap", "1,2,3,4"), "--bpm and --tap both set the tempo."),
        (("--offset", "1"), "--offset goes with --bpm."),
        (("--metre", "32"), "Bars of 32 beats can't be heard, only of 2 to 12"),
        (("--metre", "3", "--tempo", "1=120", "--detector", "madmom"), "Nobody listens then"),
        (("--bpm", "120", "--detector", "madmom"), "leave --detector and --bpm-hint out."),
        (("--tempo", "12"), "'' is not a valid float range."),
        (("--bpm", "120", "--shift", "nan"), "shift.ms: Input should be"),
        (("--bpm-hint", "nan"), "'nan' is not a number."),
        (("--tap", "1,2,3"), "times_ms has 3 taps; at least 4 are needed."),
        (("--bpm", "120", "--edit", "{}"), "exactly one of these keys"),
        (("--bpm", "120", "--edit", "shift"), "Invalid JSON"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_a_sentence(
    beatstitch: Run, short_song: Song, options: tuple[str, ...], sentence: str
) -> None:
    said = beatstitch("beats", short_song.path, *options)

    assert said.code in (1, 2)
    assert sentence in said.err.splitlines()[-1]


def test_a_film_is_cut_on_the_repaired_grid(
    beatstitch: Run, song: Song, photos: tuple[Path, ...], tmp_path: Path
) -> None:
    grid, edl = tmp_path / "grid.json", tmp_path / "edl.json"
    beatstitch("beats", song.path, "--bpm", "120", "--offset", "0.7", "-o", grid)

    said = beatstitch(
        "make", song.path, *photos, "-o", tmp_path / "f.mp4", "--beats", grid, *SMALL,
        "--preview", "--edl", edl,
    )  # fmt: skip

    assert said.code == 0, said.err
    cuts = [s["timeline_in_us"] for s in json.loads(edl.read_bytes())["segments"][1:]]
    assert cuts == [700_000 + bar * 2_000_000 for bar in range(len(cuts))]
    assert "set by you" in said.out


def test_the_grid_of_another_song_is_refused(
    beatstitch: Run, song: Song, photos: tuple[Path, ...], tmp_path: Path
) -> None:
    other = click_track(tmp_path / "other.wav", bars=2)
    beatstitch("beats", other.path, "--bpm", "120", "-o", tmp_path / "grid.json")

    said = beatstitch(
        "make", song.path, photos[0], "-o", tmp_path / "f.mp4", "--beats", "grid.json", *SMALL
    )

    assert said.code == 2
    assert "grid.json: audio_file_checksum: the grid is of another" in said.err.splitlines()[-1]


def test_a_film_is_cut_by_the_rules_for_its_sections(
    beatstitch: Run, song: Song, photos: tuple[Path, ...], tmp_path: Path
) -> None:
    grid, edl = tmp_path / "grid.json", tmp_path / "edl.json"
    beatstitch("beats", song.path, "--bpm", "120", "--offset", "0.5", "-o", grid)
    told = json.loads(grid.read_bytes())
    end_ms = told["duration_ms"]
    told["sections"] = [
        {"label": "low", "start_ms": 0, "end_ms": 8_500, "energy": 0.1},
        {"label": "drop", "start_ms": 8_500, "end_ms": end_ms, "energy": 0.9},
    ]
    grid.write_text(json.dumps(told))

    said = beatstitch(
        "make", song.path, *photos, "-o", tmp_path / "f.mp4", "--beats", grid, *SMALL, "--preview",
        "--edl", edl, "--section", "low=8", "--section", "high=2:crossfade",
    )  # fmt: skip

    assert said.code == 0, said.err
    segments = json.loads(edl.read_bytes())["segments"][1:]
    cuts = [(s["timeline_in_ms"], s["transition_in"]["type"]) for s in segments]
    assert cuts[:4] == [
        (500, "cut"),
        (4_500, "cut"),
        (8_500, "crossfade"),
        (9_500, "crossfade"),
    ]


def test_a_rule_for_a_section_that_there_is_not_is_refused(
    beatstitch: Run, song: Song, photos: tuple[Path, ...], tmp_path: Path
) -> None:
    said = beatstitch("make", song.path, photos[0], "-o", tmp_path / "f.mp4", "--section", "solo=2")

    assert said.code == 2
    assert "'solo' in 'solo=2' is not one of intro, low, mid" in said.err


def test_a_grid_by_hand_has_the_song_s_sections_and_energy(beatstitch: Run, song: Song) -> None:
    told = json.loads(beatstitch("beats", song.path, "--bpm", "120", "--offset", "0.5").out)

    assert (told["sections"][0]["start_ms"], told["sections"][-1]["end_ms"]) == (
        0,
        told["duration_ms"],
    )
    assert {len(curve) for curve in told["beat_energy"].values()} == {len(told["beats"])}
    assert max(told["beat_energy"]["kick"]) > 0.5
