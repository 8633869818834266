"""The demo's song: 24 bars at 112 BPM, composed and played here, so that it may be given away.

Intro, build, drop, break, drop: drums come from `songs`, bass, plucks and pads are added up from
saw waves, and the kick ducks them. Seconds and samples only; nothing of BeatStitch.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

from songs import HAT, KICK, SAMPLE_RATE, SNARE, write_wav

Sound = NDArray[np.float64]

BPM = 112
BEAT_S = 60 / BPM
BAR_S = 4 * BEAT_S
BARS = 24
# Per section: first bar, bars, and who plays.
SECTIONS = (
    (0, 4, {"pad", "pluck"}),
    (4, 4, {"pad", "pluck", "kick", "hat"}),
    (8, 8, {"pad", "pluck", "kick", "snare", "hat", "bass"}),
    (16, 2, {"pad", "lead"}),
    (18, 6, {"pad", "pluck", "kick", "snare", "hat", "bass", "lead"}),
)
# A minor, F, C, G: root of the bass and the three notes above it, in semitones from A2 (110 Hz).
CHORDS = ((0, (12, 15, 19)), (-4, (8, 12, 15)), (3, (10, 15, 19)), (-2, (10, 14, 17)))
MELODY = (24, 22, 19, 22, 20, 19, 15, 19, 22, 19, 15, 12, 14, 17, 22, 26)


def compose(path: Path) -> None:
    """Write the song as a stereo WAV of about 53 s."""
    length = round((BARS * BAR_S + 2) * SAMPLE_RATE)
    drums = np.zeros(length)
    music = np.zeros((length, 2))
    duck = np.ones(length)
    for first, bars, players in SECTIONS:
        for bar in range(first, first + bars):
            _play_drums(drums, duck, bar, players)
            _play_music(music, bar, players)
    end = round(BARS * BAR_S * SAMPLE_RATE)
    _add(music, _pad(CHORDS[0][1], 2.0), end)
    _add(drums, KICK, end)
    wet = np.column_stack([fftconvolve(music[:, side], _room(side))[:length] for side in (0, 1)])
    mixed = (music + 0.25 * wet) * duck[:, None] + drums[:, None] * 0.9
    fade = np.minimum(1, np.arange(length)[::-1] / SAMPLE_RATE)
    write_wav(path, np.tanh(1.1 * mixed / np.quantile(np.abs(mixed), 0.999)) * fade[:, None] * 0.9)


def _play_drums(drums: Sound, duck: Sound, bar: int, players: set[str]) -> None:
    for beat in range(4):
        at = _sample(bar * BAR_S + beat * BEAT_S)
        if "kick" in players:
            _add(drums, KICK, at)
            pump = 1 - 0.65 * np.exp(-np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE / 0.09)
            stretch = duck[at : at + len(pump)]
            np.minimum(stretch, pump[: len(stretch)], out=stretch)
        if "snare" in players and beat % 2:
            _add(drums, SNARE, at)
        if "hat" in players:
            for eighth in range(2):
                _add(drums, HAT * (0.6 + 0.4 * eighth), at + _sample(eighth * BEAT_S / 2))
    if bar in (7, 17):
        for hit in range(8):
            _add(drums, SNARE * (0.2 + hit / 14), _sample((bar + 0.5 + hit / 16) * BAR_S))


def _play_music(music: Sound, bar: int, players: set[str]) -> None:
    root, notes = CHORDS[bar % 4]
    if "pad" in players:
        _add(music, _pad(notes, BAR_S), _sample(bar * BAR_S))
    for eighth in range(8):
        at = _sample(bar * BAR_S + eighth * BEAT_S / 2)
        if "pluck" in players:
            note = notes[(0, 2, 1, 2, 0, 1, 2, 1)[eighth]] + 12
            _add(music, _pluck(note, 0.3) * (0.5, 0.35)[eighth % 2], at, (eighth % 3 - 1) * 0.5)
        if "bass" in players and eighth % 2:
            _add(music, _bass(root, BEAT_S / 2), at)
    if "lead" in players:
        for beat in range(4):
            note = MELODY[(bar * 4 + beat) % len(MELODY)]
            _add(music, _pluck(note, 0.8) * 0.5, _sample(bar * BAR_S + beat * BEAT_S), 0.2)


@cache
def _pad(notes: tuple[int, ...], duration_s: float) -> Sound:
    t = _time(duration_s + 0.2)
    voices = sum(_saw(note + detune, t) for note in notes for detune in (-0.08, 0.0, 0.07))
    swell = np.minimum(1, t / 0.15) * np.minimum(1, (duration_s + 0.2 - t) / 0.2)
    return np.asarray(0.05 * _low_pass(np.asarray(voices), 1400) * swell)


@cache
def _pluck(note: float, duration_s: float) -> Sound:
    t = _time(duration_s)
    return 0.35 * _low_pass(_saw(note, t), 3200) * np.exp(-t / (0.3 * duration_s))


def _bass(note: float, duration_s: float) -> Sound:
    t = _time(duration_s)
    held = np.minimum(1, np.minimum(t / 0.005, (duration_s - t) / 0.02))
    return 0.5 * _low_pass(_saw(note - 12, t), 420) * held


def _saw(note: float, t: Sound) -> Sound:
    pitch_hz = 110 * 2 ** (note / 12)
    overtones = range(1, min(24, int(9000 / pitch_hz)) + 1)
    return np.asarray(sum(np.sin(2 * np.pi * k * pitch_hz * t) / k for k in overtones)) * 0.6


def _low_pass(sound: Sound, cut_hz: float) -> Sound:
    return np.asarray(sosfilt(butter(2, cut_hz, fs=SAMPLE_RATE, output="sos"), sound))


def _room(side: int) -> Sound:
    t = _time(1.4)
    echo = np.random.default_rng(5 + side).normal(size=len(t)) * np.exp(-t / 0.35)
    return np.asarray(echo / np.sqrt(np.sum(echo**2)))


def _add(sound: Sound, part: Sound, at: int, pan: float = 0.0) -> None:
    """Mix `part` in at a sample; `pan` from -1 (left) to 1, where the sound has two sides."""
    room = max(0, min(len(part), len(sound) - at))
    if sound.ndim == 1:
        sound[at : at + room] += part[:room]
    else:
        sound[at : at + room, 0] += part[:room] * (1 - max(0, pan))
        sound[at : at + room, 1] += part[:room] * (1 + min(0, pan))


def _time(duration_s: float) -> Sound:
    return np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE


def _sample(time_s: float) -> int:
    return round(time_s * SAMPLE_RATE)
