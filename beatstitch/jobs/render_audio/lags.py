"""Whether the encoded song lies where it lies in its source: measured by correlation, once. The
film's sound is held against the encoded song packet by packet."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from beatstitch.render.profile import SONG_SAMPLE_RATE
from beatstitch.render.proof import AudioLag
from beatstitch.render.sound import Sound

WINDOW_S = 2
# Looked for this far to either side; a lag beyond it would show as no likeness at all.
REACH_S = 0.2
# Below this share of full scale there is nothing to hear a lag in.
QUIET = 1e-3
# Under clips that are louder than the song the likeness of noise peaks anywhere, at four times its
# spread; the song's own peak, where it can be heard, is far above that.
STANDS_OUT = 8
STEREO_S16_BYTES = 4
Samples = np.ndarray[tuple[int], np.dtype[np.float64]]


def windows_s(sound: Sound) -> tuple[tuple[float, float], ...]:
    """Where it is listened to: near its start, its middle and its end, for so long."""
    last_s = max(0.0, sound.duration_s - WINDOW_S)
    return tuple((at_s, WINDOW_S) for at_s in dict.fromkeys((0.0, last_s / 2, last_s)))


def lags(
    heard: Sequence[bytes], windows: Sequence[tuple[float, float]], pcm: Path, sound: Sound
) -> tuple[AudioLag, ...]:
    """The lag in each of the windows, where there is sound to tell.

    `heard` is the encoded sound in them, `pcm` the WAV that it was encoded from. Positive: it is
    late. Where clips are heard too and drown the song, nothing is told.
    """
    found = []
    for raw, (at_s, _) in zip(heard, windows, strict=True):
        theirs = _song_samples(pcm, at_s + sound.start_us / 1e6)
        lag_ms = _lag_ms(theirs, _mono(raw), is_mixed=bool(sound.clips))
        if lag_ms is not None:
            found.append(AudioLag(round(at_s * 1000), lag_ms))
    return tuple(found)


def _song_samples(pcm: Path, at_s: float) -> Samples:
    with wave.open(str(pcm), "rb") as song:
        song.setpos(min(round(at_s * SONG_SAMPLE_RATE), song.getnframes()))
        return _mono(song.readframes(WINDOW_S * SONG_SAMPLE_RATE))


def _mono(raw: bytes) -> Samples:
    whole = raw[: len(raw) // STEREO_S16_BYTES * STEREO_S16_BYTES]
    samples: Samples = np.frombuffer(whole, "<i2").reshape(-1, 2).mean(axis=1) / 32768
    return samples


def _lag_ms(theirs: Samples, ours: Samples, *, is_mixed: bool) -> float | None:
    """Where the cross-correlation by FFT peaks, to the sample; None for silence, and for a mix in
    which no peak stands out."""
    if len(theirs) == 0 or len(ours) == 0 or min(theirs.std(), ours.std()) < QUIET:
        return None
    size = 1 << (len(theirs) + len(ours)).bit_length()
    spectrum = np.fft.rfft(ours, size) * np.conj(np.fft.rfft(theirs, size))
    # Whitened in part (PHAT to the half): a steady bass note alone would peak once a period.
    likeness = np.fft.irfft(spectrum / np.sqrt(np.abs(spectrum) + 1e-12), size)
    reach = int(REACH_S * SONG_SAMPLE_RATE)
    around = np.concatenate((likeness[-reach:], likeness[: reach + 1]))
    if is_mixed and around.max() < STANDS_OUT * around.std():
        return None
    return round((int(np.argmax(around)) - reach) * 1000 / SONG_SAMPLE_RATE, 3)
