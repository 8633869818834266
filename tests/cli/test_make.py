"""`beatstitch make` on footage whose every frame says what it is: the whole way, looked at."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

import oddities
from beatstitch.limits import FRAME_RATES
from beatstitch.timeline.edl import frame_at, loads
from beatstitch.timeline.settings import read_settings
from footage import ffmpeg, find_cuts, read_codes
from running import Run
from songs import Song, drum_song

SMALL = ("--size", "640x360", "--bpm", "120", "--offset", "0.5")


def test_a_film_cuts_on_the_bars_of_the_song_and_shows_what_it_was_given(
    beatstitch: Run, song: Song, trip: Path, tmp_path: Path
) -> None:
    film, report_file, edl_file = (tmp_path / name for name in ("f.mp4", "r.json", "e.json"))

    said = beatstitch(
        "make", song.path, trip, "-o", film, "--size", "640x360",
        "--fit", "blur", "--edl", edl_file, "--report", report_file,
    )  # fmt: skip

    assert said.code == 0, said.err
    edl, report = loads(edl_file.read_bytes()), json.loads(report_file.read_bytes())
    codes = read_codes(film)
    assert len(codes) == frame_at(edl.total_duration_us, edl.settings.frame_rate)
    # Found by looking, and not by believing the report.
    assert find_cuts(codes) == [cut["frame"] for cut in report["cuts"][1:]]
    beats_ms = [beat / 1000 for beat in song.downbeats_us]
    for frame in find_cuts(codes):
        assert min(abs(frame * 1000 / 30 - beat) for beat in beats_ms) < 1000 / 30 / 2 + 10
    assert report["ok"] and report["worst_cut_error_frames"] <= 0.5
    assert max(abs(lag["lag_ms"]) for lag in report["audio_lags"]) <= 1
    assert "120.0 BPM, 4/4, 8 bars (madmom" in said.out
    assert str(report_file) in said.out


@pytest.mark.parametrize("fps", sorted(FRAME_RATES))
def test_no_cut_is_a_frame_off_at_any_rate(
    beatstitch: Run, song: Song, clips: tuple[Path, ...], tmp_path: Path, fps: str
) -> None:
    film, edl_file = tmp_path / "f.mp4", tmp_path / "e.json"

    said = beatstitch(
        "make", song.path, *clips, "-o", film, *SMALL,
        "--fps", fps, "--beats-per-cut", "2", "--edl", edl_file, "--quiet",
    )  # fmt: skip

    assert (said.code, said.out, said.err) == (0, "", "")
    edl = loads(edl_file.read_bytes())
    starts = [frame_at(s.timeline_in_us, edl.settings.frame_rate) for s in edl.segments]
    assert find_cuts(read_codes(film)) == starts[1:]
    # Whatever isn't asked for is as in a project that says nothing.
    asked = {"output_width": 640, "output_height": 360, "output_fps": float(fps)}
    assert edl.settings == read_settings({**asked, "beats_per_cut": 2})


def test_a_clip_is_shown_from_its_source_in_at_its_own_speed(
    beatstitch: Run, song: Song, clips: tuple[Path, ...], tmp_path: Path
) -> None:
    film, edl_file = tmp_path / "f.mp4", tmp_path / "e.json"

    beatstitch(
        "make", song.path, clips[0], clips[1], "-o", film, *SMALL,
        "--beats-per-cut", "2", "--edl", edl_file,
    )  # fmt: skip

    codes = read_codes(film)
    for segment in loads(edl_file.read_bytes()).segments:
        shown = codes[segment.timeline_in_frame : segment.timeline_out_frame]
        for place, code in enumerate(shown):
            wanted = segment.source_in_ms * 30 / 1000 + place * segment.speed
            assert code is not None and abs(code.frame - wanted) <= 1


def test_a_transition_leaves_its_cut_where_the_beat_is(
    beatstitch: Run, song: Song, clips: tuple[Path, ...], tmp_path: Path
) -> None:
    film, edl_file = tmp_path / "f.mp4", tmp_path / "e.json"

    said = beatstitch(
        "make", song.path, *clips, "-o", film, *SMALL,
        "--beats-per-cut", "2", "--transition", "crossfade", "--edl", edl_file,
    )  # fmt: skip

    assert said.code == 0, said.err
    segments = loads(edl_file.read_bytes()).segments
    codes = read_codes(film)
    assert len(codes) == segments[-1].timeline_out_frame
    for left, right in pairwise(segments):
        half = right.transition_in.duration_ms * 30 // 2000
        before, after = (
            codes[right.timeline_in_frame - half - 1],
            codes[right.timeline_in_frame + half],
        )
        assert before is not None and after is not None
        ids = {s.media_asset_id for s in (left, right)}
        assert (before.clip_id == after.clip_id) == (len(ids) == 1)


def test_a_fade_through_black_is_darkest_on_the_beat(
    beatstitch: Run, short_song: Song, photos: tuple[Path, ...], tmp_path: Path
) -> None:
    film = tmp_path / "f.mp4"

    beatstitch(
        "make", short_song.path, photos[0], photos[3], "-o", film, *SMALL,
        "--transition", "fade_black",
    )  # fmt: skip

    tiny = ffmpeg("-i", film, "-vf", "scale=8:8,format=gray", "-f", "rawvideo", "-")
    light = [sum(tiny[i : i + 64]) for i in range(0, len(tiny), 64)]
    # Bars start at 0.5, 2.5 and 4.5 s; the first is too near the film's start for 0.5 s of fade.
    assert light[75] == min(light[45:105])
    assert light[135] == min(light[105:])


def test_the_same_command_again_renders_nothing_and_gives_the_same_bytes(
    beatstitch: Run, short_song: Song, trip: Path, cache: Path, tmp_path: Path
) -> None:
    arguments = ("make", short_song.path, trip, *SMALL)
    beatstitch(*arguments, "-o", tmp_path / "one.mp4")
    chunks = {path: path.stat().st_ino for path in cache.rglob("chunks/*/*.mp4")}

    beatstitch(*arguments, "-o", tmp_path / "two.mp4")

    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
    assert {path: path.stat().st_ino for path in cache.rglob("chunks/*/*.mp4")} == chunks


def test_a_given_timeline_is_rendered_as_it_was_edited(
    beatstitch: Run, short_song: Song, photos: tuple[Path, ...], tmp_path: Path
) -> None:
    edl_file, film = tmp_path / "e.json", tmp_path / "two.mp4"
    make = ("make", short_song.path, *photos)
    wish = ("--focus", f"{photos[0].name}=0.4,0.55")
    beatstitch(*make, "-o", tmp_path / "one.mp4", *SMALL, *wish, "--edl", edl_file)
    document = json.loads(edl_file.read_bytes())
    first, second = document["segments"][:2]
    assert first["effects"]["focus"] == {"x": 0.4, "y": 0.55} != second["effects"]["focus"]
    first["media_asset_id"], second["media_asset_id"] = (
        second["media_asset_id"], first["media_asset_id"],
    )  # fmt: skip
    edl_file.write_text(json.dumps(document))

    said = beatstitch(*make, "-o", film, "--from-edl", edl_file)

    assert said.code == 0, said.err
    ids = [code.clip_id for code in read_codes(film) if code is not None]
    assert list(dict.fromkeys(ids))[:2] == [12, 11]


def test_a_timeline_of_another_song_is_refused(
    beatstitch: Run,
    short_song: Song,
    waltz: Song,
    photos: tuple[Path, ...],
    tmp_path: Path,
) -> None:
    edl_file, film = tmp_path / "e.json", tmp_path / "two.mp4"
    make = ("make", short_song.path, *photos, "-o", tmp_path / "one.mp4")
    beatstitch(*make, *SMALL, "--edl", edl_file)

    said = beatstitch("make", waltz.path, *photos, "-o", film, "--from-edl", edl_file)

    assert (said.code, film.exists()) == (2, False)
    assert "e.json was made for another song" in said.err


def test_a_preview_is_small_with_the_same_cuts(
    beatstitch: Run, short_song: Song, photos: tuple[Path, ...], tmp_path: Path
) -> None:
    report = tmp_path / "r.json"

    said = beatstitch(
        "make", short_song.path, *photos, "-o", tmp_path / "f.mp4", "--preview", "--fps", "60",
        "--bpm", "120", "--offset", "0.5", "--report", report,
    )  # fmt: skip

    assert "640 × 360 at 30 fps" in said.out
    cuts = json.loads(report.read_bytes())["cuts"]
    assert [cut["time_ms"] for cut in cuts] == [0, 500, 2500, 4500]


def test_part_of_the_song_is_in_the_film_where_it_is_in_the_song(
    beatstitch: Run, song: Song, photos: tuple[Path, ...], tmp_path: Path
) -> None:
    report = tmp_path / "r.json"

    beatstitch(
        "make", song.path, *photos, "-o", tmp_path / "f.mp4", *SMALL,
        "--start", "0:04.25", "--duration", "6", "--report", report,
    )  # fmt: skip

    measured = json.loads(report.read_bytes())
    assert measured["video_frames"] == 180
    assert [cut["time_ms"] for cut in measured["cuts"]] == [0, 250, 2250, 4250]
    assert {lag["lag_ms"] for lag in measured["audio_lags"]} == {0.0}


def test_media_of_every_shape_make_one_film(
    beatstitch: Run,
    oddity: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    names = (
        "turned.mp4", "anamorphic.mp4", "odd_444.mp4", "late.mkv", "transport.ts",
        "interlaced.mp4", "vfr.mp4", "vp9.webm", "upright.mp4", "photo.heic", "photo.webp",
        "cmyk.jpg", "exif_6.jpg", "see_through.png", "animated.webp", "one_frame.mp4",
        "upside_down.mp4", "trimmed.mp4", "two_pictures.mov", "fragmented.mp4", "deep.webm",
        "see_through_grey.png",
    )  # fmt: skip
    song = drum_song(tmp_path / "song.wav", bars=len(names))
    film = tmp_path / "f.mp4"

    said = beatstitch(
        "make", song.path, *(oddity(name) for name in names), "-o", film,
        "--size", "640x360", "--fit", "blur", "--bpm", "120", "--offset", "0.5",
    )  # fmt: skip

    assert said.code == 0, said.err
    shown = [code.clip_id for code in read_codes(film) if code is not None]
    assert set(dict.fromkeys(shown)) >= {oddities.IDS[name] for name in names}
    assert set(shown) >= set(oddities.MOVING_ON)
    assert "Note: one_frame.mp4: a clip of one frame, shown as a photo" in said.out
