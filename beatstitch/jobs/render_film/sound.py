"""Whether the song in a film lies where it lies in the source: measured by correlation."""

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from beatstitch.ffmpeg.run import Limits, Source, capture
from beatstitch.render.plan import Plan
from beatstitch.render.profile import SONG_SAMPLE_RATE
from beatstitch.render.sync import AudioLag
from beatstitch.workspace import Workspace

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


def lags(
    film: Path, pcm: Path, plan: Plan, workspace: Workspace, *, is_mixed: bool
) -> tuple[AudioLag, ...]:
    """The lag near the start, the middle and the end of the film, where there is sound to tell.

    `pcm` is the WAV that the song was encoded from. Positive: the film is late. In a film that
    `is_mixed` clips are heard too, and where they drown the song nothing is told.
    """
    found = []
    for number, at_s in enumerate(_places(float(plan.duration_s))):
        workspace.report(70 + 10 * number, "checking", "Comparing the sound with the song")
        ours = _film_samples(film, at_s, workspace)
        theirs = _song_samples(pcm, at_s + plan.song_start_us / 1e6)
        lag_ms = _lag_ms(theirs, ours, is_mixed=is_mixed)
        if lag_ms is not None:
            found.append(AudioLag(round(at_s * 1000), lag_ms))
    return tuple(found)


def _places(duration_s: float) -> Iterator[float]:
    last_s = max(0.0, duration_s - WINDOW_S)
    yield from dict.fromkeys((0.0, last_s / 2, last_s))


def _film_samples(film: Path, at_s: float, workspace: Workspace) -> Samples:
    # Decoded from the start of the file: a seek lands on a packet, and this is about milliseconds.
    raw = capture(
        [Source(film, "mov", ("-vn",))],
        (
            *("-map", "0:a:0", "-af", f"atrim=start={at_s:.6f}:duration={WINDOW_S}"),
            *("-ac", "2", "-ar", str(SONG_SAMPLE_RATE), "-f", "s16le", "pipe:1"),
        ),
        limits=Limits(timeout_s=60 + at_s),
        stop=workspace.stop,
    )
    return _mono(raw)


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
