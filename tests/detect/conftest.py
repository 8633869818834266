"""Songs made by code, so that their beats are known to the sample."""

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from beatstitch.beats.grid import BeatGrid
from beatstitch.detect import analyse

RATE = 44_100
Sound = NDArray[np.float64]


def _drum(kind: str) -> Sound:
    noise = np.random.default_rng(1)
    t = np.arange(8_000) / RATE
    if kind == "kick":
        return np.sin(2 * np.pi * (50 * t + 2 * (1 - np.exp(-t * 30)))) * np.exp(-t * 18)
    if kind == "snare":
        return 0.5 * noise.standard_normal(t.size) * np.exp(-t * 25)
    return 0.3 * np.diff(noise.standard_normal(t.size), prepend=0.0) * np.exp(-t * 90)


def _bass(step: int, length_s: float) -> Sound:
    t = np.arange(int(length_s * RATE)) / RATE
    return (
        0.25 * np.sign(np.sin(2 * np.pi * (55.0, 65.4, 49.0, 73.4)[step % 4] * t)) * np.exp(-3 * t)
    )


def _mix(song: Sound, sound: Sound, time_s: float) -> None:
    start = round(time_s * RATE)
    room = song[start : start + sound.size]
    room += sound[: room.size]


def drum_song(bpm: float, length_s: float, metre: int = 4, first_s: float = 0.3) -> Sound:
    """Drums and a bass that changes with the bar; beat i lies at first_s + i · 60 / bpm."""
    song = np.zeros(int(length_s * RATE))
    beat_s = 60 / bpm
    for i in range(int((length_s - first_s) / beat_s) + 1):
        time_s = first_s + i * beat_s
        on_kick = i % metre == 0 or (metre == 4 and i % 2 == 0)
        _mix(song, _drum("kick" if on_kick else "snare"), time_s)
        _mix(song, _drum("hat"), time_s)
        _mix(song, _drum("hat"), time_s + beat_s / 2)
        _mix(song, _bass(i // metre, 0.9 * beat_s), time_s)
    return song


@pytest.fixture
def write_song(tmp_path: Path) -> Callable[[Sound], Path]:
    """Writes sound, any height, as the WAV that detectors take: 16 bit, 44.1 kHz, stereo."""

    def write(sound: Sound) -> Path:
        path = tmp_path / "song.wav"
        level = 0.8 * 32_767 / max(float(np.abs(sound).max(initial=0.0)), 1e-9)
        samples = np.repeat((sound * level).astype("<i2")[:, None], 2, axis=1)
        with wave.open(str(path), "wb") as song:
            song.setnchannels(2)
            song.setsampwidth(2)
            song.setframerate(RATE)
            song.writeframes(samples.tobytes())
        return path

    return write


Hear = Callable[..., BeatGrid]


@pytest.fixture
def hear(write_song: Callable[[Sound], Path]) -> Hear:
    """Analyses sound from memory, as the beat job would."""

    def heard(sound: Sound, detector: str = "auto", **how: float | None) -> BeatGrid:
        return analyse(
            write_song(sound),
            duration_us=sound.size * 1_000_000 // RATE,
            checksum="sha256:00",
            detector=detector,
            **how,
            on_progress=lambda percent, message: None,
        )

    return heard


@pytest.fixture
def drums() -> Callable[..., Sound]:
    """The maker of drum songs."""
    return drum_song
