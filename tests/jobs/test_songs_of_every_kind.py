"""Songs as people have them: odd formats are heard like any other, what is no song is refused."""

import struct
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from beatstitch.beats.grid import BeatGrid, from_json
from beatstitch.errors import LimitReached, MediaRejected, UnsupportedMedia
from beatstitch.jobs.beat_analysis import handler
from beatstitch.jobs.beat_analysis.args import Detector, Heard, Ticket
from beatstitch.workspace import Workspace
from footage import ffmpeg
from songs import Song, drum_song, encoded, silence

RATE = 44_100
TEN_HOURS_S = 36_000


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Song:
    """Twelve seconds of drums at 120 BPM."""
    return drum_song(tmp_path_factory.mktemp("plain") / "plain.wav", bars=6)


def heard(song: Path, tmp_path: Path, *, max_song_s: int = 120) -> BeatGrid:
    """The grid that the work keeps for this file."""
    result, kept = worked(song, tmp_path, "madmom", max_song_s)
    assert result.grid is not None
    return from_json(kept[result.grid.key].read_bytes())


def decoded(song: Path, tmp_path: Path) -> NDArray[np.int16]:
    """The samples that the work keeps of this file, a column a channel."""
    _, kept = worked(song, tmp_path, None)
    with wave.open(str(kept["pcm.wav"])) as pcm:
        assert (pcm.getframerate(), pcm.getnchannels()) == (RATE, 2)
        return np.frombuffer(pcm.readframes(pcm.getnframes()), "<i2").reshape(-1, 2)


def worked(
    song: Path, tmp_path: Path, detector: Detector | None, max_song_s: int = 120
) -> tuple[Heard, dict[str, Path]]:
    """What the work answers, and what it keeps."""
    ticket = Ticket(
        name=song.name,
        key="given",
        checksum="sha256:00",
        pcm_key="pcm.wav",
        grid_prefix="beats",
        detector=detector,
        max_song_s=max_song_s,
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    space = Workspace(scratch, {"given": song}, lambda *_: None)
    return handler.run(ticket, space), space.kept


@pytest.mark.parametrize(
    "options",
    [
        ("-ac", "1"),
        ("-af", "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=0*c0|BL=c0|BR=c0"),
        ("-af", "pan=5.1|FL=0*c0|FR=0*c0|FC=c0|LFE=0*c0|BL=0*c0|BR=0*c0"),
        ("-ar", "192000", "-c:a", "pcm_s32le"),
        ("-ar", "8000", "-c:a", "pcm_u8"),
        ("-c:a", "pcm_f32le", "-af", "volume=40dB"),
        ("-af", "dcshift=shift=0.4"),
        ("-af", "volume=30dB"),
        ("-af", "volume=-40dB"),
    ],
    ids=["mono", "5.1", "centre", "192 kHz", "8 bit", "loud floats", "DC", "clipped", "quiet"],
)
def test_an_odd_recording_has_the_beats_of_the_plain_one(
    plain: Song, tmp_path: Path, options: tuple[str, ...]
) -> None:
    odd = tmp_path / "odd.wav"
    ffmpeg("-i", plain.path, *options, odd)

    grid = heard(odd, tmp_path)

    assert grid.bpm == pytest.approx(120, rel=0.01)
    off_us = [min(abs(beat.time_us - at) for beat in grid.beats) for at in plain.beats_us]
    assert max(off_us) < 30_000
    # Where a recording with an offset begins and ends, it clicks.
    assert len(grid.beats) <= len(plain.beats_us) + 3


@pytest.mark.parametrize("channels", [1, 2])
def test_a_song_is_as_loud_as_it_was_whatever_its_channels(tmp_path: Path, channels: int) -> None:
    song = tmp_path / "tone.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=frequency=440:d=1,volume=4", "-ac", str(channels), song)
    before = np.abs(np.frombuffer(ffmpeg("-i", song, "-f", "s16le", "-"), "<i2")).max()

    said = decoded(song, tmp_path)

    assert before > 10_000
    assert [np.abs(side).max() for side in said.T] == pytest.approx([before] * 2, rel=0.02)


