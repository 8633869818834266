"""The sound of a film, listened to: how loud, from when to when, and what is heard under it."""

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from beatstitch.jobs.render_audio import bed
from beatstitch.jobs.render_audio.bed import lay_bed
from beatstitch.jobs.render_audio.handler import run
from beatstitch.render.order import SongOrder
from beatstitch.render.proof import read_song_proof
from beatstitch.render.sound import ClipSound, Sound
from beatstitch.workspace import Workspace
from footage import ffmpeg
from songs import write_wav

RATE = 44_100
Space = Callable[..., Workspace]
Heard = NDArray[np.float64]


def tone(pitch_hz: float, duration_s: float, level: float = 0.2) -> Heard:
    """A steady sine."""
    return level * np.sin(2 * np.pi * pitch_hz * np.arange(round(duration_s * RATE)) / RATE)


def wav(path: Path, sound: Heard) -> Path:
    """The sound as a file."""
    write_wav(path, sound)
    return path


def heard(sound: Sound, space: Workspace) -> Heard:
    """The encoded song, decoded: one channel, -1 to 1."""
    run(SongOrder(sound, "song.mp4"), space)
    raw = ffmpeg("-i", space.kept["song.mp4"], "-ac", "1", "-f", "f32le", "-")
    return np.frombuffer(raw, "<f4").astype(np.float64)


def level_of(pitch_hz: float, sound: Heard, first_s: float, end_s: float) -> float:
    """How strong a pitch is in a stretch of sound: the amplitude of its sine."""
    part = sound[round(first_s * RATE) : round(end_s * RATE)]
    turning = np.exp(-2j * np.pi * pitch_hz * np.arange(len(part)) / RATE)
    return float(2 * np.abs(np.mean(part * turning)))


def loudness_lufs(path: Path) -> float:
    """What FFmpeg's own meter says of a file."""
    said = ffmpeg(
        "-i", path, "-af", "ebur128=metadata=1,ametadata=mode=print:key=lavfi.r128.I:file=-",
        "-f", "null", "/dev/null",
    )  # fmt: skip
    return float(said.decode().rsplit("lavfi.r128.I=", 1)[1].split()[0])


def true_peak(path: Path) -> float:
    """How far a file goes between its samples too, by FFmpeg's meter; full scale is 1."""
    said = ffmpeg(
        "-i", path, "-af", "ebur128=peak=true:metadata=1,ametadata=mode=print:file=-",
        "-f", "null", "/dev/null",
    )  # fmt: skip
    return max(float(peak) for peak in re.findall(rb"true_peaks_ch\d=([0-9.]+)", said))


def plain(seconds: float, **wishes: object) -> Sound:
    """The song alone."""
    sound = {"fade_out_samples": 0, "bitrate": "192k", "loudness_lufs": None, **wishes}
    return Sound("song", 0, round(seconds * RATE), **sound)  # type: ignore[arg-type]


def test_the_song_is_cut_to_the_sample_padded_and_faded(workspace: Space, tmp_path: Path) -> None:
    song = wav(tmp_path / "s.wav", np.concatenate((tone(440, 1), tone(880, 1))))
    sound = Sound("song", 1_000_000, 2 * RATE, RATE // 2, "192k", None)

    said = heard(sound, workspace(song=song))

    assert level_of(440, said, 0, 0.9) < 0.01
    assert level_of(880, said, 0.05, 0.95) == pytest.approx(0.2, rel=0.1)
    assert level_of(880, said, 1.05, 2) < 0.01
    assert abs(len(said) - 2 * RATE) <= 1024


def test_the_encoded_song_is_proved_to_lie_where_it_does_in_its_source(
    workspace: Space, tmp_path: Path
) -> None:
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, (4 * RATE, 2))
    space = workspace(song=wav(tmp_path / "s.wav", noise))

    run(SongOrder(Sound("song", 500_000, 3 * RATE, 0, "192k", None), "song.mp4"), space)
    proof = read_song_proof(space.kept["song.json"].read_bytes())

    assert [lag.at_ms for lag in proof.lags] == [0, 500, 1000]
    assert max(abs(lag.lag_ms) for lag in proof.lags) < 1


