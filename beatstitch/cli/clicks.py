"""A song with a click on every beat, to hear whether its grid is right; higher where bars begin."""

import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from beatstitch.beats.grid import Beat, BeatGrid

# So that a click is heard over a loud song, and both together stay below full scale.
_SONG_LEVEL, _CLICK_LEVEL = 0.45, 0.5
_BEAT_HZ, _BAR_HZ, _CLICK_S = 1_000, 2_000, 0.03
_BLOCK = 1 << 18

Sound = NDArray[np.float64]


def write_clicks(
    grid: BeatGrid, song: Path, place: Path, start_us: int = 0, length_us: int | None = None
) -> None:
    """Write the song, or a part of it, with its clicks as a 16-bit WAV; a click begins with the
    sample that the beat lies on. `song` is the song's PCM."""
    with wave.open(str(song), "rb") as source, wave.open(str(place), "wb") as out:
        rate, channels = source.getframerate(), source.getnchannels()
        first = _sample(start_us, rate)
        wanted = source.getnframes() - first
        if length_us is not None:
            wanted = min(wanted, _sample(length_us, rate))
        source.setpos(first)
        out.setparams(source.getparams())
        for begin in range(first, first + wanted, _BLOCK):
            count = min(_BLOCK, first + wanted - begin)
            data = np.frombuffer(source.readframes(count), "<i2").reshape(-1, channels)
            mixed = _SONG_LEVEL * data + 32_767 * _clicks(grid.beats, begin, len(data), rate)
            out.writeframes(np.clip(np.round(mixed), -32_768, 32_767).astype("<i2").tobytes())


def _clicks(beats: Iterable[Beat], begin: int, count: int, rate: int) -> Sound:
    """The clicks that sound within so many samples, shape (count, 1)."""
    sound = np.zeros((count, 1))
    beat_click, bar_click = _click(_BEAT_HZ, rate), _click(_BAR_HZ, rate)
    for beat in beats:
        click = bar_click if beat.is_downbeat else beat_click
        at = _sample(beat.time_us, rate) - begin
        if -len(click) < at < count:
            heard = click[max(0, -at) : count - at]
            sound[max(0, at) : max(0, at) + len(heard), 0] = heard
    return sound


def _click(hz: int, rate: int) -> Sound:
    t = np.arange(round(_CLICK_S * rate)) / rate
    return np.asarray(_CLICK_LEVEL * np.cos(2 * np.pi * hz * t) * np.exp(-5 * t / _CLICK_S))


def _sample(time_us: int, rate: int) -> int:
    return round(time_us * rate / 1_000_000)