def test_the_first_sound_that_can_be_decoded_is_the_song(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    ffmpeg(
        *("-f", "lavfi", "-i", "sine=frequency=220:d=1", "-f", "lavfi", "-i", "sine=d=1"),
        *("-map", "0", "-map", "1", "-strict", "-2", "-c:a:0", "dca", "-c:a:1", "flac", film),
    )

    said = decoded(film, tmp_path)

    assert np.abs(np.fft.rfft(said[:, 0])).argmax() == pytest.approx(440 * len(said) / RATE, abs=2)


@pytest.mark.parametrize(
    "damage",
    [
        lambda mp3: b"ID3" + _rubbish(7) + mp3[10:],
        lambda mp3: mp3[:200] + _rubbish(600) + mp3[800:],
        lambda mp3: mp3[:40_000] + _rubbish(600) + mp3[40_600:],
        lambda mp3: mp3[mp3.index(b"\xff\xfb") :],
    ],
    ids=["tag", "first frame", "middle", "no tag"],
)
def test_a_damaged_mp3_is_heard_all_the_same(
    plain: Song, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(damage(encoded(plain, tmp_path / "whole.mp3").path.read_bytes()))

    grid = heard(broken, tmp_path)

    assert grid.bpm == pytest.approx(120, rel=0.01)
    assert grid.duration_us == pytest.approx(plain.duration_us, abs=200_000)


def _patched(content: bytes, box: bytes, at: int, number: int) -> bytes:
    """The file with another number so many bytes behind the name of a box."""
    place = content.index(box) + len(box) + at
    return content[:place] + struct.pack(">I", number) + content[place + 4 :]


@pytest.mark.parametrize(
    ("ending", "odd"),
    [
        (".mp3", lambda song: _patched(song, b"Info", 4, 10)),
        (".mp3", lambda song: _patched(song, b"Info", 4, 10_000_000)),
        (".m4a", lambda song: _patched(song, b"mdhd", 16, 5)),
        (".m4a", lambda song: _patched(song, b"mvhd", 16, 2**32 - 1)),
        (".mp3", lambda song: b"ID3\x03\0\0\x05\0\0\0" + bytes(5 << 21) + song),
    ],
    ids=["Xing too short", "Xing too long", "track too short", "film too long", "10 MB of cover"],
)
def test_what_a_header_says_of_a_songs_length_is_not_believed(
    plain: Song, tmp_path: Path, ending: str, odd: Callable[[bytes], bytes]
) -> None:
    song = tmp_path / f"odd{ending}"
    song.write_bytes(odd(encoded(plain, tmp_path / f"whole{ending}").path.read_bytes()))

    said = decoded(song, tmp_path)

    assert len(said) == pytest.approx(plain.duration_us * RATE / 1e6, abs=RATE / 50)
    assert np.abs(said[-RATE:]).max() > 1000 and np.abs(said[:RATE]).max() > 1000


def test_an_mp3_whose_tag_has_no_end_is_refused(plain: Song, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp3"
    whole = encoded(plain, tmp_path / "whole.mp3").path.read_bytes()
    broken.write_bytes(b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + whole[10:])

    with pytest.raises(MediaRejected, match=r"broken\.mp3 is damaged or incomplete"):
        heard(broken, tmp_path)


def test_a_silent_song_has_no_beat_and_a_steady_proposal(tmp_path: Path) -> None:
    grid = heard(silence(tmp_path / "silent.wav").path, tmp_path)

    assert (grid.verdict, grid.bpm_confidence) == ("no_beat", 0)
    assert 80 <= grid.bpm < 160


def test_an_encrypted_song_is_refused(plain: Song, tmp_path: Path) -> None:
    whole = encoded(plain, tmp_path / "whole.m4a").path.read_bytes()
    bought = tmp_path / "bought.m4a"
    # As shops protect songs: another name for the codec, and packets that nobody can read.
    start = whole.index(b"mdat") + 4
    index = whole.index(b"moov")
    packets = _rubbish(index - 4 - start) if index > start else _rubbish(len(whole) - start)
    sealed = whole[:start] + packets + whole[start + len(packets) :]
    bought.write_bytes(sealed.replace(b"mp4a", b"drms", 1))

    with pytest.raises(MediaRejected, match=r"bought\.m4a"):
        heard(bought, tmp_path)


@pytest.mark.parametrize("name", ["noise.mp3", "noise.m4a", "noise.wav", "noise.flac"])
def test_rubbish_under_the_name_of_a_song_is_refused(tmp_path: Path, name: str) -> None:
    rubbish = tmp_path / name
    rubbish.write_bytes(_rubbish(200_000))

    with pytest.raises(UnsupportedMedia, match="noise"):
        heard(rubbish, tmp_path)


def test_a_song_of_no_length_is_refused(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.wav"
    nothing.write_bytes(_wav_header(0))

    with pytest.raises(MediaRejected, match=r"nothing\.wav"):
        heard(nothing, tmp_path)


def test_ten_hours_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    endless = tmp_path / "endless.wav"
    with endless.open("wb") as file:
        file.write(_wav_header(TEN_HOURS_S * 8_000))
        file.truncate(44 + TEN_HOURS_S * 8_000)

    with pytest.raises(LimitReached, match="longer than 2 minutes"):
        heard(endless, tmp_path)

    assert list((tmp_path / "scratch").iterdir()) == []


def _rubbish(size: int) -> bytes:
    return np.random.default_rng(3).bytes(size)


def _wav_header(samples: int) -> bytes:
    """Of 8-bit mono at 8 kHz."""
    form = struct.pack("<HHIIHH", 1, 1, 8_000, 8_000, 1, 8)
    return b"".join(
        (
            *(b"RIFF", struct.pack("<I", 36 + samples), b"WAVE"),
            *(b"fmt ", struct.pack("<I", len(form)), form),
            *(b"data", struct.pack("<I", samples)),
        )
    )
