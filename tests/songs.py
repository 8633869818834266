"""Songs with known truth: drums whose every beat is known to the sample.

Kick, snare and hats in a plain pattern that both detectors follow, with steps of tempo, lead-in,
silence and noise. Times are integer microseconds from the first sample. WAV is written here; any
other format comes from that WAV by FFmpeg. This file knows nothing of BeatStitch.
"""

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from footage import ffmpeg

Sound = NDArray[np.float64]

SAMPLE_RATE = 44_100
ENCODERS: dict[str, tuple[str, ...]] = {
    ".mp3": ("-c:a", "libmp3lame", "-b:a", "192k"),
    ".m4a": ("-c:a", "aac", "-b:a", "192k"),
    ".flac": ("-c:a", "flac"),
    ".ogg": ("-c:a", "libvorbis", "-q:a", "5"),
    ".opus": ("-c:a", "libopus", "-b:a", "128k"),
}


@dataclass(frozen=True, slots=True)
class Song:
    """A song on disk and the truth about it."""

    path: Path
    beats_us: tuple[int, ...]
    beats_per_bar: int
    duration_us: int

    @property
    def downbeats_us(self) -> tuple[int, ...]:
        """The beats that begin a bar."""
        return self.beats_us[:: self.beats_per_bar]


def drum_song(
    path: Path,
    *,
    bpm: float = 120,
    bars: int = 8,
    beats_per_bar: int = 4,
    lead_in_s: float = 0.5,
    tail_s: float = 0.5,
    then: Sequence[tuple[float, int]] = (),
    subdivision: int = 2,
) -> Song:
    """Drums: kick on 1 (and on 3 of 4), snare between, hats on every `subdivision`-th of a beat.

    `then` are further (bpm, bars): a song whose tempo steps. `subdivision` 3 with two beats per bar
    is 6/8. The song ends `tail_s` after the end of its last bar.
    """
    starts, lengths = _beats([(bpm, bars), *then], beats_per_bar, lead_in_s)
    end_s = starts[-1] + lengths[-1] + tail_s
    sound = np.zeros(round(end_s * SAMPLE_RATE))
    for index, (start_s, length_s) in enumerate(zip(starts, lengths, strict=True)):
        in_bar = index % beats_per_bar
        is_kick = in_bar == 0 or (beats_per_bar == 4 and in_bar == 2)
        _add(sound, KICK * (1.0 if in_bar == 0 else 0.8) if is_kick else SNARE, start_s)
        if in_bar == 0:
            _add(sound, _bass(min(0.9 * length_s, 0.5)), start_s)
        for step in range(subdivision):
            _add(sound, HAT, start_s + step * length_s / subdivision)
    return _written(path, sound, starts, beats_per_bar)


def click_track(
    path: Path,
    bpm: float = 120,
    bars: int = 8,
    beats_per_bar: int = 4,
    lead_in_s: float = 0.5,
    tail_s: float = 0.5,
) -> Song:
    """Bare clicks, higher on the first of each bar: the sharpest attacks, the least music."""
    starts, lengths = _beats([(bpm, bars)], beats_per_bar, lead_in_s)
    sound = np.zeros(round((starts[-1] + lengths[-1] + tail_s) * SAMPLE_RATE))
    for index, start_s in enumerate(starts):
        _add(sound, CLICK_HIGH if index % beats_per_bar == 0 else CLICK_LOW, start_s)
    return _written(path, sound, starts, beats_per_bar)


def silence(path: Path, duration_s: float = 8) -> Song:
    """A song in which nothing sounds."""
    return _written(path, np.zeros(round(duration_s * SAMPLE_RATE)), [], 4)


def noise(path: Path, duration_s: float = 8, seed: int = 1) -> Song:
    """A song of even white noise: sound without a beat."""
    random = np.random.default_rng(seed)
    return _written(path, random.uniform(-0.3, 0.3, round(duration_s * SAMPLE_RATE)), [], 4)


def encoded(song: Song, path: Path, *options: str) -> Song:
    """The same song in the format of `path`; `options` go to FFmpeg before the output."""
    ffmpeg("-i", song.path, *ENCODERS[path.suffix], *options, path)
    return Song(path, song.beats_us, song.beats_per_bar, song.duration_us)


def write_wav(path: Path, sound: Sound) -> None:
    """Mono (n) or stereo (n, 2) sound within ±1 as 16-bit PCM."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1 if sound.ndim == 1 else sound.shape[1])
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def _beats(
    tempos: Sequence[tuple[float, int]], beats_per_bar: int, lead_in_s: float
) -> tuple[list[float], list[float]]:
    lengths = [60 / bpm for bpm, bars in tempos for _ in range(bars * beats_per_bar)]
    ends = lead_in_s + np.cumsum(lengths)
    return [lead_in_s, *ends[:-1].tolist()], lengths


def _written(path: Path, sound: Sound, starts_s: Sequence[float], beats_per_bar: int) -> Song:
    wav = path.with_suffix(".wav")
    write_wav(wav, sound * 0.8 / max(1.0, np.abs(sound).max(initial=0)))
    beats_us = tuple(
        round(round(start * SAMPLE_RATE) * 1_000_000 / SAMPLE_RATE) for start in starts_s
    )
    song = Song(wav, beats_us, beats_per_bar, round(len(sound) * 1_000_000 / SAMPLE_RATE))
    return song if path.suffix == ".wav" else encoded(song, path)


def _add(sound: Sound, hit: Sound, start_s: float) -> None:
    at = round(start_s * SAMPLE_RATE)
    room = max(0, min(len(hit), len(sound) - at))
    sound[at : at + room] += hit[:room]


def _time(duration_s: float) -> Sound:
    return np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE


def _kick() -> Sound:
    t = _time(0.25)
    return np.sin(2 * np.pi * (45 * t + 4.5 * (1 - np.exp(-t / 0.03)))) * np.exp(-t / 0.08)


def _snare() -> Sound:
    t = _time(0.18)
    rattle = np.random.default_rng(2).uniform(-1, 1, len(t)) * np.exp(-t / 0.05)
    return 0.5 * rattle + 0.4 * np.sin(2 * np.pi * 190 * t) * np.exp(-t / 0.04)


def _hat() -> Sound:
    t = _time(0.06)
    hiss = np.random.default_rng(3).uniform(-1, 1, len(t))
    return 0.25 * np.diff(hiss, prepend=0.0) * np.exp(-t / 0.015)


def _click(pitch_hz: float) -> Sound:
    t = _time(0.03)
    return 0.8 * np.cos(2 * np.pi * pitch_hz * t) * np.exp(-t / 0.008)


def _bass(duration_s: float) -> Sound:
    t = _time(duration_s)
    return 0.3 * np.sin(2 * np.pi * 82.4 * t) * np.exp(-t / 0.25)


KICK, SNARE, HAT = _kick(), _snare(), _hat()
CLICK_HIGH, CLICK_LOW = _click(1760), _click(880)
