"""What goes wrong is one clear sentence and an exit code; nothing half-made is left behind."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from footage import ffmpeg, read_codes
from running import Run, children_with, is_rendering, leftovers, waited_for
from songs import Song, drum_song

SMALL = ("--size", "320x180", "--bpm", "120", "--offset", "0.5")


def test_bad_files_are_left_out_by_name_and_the_good_ones_used(
    beatstitch: Run, short_song: Song, photos: tuple[Path, ...],
    oddity: Callable[[str], Path], tmp_path: Path,
) -> None:  # fmt: skip
    names = ("text.mp4", "empty.mp4", "cut_without_index.mp4", "concat_script.mp4", "photo_cut.jpg")
    bad = [oddity(name) for name in names]

    said = beatstitch("make", short_song.path, *bad, photos[0], "-o", tmp_path / "f.mp4", *SMALL)

    assert said.code == 0, said.err
    for name in names:
        assert f"Left out: {name}" in said.out
    assert "Left out: text.mp4 is a text file" in said.out
    assert "Left out: empty.mp4 is empty." in said.out


def test_a_clip_that_breaks_off_is_used_as_far_as_it_goes_and_named(
    beatstitch: Run, short_song: Song, photos: tuple[Path, ...],
    oddity: Callable[[str], Path], tmp_path: Path,
) -> None:  # fmt: skip
    said = beatstitch(
        "make", short_song.path, oddity("cut_with_index.mp4"), oddity("flipped_bits.mp4"),
        photos[0], "-o", tmp_path / "f.mp4", *SMALL,
    )  # fmt: skip

    assert said.code == 0, said.err
    assert "Note: cut_with_index.mp4: breaks off at" in said.out


def test_a_clip_that_holds_less_than_its_packets_say_is_measured_and_planned_around(
    beatstitch: Run, short_song: Song, clips: tuple[Path, ...], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    ffmpeg("-i", clips[0], "-c", "copy", "-movflags", "+faststart", broken)
    content = broken.read_bytes()
    # From here on its packets are all there, of the right size, and hold nothing.
    start = len(content) * 6 // 10
    broken.write_bytes(content[:start] + bytes(len(content) - start))

    said = beatstitch(
        "make", short_song.path, broken, clips[1], "-o", tmp_path / "f.mp4", *SMALL,
        "--beats-per-cut", "4",
    )  # fmt: skip

    assert said.code == 0, said.err
    assert "Note: broken.mp4: breaks off at" in said.out


def test_a_clip_that_is_damaged_is_named_and_shown_where_it_is_sound(
    beatstitch: Run, short_song: Song, damaged_clip: Path, tmp_path: Path
) -> None:
    film = tmp_path / "f.mp4"

    said = beatstitch("make", short_song.path, damaged_clip, "-o", film, *SMALL)

    assert said.code == 0, said.err
    assert "Note: damaged.mp4: is damaged from 0:02." in said.out
    assert " to 0:03.0: pictures there may be broken" in said.out
    seen = read_codes(film)
    assert all(code and not 65 <= code.frame < 90 for code in seen)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("film_without_sound.mp4", "has no sound in it"),
        ("text.mp3", "is a text file"),
        ("empty.mp3", "is empty"),
        ("photo.jpg", "has no sound in it"),
    ],
)
def test_what_is_no_song_is_said_so(
    beatstitch: Run, photos: tuple[Path, ...], oddity: Callable[[str], Path],
    tmp_path: Path, cache: Path, name: str, says: str,
) -> None:  # fmt: skip
    said = beatstitch("make", oddity(name), photos[0], "-o", tmp_path / "f.mp4", *SMALL)

    assert said.code == 1
    assert said.err.splitlines()[-1].startswith(f"beatstitch: {name}")
    assert says in said.err
    assert not (tmp_path / "f.mp4").exists()
    assert leftovers(tmp_path, cache) == []


def test_a_folder_without_media_has_nothing_to_show(
    beatstitch: Run, short_song: Song, tmp_path: Path, cache: Path
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "notes.txt").write_text("no pictures here\n" * 300)

    said = beatstitch("make", short_song.path, folder, "-o", tmp_path / "f.mp4", *SMALL)

    assert said.code == 1
    assert "There is nothing to show. notes.txt is a text file, not a photo, a video" in said.err
    assert leftovers(tmp_path, cache) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--size", "1921x1080"), "output_width: must be even"),
        (("--size", "large"), "write it as 1920x1080"),
        (("--fps", "12"), "not one of 23.976"),
        (("--offset", "1"), "--offset goes with --bpm"),
        (("--start", "99"), "start 99 s into a song of 5.0 s"),
        (("--beats-per-cut", "3"), "Invalid value for '--beats-per-cut'"),
        (("--duration", "0"), "1 ms is the least"),
    ],
)
def test_bad_use_exits_with_two(
    beatstitch: Run, short_song: Song, photos: tuple[Path, ...], tmp_path: Path,
    arguments: tuple[str, ...], says: str,
) -> None:  # fmt: skip
    tempo = () if "--offset" in arguments else ("--bpm", "120")

    said = beatstitch(
        "make", short_song.path, photos[0], "-o", tmp_path / "f.mp4", *tempo, *arguments
    )

    assert said.code == 2
    assert says in said.err


def test_a_missing_file_is_named(beatstitch: Run, short_song: Song, tmp_path: Path) -> None:
    said = beatstitch("make", short_song.path, "nowhere", "-o", tmp_path / "f.mp4")

    assert (said.code, said.err.splitlines()[-1]) == (
        2,
        "beatstitch: There is no file or folder nowhere.",
    )


def test_an_output_that_cannot_be_written_is_said_before_any_work(
    beatstitch: Run, short_song: Song, photos: tuple[Path, ...], tmp_path: Path, cache: Path
) -> None:
    said = beatstitch("make", short_song.path, photos[0], "-o", tmp_path / "no" / "f.mp4", *SMALL)

    assert (said.code, said.err) == (
        2,
        f"beatstitch: There is no folder {tmp_path}/no for the film.\n",
    )


def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    short_song: Song, photos: tuple[Path, ...], tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    # A disk of one megabyte in a mount namespace of its own, which goes with the command.
    inside = (
        f"mount -t tmpfs -o size=1m none {disk} && "
        f"{sys.executable} -m beatstitch make {short_song.path} {photos[0]} "
        f"-o {disk}/f.mp4 --cache {disk}/cache --size 640x360 --bpm 120; "
        f"code=$?; ls -A {disk} {disk}/cache/scratch; exit $code"
    )

    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", inside],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1].startswith("beatstitch: The disk is full.")
    assert "f.mp4" not in done.stdout
    assert done.stdout.endswith("scratch:\n")


@pytest.mark.parametrize(
    ("how", "times"),
    [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGHUP, 1), (signal.SIGINT, 1_000_000)],
    ids=["Ctrl-C", "SIGTERM", "terminal_closed", "Ctrl-C_again_and_again"],
)
def test_an_interrupt_stops_everything_and_leaves_nothing(
    command: Callable[..., subprocess.Popen[str]], clips: tuple[Path, ...], tmp_path: Path,
    cache: Path, how: signal.Signals, times: int,
) -> None:  # fmt: skip
    song = drum_song(tmp_path / "song.wav", bars=30)
    film = tmp_path / "f.mp4"
    run = command(
        "make", song.path, clips[0], "-o", film, "--bpm", "120", "--offset", "0.5", "--jobs", "2"
    )
    assert waited_for(lambda: any(children_with(f"{cache}/scratch")))
    assert waited_for(lambda: is_rendering(cache))

    for _ in range(times):
        run.send_signal(how)
        if run.poll() is not None:
            break
    _, err = run.communicate(timeout=30)

    assert run.returncode == 130
    assert err.splitlines()[-1] == "beatstitch: Interrupted. Nothing half-made was left behind."
    assert not film.exists()
    assert leftovers(tmp_path, cache) == []
    assert list(children_with(str(cache))) == []


def test_parts_of_a_film_that_were_damaged_in_the_cache_are_made_anew(
    beatstitch: Run, short_song: Song, photos: tuple[Path, ...], tmp_path: Path, cache: Path
) -> None:
    film = tmp_path / "f.mp4"
    order = ("make", short_song.path, *photos[:2], "-o", film, *SMALL)
    assert beatstitch(*order).code == 0
    sound_and_whole = film.read_bytes()
    chunk, *_ = sorted(cache.glob("film/chunks/*/*.mp4"))
    proof, *_ = sorted(cache.glob("film/chunks/*/*.json"), reverse=True)
    (song,) = cache.glob("film/songs/*.mp4")
    chunk.write_bytes(chunk.read_bytes()[:-1000])
    for damaged in (proof, song):
        content = bytearray(damaged.read_bytes())
        content[len(content) // 2] ^= 1
        damaged.write_bytes(content)

    said = beatstitch(*order)

    assert said.code == 0, said.err
    assert "Note: damaged in the cache, and made anew: 3 files" in said.out
    assert film.read_bytes() == sound_and_whole


@pytest.mark.parametrize("kinds", [("mp4",), ("mp4", "json")])
def test_a_film_of_parts_that_changed_their_names_is_made_anew(
    beatstitch: Run, short_song: Song, photos: tuple[Path, ...], tmp_path: Path, cache: Path,
    kinds: tuple[str, ...],
) -> None:  # fmt: skip
    film = tmp_path / "f.mp4"
    order = ("make", short_song.path, *photos[:2], "-o", film, *SMALL)
    assert beatstitch(*order).code == 0
    sound_and_whole = film.read_bytes()
    first, *_, last = sorted(cache.glob("film/chunks/*/*.mp4"))
    for ending in (end for kind in kinds for end in (f".{kind}", f".{kind}.sha256")):
        one, other = first.with_suffix(ending), last.with_suffix(ending)
        taken = one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(taken)

    said = beatstitch(*order)

    assert said.code == 0, said.err
    assert "Note: damaged in the cache, and made anew:" in said.out
    assert film.read_bytes() == sound_and_whole


def test_what_a_killed_run_left_is_swept_by_the_next_one(
    command: Callable[..., subprocess.Popen[str]], beatstitch: Run, clips: tuple[Path, ...],
    photos: tuple[Path, ...], tmp_path: Path, cache: Path,
) -> None:  # fmt: skip
    song = drum_song(tmp_path / "song.wav", bars=30)
    run = command("make", song.path, clips[0], "-o", tmp_path / "f.mp4", "--bpm", "120")
    assert waited_for(lambda: is_rendering(cache))
    run.send_signal(signal.SIGKILL)
    run.communicate(timeout=30)
    assert waited_for(lambda: not list(children_with(str(cache))), limit_s=2)
    finished = len(list(cache.glob("film/chunks/*/*.mp4")))

    said = beatstitch(
        "make", song.path, photos[0], "-o", tmp_path / "g.mp4", "--duration", "3", *SMALL
    )

    assert said.code == 0, said.err
    assert leftovers(tmp_path, cache) == []
    assert len(list(cache.glob("film/chunks/*/*.mp4"))) >= finished


def test_a_film_that_is_there_is_kept_when_the_next_one_fails(
    beatstitch: Run, short_song: Song, oddity: Callable[[str], Path], tmp_path: Path
) -> None:
    film = tmp_path / "f.mp4"
    film.write_bytes(b"the film of last week")

    said = beatstitch("make", short_song.path, oddity("text.mp4"), "-o", film, *SMALL)

    assert said.code == 1
    assert film.read_bytes() == b"the film of last week"


def test_the_same_photo_twice_is_one_photo(
    beatstitch: Run, short_song: Song, photos: tuple[Path, ...], tmp_path: Path
) -> None:
    copy = tmp_path / "copy.jpg"
    shutil.copyfile(photos[0], copy)

    said = beatstitch("make", short_song.path, photos[0], copy, "-o", tmp_path / "f.mp4", *SMALL)

    assert "Left out: copy.jpg has the same content as photo_11.jpg" in said.out