def test_a_song_that_is_encoded_is_not_silent_meanwhile(
    workspace: Space, tmp_path: Path, reports: list[tuple[int, str, str]]
) -> None:
    heard(plain(2), workspace(song=wav(tmp_path / "s.wav", tone(440, 2))))

    begun, *going = [percent for percent, stage, _ in reports if stage == "encoding"]
    assert begun == 80
    assert going and max(going) > 80


@pytest.mark.parametrize("target", [-14, -16, -23])
def test_the_sound_is_brought_to_its_loudness(
    workspace: Space, tmp_path: Path, target: int
) -> None:
    song = wav(tmp_path / "s.wav", tone(440, 4, 0.05) + tone(1000, 4, 0.03))
    space = workspace(song=song)

    heard(plain(4, loudness_lufs=target), space)

    assert loudness_lufs(space.kept["song.mp4"]) == pytest.approx(target, abs=0.5)


def test_a_loud_peak_is_held_below_full_scale_and_not_moved(
    workspace: Space, tmp_path: Path
) -> None:
    quiet = tone(440, 4, 0.02)
    quiet[2 * RATE : 2 * RATE + 30] = 0.9
    song = wav(tmp_path / "s.wav", quiet)

    said = heard(plain(4, loudness_lufs=-14), workspace(song=song))

    assert np.abs(said).max() < 1
    assert abs(int(np.abs(said).argmax()) - 2 * RATE) < RATE // 1000 * 2


def test_no_true_peak_of_a_song_brought_to_its_loudness_is_above_minus_one_decibel(
    workspace: Space, tmp_path: Path
) -> None:
    hiss = 0.9 * np.sign(np.random.default_rng(2).uniform(-1, 1, 2 * RATE))
    hiss[np.arange(len(hiss)) % 12_000 > 900] = 0
    space = workspace(song=wav(tmp_path / "s.wav", hiss))

    heard(plain(2, loudness_lufs=-14), space)

    assert 0.5 < true_peak(space.kept["song.mp4"]) <= 10 ** (-1 / 20)


def test_silence_stays_silence_however_loud_it_should_be(workspace: Space, tmp_path: Path) -> None:
    song = wav(tmp_path / "s.wav", np.zeros(2 * RATE))

    said = heard(plain(2, loudness_lufs=-14), workspace(song=song))

    assert np.abs(said).max() < 1e-3


