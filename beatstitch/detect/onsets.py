"""Beats by librosa: onset strength and one tempo (Ellis, "Beat Tracking by Dynamic Programming").

No trained models and no bars: every fourth beat is taken to begin one.
"""

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from beatstitch.beats import bars
from beatstitch.beats.grid import Beat
from beatstitch.detect.heard import Heard
from beatstitch.detect.pcm import SAMPLE_RATE, Song

_RATE = 22_050
_HOP = 512
# Its beats lie late by 43 ms at the median over songs with known beats (+12 to +52 on those that it
# follows; librosa's own issue 1052 speaks of 20 to 60 ms).
_LATE_US = 40_000
# Nothing that was tried tells its good songs from its bad ones, so that every song gets this.
_CONFIDENCE = 0.7
# What `pulse` gives: noise 0.20 to 0.31, speech-like sound 0.27, drums under noise 0.70 and more.
_NO_PULSE = 0.35


def hear(song: Song, bpm_hint: float | None, on_progress: Callable[[float], None]) -> Heard:
    """Follow the song's beats at one tempo, near `bpm_hint` where it is given."""
    import librosa

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sound = librosa.resample(
            song.samples().astype(np.float32) / 32_768, orig_sr=SAMPLE_RATE, target_sr=_RATE
        )
        strength = librosa.onset.onset_strength(y=sound, sr=_RATE, hop_length=_HOP)
        _, frames = librosa.beat.beat_track(
            onset_envelope=strength,
            sr=_RATE,
            hop_length=_HOP,
            bpm=bpm_hint,
            trim=False,
        )
    times_us = [int(frame) * _HOP * 1_000_000 // _RATE - _LATE_US for frame in frames]
    return Heard(
        beats=tuple(
            Beat(time_us, bars.derived_number(i), _CONFIDENCE)
            for i, time_us in enumerate(t for t in times_us if t >= 0)
        ),
        beats_per_bar=bars.DERIVED_BEATS_PER_BAR,
        downbeat_source="derived",
        bpm_confidence=_CONFIDENCE,
        downbeat_confidence=0.0,
        has_beat=len(frames) > 1 and pulse(strength, frames) > _NO_PULSE,
        is_calibrated=False,
    )


def pulse(strength: NDArray[np.float32], frames: NDArray[np.intp]) -> float:
    """How much more alike the onset strength is one beat later than at the worst shorter shift.

    About 0 for noise and for a swelling drone (alike at every shift), up to 1 for a machine.
    """
    lag = int(np.median(np.diff(frames)))
    swing = strength - strength.mean()
    power = float(swing @ swing)
    if not power:
        return 0.0
    alike = [float(swing[shift:] @ swing[:-shift]) / power for shift in range(1, lag + 1)]
    return alike[-1] - min(alike)
