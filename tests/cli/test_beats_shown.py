"""`beatstitch beats` with --plot, --click and --flash: a grid seen and heard."""

import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from footage import ffmpeg
from running import Run, leftovers
from songs import Song, silence

RATE = 44_100
WHITE, RED = (255, 255, 255), (214, 50, 44)


@pytest.fixture
def silent(tmp_path: Path) -> Song:
    """Twelve seconds in which nothing sounds but what is added."""
    return silence(tmp_path / "silent.wav", 12)


def samples(path: Path) -> NDArray[np.int16]:
    """The first channel of a WAV."""
    with wave.open(str(path), "rb") as song:
        data = np.frombuffer(song.readframes(song.getnframes()), "<i2")
        return data.reshape(-1, song.getnchannels())[:, 0]


def strikes(sound: NDArray[Any]) -> list[int]:
    """The samples at which clicks begin: loud after a twentieth of a second without."""
    loud = np.flatnonzero(np.abs(sound) > np.abs(sound).max() / 3)
    return [int(at) for at in loud[np.diff(loud, prepend=-RATE) > RATE // 20]]


def test_clicks_lie_on_the_beats_to_the_sample_and_are_higher_on_bars(
    beatstitch: Run, silent: Song, tmp_path: Path
) -> None:
    said = beatstitch(
        "beats", silent.path, "--bpm", "97", "--offset", "0.3", "--metre", "3", "--click", "c.wav",
        "-o", "grid.json",
    )  # fmt: skip

    assert said.code == 0, said.err
    beats = json.loads((tmp_path / "grid.json").read_bytes())["beats"]
    sound = samples(tmp_path / "c.wav")
    assert strikes(sound) == [round(beat["time_ms"] * RATE / 1000) for beat in beats]
    for at, beat in zip(strikes(sound), beats, strict=True):
        crossings = int(np.count_nonzero(np.diff(np.sign(sound[at : at + 1_000]))))
        assert crossings == pytest.approx(90 if beat["is_downbeat"] else 45, abs=3)


def test_the_song_goes_on_under_its_clicks(beatstitch: Run, song: Song, tmp_path: Path) -> None:
    beatstitch("beats", song.path, "--bpm", "120", "--offset", "0.5", "--click", "c.wav")

    with wave.open(str(tmp_path / "c.wav"), "rb") as mixed:
        assert mixed.getparams()[:3] == (2, 2, RATE)
        assert mixed.getnframes() * 1_000_000 // RATE == pytest.approx(song.duration_us, abs=30)
    between = slice(int(0.85 * RATE), int(0.95 * RATE))
    ours, theirs = samples(tmp_path / "c.wav")[between], samples(song.path)[between]
    assert np.corrcoef(ours, theirs)[0, 1] > 0.99


def test_every_flash_falls_on_its_click_within_half_a_frame(
    beatstitch: Run, silent: Song, tmp_path: Path
) -> None:
    said = beatstitch("beats", silent.path, "--bpm", "97", "--offset", "0.3", "--flash", "f.mp4")

    assert said.code == 0, said.err
    film = tmp_path / "f.mp4"
    ffmpeg("-i", film, "-vf", "scale=8:8,format=gray", "-f", "rawvideo", tmp_path / "f.gray")
    ffmpeg("-i", film, "-ac", "1", "-ar", str(RATE), tmp_path / "f.wav")
    frames = np.frombuffer((tmp_path / "f.gray").read_bytes(), np.uint8).reshape(-1, 8, 8)
    brightness = frames[:, :6].mean(axis=(1, 2))
    flashes = np.flatnonzero(np.diff(brightness, prepend=0) > 60) / 60
    clicks = np.asarray(strikes(samples(tmp_path / "f.wav"))) / RATE
    assert len(frames) == 600
    assert len(flashes) == len(clicks) == 16
    # Half a frame, and what AAC blurs.
    assert np.abs(flashes - clicks).max() < 1 / 120 + 0.002


def test_the_picture_shows_every_bar_and_section(
    beatstitch: Run, silent: Song, tmp_path: Path
) -> None:
    said = beatstitch("beats", silent.path, "--bpm", "120", "--plot", "grid.png")

    assert said.code == 0, said.err
    assert said.out == "silent.wav: 120.0 BPM, 4/4, 6 bars (set by you)\n"
    with Image.open(tmp_path / "grid.png") as image:
        assert (image.format, image.width) == ("PNG", 1_800)
        pixels = np.asarray(image.convert("RGB"))
    # A line across the waveform is red where a bar begins; two pixels each.
    is_red = (pixels[150] == RED).all(axis=1)
    assert is_red.sum() == 2 * 6
    assert not (pixels[85, 80] == WHITE).all()


@pytest.mark.parametrize("length_s", [0.7, 1_800])
def test_a_song_of_any_length_has_a_picture(
    tmp_path: Path, beatstitch: Run, length_s: float
) -> None:
    with wave.open(str(tmp_path / "song.wav"), "wb") as song:
        song.setparams((1, 1, 8_000, 0, "NONE", ""))
        song.writeframes(b"\x80" * round(8_000 * length_s))

    said = beatstitch("beats", "song.wav", "--bpm", "200", "--plot", "grid.png")

    assert said.code == 0, said.err
    with Image.open(tmp_path / "grid.png") as image:
        assert image.height < 3_000


@pytest.mark.parametrize("option", ["--plot", "--click", "--flash"])
def test_nothing_is_written_over_what_is_read(
    beatstitch: Run, silent: Song, cache: Path, option: str
) -> None:
    before = silent.path.read_bytes()

    said = beatstitch("beats", silent.path, "--bpm", "120", option, silent.path)

    assert said.code == 2
    assert "is the song; the" in said.err
    assert silent.path.read_bytes() == before


def test_two_of_them_cannot_have_one_place(beatstitch: Run, silent: Song) -> None:
    said = beatstitch("beats", silent.path, "--bpm", "120", "--click", "a", "--plot", "a")

    assert (said.code, "needs a name of its own" in said.err) == (2, True)


def test_a_song_that_cannot_be_read_leaves_nothing_half_written(
    beatstitch: Run, tmp_path: Path, cache: Path
) -> None:
    (tmp_path / "song.wav").write_bytes(b"RIFF\0\0\0\0WAVE not a song")

    said = beatstitch(
        "beats", "song.wav", "--plot", "g.png", "--click", "c.wav", "--flash", "f.mp4"
    )

    assert said.code == 1
    assert {path.name for path in tmp_path.iterdir()} == {"song.wav", "cache"}
    assert leftovers(tmp_path, cache) == []