def clip_of(first_s: float, seconds: float, **wishes: object) -> ClipSound:
    """A showing of the clip, from half a second into its file."""
    sound = {"speed": Fraction(1), "rise_samples": 441, "fall_samples": 441, **wishes}
    return ClipSound(
        "clip", "sha", "wav", 0, 500_000,
        first_sample=round(first_s * RATE), samples=round(seconds * RATE), **sound,
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize("gain_db", [-12.0, 0.0])
def test_a_clip_is_heard_while_it_is_shown_and_the_song_steps_back(
    workspace: Space, tmp_path: Path, gain_db: float
) -> None:
    song = wav(tmp_path / "s.wav", tone(440, 6))
    clip = wav(tmp_path / "c.wav", tone(1500, 4, 0.3))
    sound = plain(6, clips=(clip_of(2, 2),), clips_gain_db=gain_db)

    said = heard(sound, workspace(song=song, clip=clip))

    assert level_of(1500, said, 0, 1.99) < 0.002
    assert level_of(1500, said, 4.01, 6) < 0.002
    assert level_of(1500, said, 2.1, 3.9) == pytest.approx(0.3 * 10 ** (gain_db / 20), rel=0.1)
    assert level_of(440, said, 0.2, 1.9) == pytest.approx(0.2, rel=0.05)
    assert level_of(440, said, 3, 3.9) < 0.15


def test_a_clip_of_one_channel_is_as_loud_as_one_of_two_that_are_alike(
    workspace: Space, tmp_path: Path
) -> None:
    song = wav(tmp_path / "s.wav", np.zeros(3 * RATE))
    alone = wav(tmp_path / "c.wav", tone(1000, 3))
    both = wav(tmp_path / "o.wav", np.column_stack([tone(1000, 3)] * 2))
    clips = (clip_of(0, 1, is_mono=True), replace(clip_of(1, 1), key="other"))

    said = heard(plain(2, clips=clips), workspace(song=song, clip=alone, other=both))

    assert level_of(1000, said, 1.2, 1.8) > 0.2
    assert level_of(1000, said, 0.2, 0.8) == pytest.approx(level_of(1000, said, 1.2, 1.8), rel=0.02)


def test_clips_that_meet_in_a_transition_both_sound(workspace: Space, tmp_path: Path) -> None:
    song = wav(tmp_path / "s.wav", np.zeros(4 * RATE))
    clip, other = wav(tmp_path / "c.wav", tone(700, 4)), wav(tmp_path / "o.wav", tone(1900, 4))
    second = ClipSound("other", "sha", "wav", 0, 0, Fraction(1), RATE, 3 * RATE, RATE, 441)
    sound = plain(4, clips=(clip_of(0, 2, fall_samples=RATE), second))

    said = heard(sound, workspace(song=song, clip=clip, other=other))

    assert level_of(700, said, 0.1, 0.9) == pytest.approx(0.2, rel=0.1)
    for pitch_hz in (700, 1900):
        assert level_of(pitch_hz, said, 1.4, 1.6) == pytest.approx(0.1, rel=0.15)
    assert level_of(700, said, 2.1, 4) < 0.002


@pytest.mark.parametrize("at_once", [RATE // 7, RATE])
def test_a_long_clip_is_laid_in_parts_that_nobody_hears(
    workspace: Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    clip = wav(tmp_path / "c.wav", tone(700, 4))
    falling = clip_of(-0.3, 2, fall_samples=RATE)
    sound = plain(4, clips=(falling, clip_of(1, 2.9), clip_of(3, 1.5)))

    whole = lay_bed(sound, {"clip": clip}, workspace()).read_bytes()
    monkeypatch.setattr(bed, "AT_ONCE", at_once)
    in_parts = lay_bed(sound, {"clip": clip}, workspace()).read_bytes()

    assert len(whole) == 44 + 4 * 4 * RATE
    assert in_parts == whole


def test_slow_motion_keeps_the_pitch(workspace: Space, tmp_path: Path) -> None:
    song = wav(tmp_path / "s.wav", np.zeros(3 * RATE))
    clip = wav(tmp_path / "c.wav", tone(1000, 2))
    sound = plain(3, clips=(clip_of(0, 3, speed=Fraction(1, 2)),))

    said = heard(sound, workspace(song=song, clip=clip))

    assert level_of(1000, said, 0.3, 2.8) > 0.1
    assert level_of(500, said, 0.3, 2.8) < 0.03


@pytest.mark.parametrize("speed", [Fraction(1, 2), Fraction(4, 5), Fraction(2)])
def test_a_clap_is_heard_when_it_is_seen_at_any_speed(
    workspace: Space, tmp_path: Path, speed: Fraction
) -> None:
    song = wav(tmp_path / "s.wav", np.zeros(2 * RATE))
    claps = np.zeros(3 * RATE)
    claps[RATE : RATE + 441] = tone(3000, 0.01)
    clip = wav(tmp_path / "c.wav", claps)
    sound = plain(2, clips=(clip_of(0, 2, speed=speed),))

    said = heard(sound, workspace(song=song, clip=clip))

    energy = (said**2).reshape(len(said), -1).sum(axis=1)
    middle_s = float((energy * np.arange(len(energy))).sum() / energy.sum() / RATE)
    assert middle_s == pytest.approx(0.5 / float(speed) + 0.005, abs=0.015)


def test_sound_that_breaks_off_is_silence_from_there(workspace: Space, tmp_path: Path) -> None:
    song = wav(tmp_path / "s.wav", np.zeros(3 * RATE))
    clip = wav(tmp_path / "c.wav", tone(1000, 1.5))
    sound = plain(3, clips=(clip_of(0, 3),))

    said = heard(sound, workspace(song=song, clip=clip))

    assert level_of(1000, said, 0.1, 0.9) == pytest.approx(0.2, rel=0.1)
    assert level_of(1000, said, 1.1, 2.9) < 0.002
    assert abs(len(said) - 3 * RATE) <= 1024
