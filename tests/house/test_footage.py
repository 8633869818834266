"""The generated media tell the truth: what a test reads from a film is what was in it."""

import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from footage import Code, coded_clip, ffmpeg, find_cuts, read_codes, read_photo
from oddities import IDS, ODDITIES, make
from songs import drum_song, encoded

LOSSY = ("-c:v", "libx264", "-preset", "superfast", "-crf", "26", "-pix_fmt", "yuv420p")

LOOKS = {
    "320 px wide": "scale=320:180",
    "cropped to 4:3": "scale=-2:480,crop=640:480",
    "cropped to 9:16": "scale=-2:640,crop=360:640",
    "letterboxed into 9:16": "scale=360:-2,pad=360:640:-1:-1",
    "Ken Burns": "zoompan=z='1+0.15*on/30':x='(iw-iw/zoom)*on/30':y=0:d=1:s=640x360:fps=30",
    "brighter": "eq=brightness=0.1",
}
TRANSITIONS = ("fade", "slideleft", "wipeleft", "circleopen")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return coded_clip(tmp_path_factory.mktemp("coded") / "a.mp4", 7, frames=30)


@pytest.mark.parametrize("look", LOOKS)
def test_a_code_survives_what_a_film_does_to_it(look: str, clip: Path, tmp_path: Path) -> None:
    ffmpeg("-i", clip, "-vf", LOOKS[look], *LOSSY, tmp_path / "film.mp4")

    assert read_codes(tmp_path / "film.mp4") == [Code(7, n) for n in range(30)]


@pytest.mark.parametrize("turn", ["hflip", "vflip", "transpose=1", "transpose=2", "scale=640:480"])
def test_a_picture_that_is_turned_or_squeezed_reads_as_nothing(
    turn: str, clip: Path, tmp_path: Path
) -> None:
    ffmpeg("-i", clip, "-vf", f"{turn},setsar=1", *LOSSY, tmp_path / "film.mp4")

    assert read_codes(tmp_path / "film.mp4") == [None] * 30


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_a_transition_reads_as_one_of_its_two_sides_or_as_nothing(
    transition: str, clip: Path, tmp_path: Path
) -> None:
    other = coded_clip(tmp_path / "b.mp4", 8, frames=30)
    mix = f"xfade={transition}:duration=0.5:offset=0.25,format=yuv420p"
    ffmpeg("-i", clip, "-i", other, "-filter_complex", mix, *LOSSY, tmp_path / "film.mp4")

    codes = read_codes(tmp_path / "film.mp4")

    begins = round(0.25 * 30)
    true = [{None, Code(7, n), Code(8, n - begins)} for n in range(len(codes))]
    assert all(code in sides for code, sides in zip(codes, true, strict=True))
    assert codes[0] == Code(7, 0)
    assert codes[-1] == Code(8, len(codes) - 1 - begins)


def test_cuts_are_found_by_looking() -> None:
    slow = [Code(1, n // 2) for n in range(10)]
    elsewhere = [Code(1, 40 + 2 * n) for n in range(5)]
    unread: list[Code | None] = [None, None]
    other = [Code(2, n) for n in range(5)]

    assert find_cuts([*slow, *elsewhere, *unread, *other]) == [10, 17]


@pytest.mark.parametrize("suffix", [".mp3", ".m4a", ".flac", ".ogg"])
def test_a_song_in_another_format_sounds_at_the_same_time(suffix: str, tmp_path: Path) -> None:
    song = drum_song(tmp_path / "song.wav", bars=1)

    other = encoded(song, tmp_path / f"other{suffix}")

    pcm = ffmpeg("-i", other.path, "-f", "s16le", "-ac", "1", "-ar", "44100", "-")
    samples = memoryview(pcm).cast("h")
    loud = next(index for index, sample in enumerate(samples) if abs(sample) > 3000)
    assert abs(loud / 44_100 * 1e6 - song.beats_us[0]) < 4_000


@pytest.mark.parametrize("name", [n for n in ODDITIES if n.startswith("exif_")])
def test_a_photo_with_an_orientation_is_stored_so_that_it_shows_upright(
    name: str, tmp_path: Path
) -> None:
    photo = Image.open(make(name, tmp_path))

    assert read_photo(ImageOps.exif_transpose(photo)) == Code(IDS[name], 0)
    assert read_photo(photo) is None


def test_a_turned_clip_shows_upright(tmp_path: Path) -> None:
    codes = read_codes(make("turned.mp4", tmp_path))

    assert codes == [Code(IDS["turned.mp4"], n) for n in range(60)]


def test_a_clip_without_its_index_cannot_be_opened(tmp_path: Path) -> None:
    clip = make("cut_without_index.mp4", tmp_path)

    probe = subprocess.run(["ffprobe", "-v", "quiet", str(clip)], check=False)

    assert probe.returncode != 0
