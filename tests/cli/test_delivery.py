"""What is made never takes the place of what was given, and names are only names."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from beatstitch.cli import delivery as deliveries
from beatstitch.cli.delivery import check_places, delivery
from beatstitch.errors import Invalid
from running import Run
from songs import Song

SMALL = ("--size", "320x180", "--bpm", "120", "--offset", "0.5", "--duration", "3")


@pytest.fixture
def given(short_song: Song, photos: tuple[Path, ...], tmp_path: Path) -> Path:
    """A folder with copies of a song, a photo and a timeline, which a run may be asked to harm."""
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "song.wav").write_bytes(short_song.path.read_bytes())
    (folder / "photo.jpg").write_bytes(photos[0].read_bytes())
    return folder


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("-o", "song.wav"), "song.wav is the song; the film needs a name of its own"),
        (("-o", "photo.jpg"), "photo.jpg is one of the media; the film needs"),
        (("-o", "link"), "link is the song; the film needs"),
        (("-o", "."), ". is a folder; the film needs the name of a file"),
        (("-o", ""), ". is a folder; the film needs the name of a file"),
        (("-o", "pipe"), "pipe is not a file; the film can't take its place"),
        (("-o", "f.mp4", "--edl", "f.mp4"), "f.mp4 is the film; the timeline needs"),
        (("-o", "f.mp4", "--report", "photo.jpg"), "photo.jpg is one of the media; the sync"),
        (("-o", "f.mp4", "--edl", "no/e.json"), "There is no folder no for the timeline"),
        (("-o", "f.mp4", "--report", "no/r.json"), "There is no folder no for the sync report"),
    ],
)
def test_a_place_that_must_not_be_written_is_refused_before_any_work(
    beatstitch: Run, given: Path, cache: Path, options: tuple[str, ...], says: str
) -> None:
    (given / "link").symlink_to("song.wav")
    os.mkfifo(given / "pipe")
    before = {path.name: path.lstat().st_mtime_ns for path in given.iterdir()}

    said = beatstitch("make", "song.wav", "photo.jpg", *options, *SMALL, folder=given)

    assert said.code in {1, 2}
    assert said.err.startswith(f"beatstitch: {says}")
    assert {path.name: path.lstat().st_mtime_ns for path in given.iterdir()} == before
    assert not cache.exists()


@pytest.mark.parametrize("has_unnamed_files", [True, False])
def test_a_film_has_its_name_when_it_is_whole_and_before_it_is_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_unnamed_files: bool
) -> None:
    if not has_unnamed_files:
        monkeypatch.setattr(deliveries, "_unnamed", lambda _: None)
    film = tmp_path / "film.mp4"
    film.write_text("of last week")

    with delivery(film) as place:
        place.write_text("of today")
        before = film.read_text()
    with pytest.raises(KeyboardInterrupt), delivery(film) as place:
        place.write_text("half")
        raise KeyboardInterrupt

    umask = os.umask(0)
    os.umask(umask)
    assert (before, film.read_text()) == ("of last week", "of today")
    assert film.stat().st_mode & 0o777 == 0o666 & ~umask
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_a_run_that_is_killed_leaves_nothing_beside_its_film(tmp_path: Path) -> None:
    try:
        os.close(os.open(tmp_path, os.O_TMPFILE | os.O_RDWR))
    except OSError:
        pytest.skip("this file system has no files without a name")
    killed = f"""
import os, signal
from pathlib import Path
from beatstitch.cli.delivery import delivery
with delivery(Path({str(tmp_path)!r}) / "film.mp4") as film:
    film.write_text("half a film")
    os.kill(os.getpid(), signal.SIGKILL)
"""

    ended = subprocess.run([sys.executable, "-c", killed], check=False)

    assert ended.returncode == -signal.SIGKILL
    assert [*tmp_path.iterdir()] == []


def test_a_link_that_leads_back_to_itself_is_neither_read_nor_written(tmp_path: Path) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to(circle)

    for places, read in (({"the film": circle}, {}), ({}, {circle: "the song"})):
        with pytest.raises(Invalid, match="circle is a link that leads back to itself"):
            check_places(places, read)


def test_beats_are_not_written_over_their_song(beatstitch: Run, given: Path) -> None:
    said = beatstitch("beats", "song.wav", "-o", "song.wav", folder=given)

    assert said.code == 2
    assert "song.wav is the song" in said.err


def test_a_film_in_the_folder_of_its_media_is_not_its_own_footage(
    beatstitch: Run, given: Path
) -> None:
    make = ("make", "song.wav", ".", "-o", "film.mp4", "--edl", "e.json", *SMALL)
    first = beatstitch(*make, folder=given)

    second = beatstitch(*make, folder=given)

    assert (first.code, second.code) == (0, 0)
    assert second.out == first.out
    assert "Left out" not in second.out


def test_a_clip_in_the_folder_of_the_media_is_not_taken_for_the_film_of_last_time(
    beatstitch: Run, given: Path, clips: tuple[Path, ...]
) -> None:
    clip = given / "clip.mp4"
    clip.write_bytes(clips[0].read_bytes())

    said = beatstitch("make", "song.wav", ".", "-o", "clip.mp4", *SMALL, folder=given)

    assert said.code == 2
    assert "clip.mp4 lies among the media" in said.err
    assert clip.read_bytes() == clips[0].read_bytes()


def test_a_film_named_by_a_link_goes_where_the_link_points(beatstitch: Run, given: Path) -> None:
    (given / "film.mp4").symlink_to("elsewhere.mp4")

    said = beatstitch("make", "song.wav", "photo.jpg", "-o", "film.mp4", *SMALL, folder=given)

    assert said.code == 0, said.err
    assert (given / "film.mp4").is_symlink()
    assert (given / "elsewhere.mp4").stat().st_size > 1000


def test_any_name_that_a_file_may_have_is_only_a_name(
    beatstitch: Run, short_song: Song, photos: tuple[Path, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "any names"
    folder.mkdir()
    names = (b"-dash.jpg", b"a b.jpg", b"q'\"`.jpg", b"c:%03d.jpg", b"\xff\xfe.jpg", b"x" * 200)
    for number, name in enumerate(names):
        (folder / os.fsdecode(name)).write_bytes(photos[0].read_bytes() + bytes(number))
    (folder / "line\nred\x1b[31m.mp4").write_text("no film " * 600)

    said = beatstitch(
        "make", short_song.path, ".", "-o", os.fsdecode(b"-\xff%d"), *SMALL, folder=folder
    )

    assert said.code == 0, said.err
    assert "Note: 3 of 6 photos and clips found no place" in said.out
    assert "Left out: line\ufffdred\ufffd[31m.mp4 is a text file" in said.out
    assert (folder / os.fsdecode(b"-\xff%d")).exists()


def test_links_that_lead_in_circles_are_followed_once(
    beatstitch: Run, given: Path, tmp_path: Path
) -> None:
    inner = given / "inner"
    inner.mkdir()
    for name in ("a", "b", "c"):
        (given / name).symlink_to(".")
        (inner / name).symlink_to("..")

    said = beatstitch("make", "song.wav", ".", "-o", "film.mp4", *SMALL, folder=given)

    assert said.code == 0, said.err
    assert "Left out" not in said.out


def test_a_cache_may_be_named_from_where_one_stands(beatstitch: Run, given: Path) -> None:
    said = beatstitch(
        "make", "song.wav", "photo.jpg", "-o", "film.mp4", *SMALL, "--cache", "kept", folder=given
    )

    assert said.code == 0, said.err
    assert list((given / "kept" / "film" / "chunks").glob("*/*.mp4"))


def test_a_cache_that_cannot_be_written_is_said_with_the_way_out(
    beatstitch: Run, given: Path
) -> None:
    said = beatstitch(
        "make", "song.wav", "photo.jpg", "-o", "film.mp4", *SMALL, folder=given,
        BEATSTITCH_CACHE=str(given / "song.wav" / "kept"),
    )  # fmt: skip

    assert said.code == 1
    assert "song.wav/kept: Not a directory. Name another folder by --cache" in said.err
    assert not (given / "film.mp4").exists()


def test_a_timeline_that_cannot_be_read_is_named_before_any_work(
    beatstitch: Run, given: Path
) -> None:
    (given / "e.json").write_text('{"segments": 3}')

    said = beatstitch(
        "make", "song.wav", "photo.jpg", "-o", "f.mp4", "--from-edl", "e.json", folder=given
    )

    assert said.code == 2
    assert said.err.startswith("beatstitch: e.json: ")


def test_options_beside_a_given_timeline_say_the_same_or_are_refused(
    beatstitch: Run, given: Path
) -> None:
    make = ("make", "song.wav", "photo.jpg")
    small = ("--size", "320x180", "--fps", "24", "--beats-per-cut", "2")
    beatstitch(*make, "-o", "one.mp4", "--edl", "e.json", *small, "--bpm", "90", folder=given)
    again = (*make, "-o", "two.mp4", "--from-edl", "e.json")

    for options in (("--fps", "25"), ("--size", "320x180", "--seed", "1"), ("--bpm", "90")):
        said = beatstitch(*again, *options, folder=given)
        assert (said.code, (given / "two.mp4").exists()) == (2, False)
        assert f"{options[-2]} can't change a given timeline" in said.err
    said = beatstitch(*again, *small, folder=given)

    assert said.code == 0, said.err
    assert (given / "one.mp4").read_bytes() == (given / "two.mp4").read_bytes()


def test_a_given_timeline_speaks_for_its_own_tempo(beatstitch: Run, given: Path) -> None:
    make = ("make", "song.wav", "photo.jpg")
    beatstitch(*make, "-o", "one.mp4", "--edl", "e.json", "--bpm", "90", folder=given)

    said = beatstitch(*make, "-o", "two.mp4", "--from-edl", "e.json", folder=given)

    assert "Song: song.wav, 90.0 BPM (as the timeline says)" in said.out
    assert (given / "one.mp4").read_bytes() == (given / "two.mp4").read_bytes()
    assert json.loads((given / "two.sync.json").read_bytes())["ok"]
