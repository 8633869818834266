"""What the networks see of the sound: three logarithmic spectrograms and how they rise.

The numbers are those the networks were trained with (Böck, Krebs, Widmer, "Joint Beat and Downbeat
Tracking with Recurrent Neural Networks", ISMIR 2016), made for many frames at a time.
"""

import numpy as np
from numpy.typing import NDArray

from beatstitch.detect.pcm import SAMPLE_RATE, Samples

HOP = 441
_WINDOWS = ((1_024, 3), (2_048, 6), (4_096, 12))  # samples, filter bands an octave
_LOWEST_HZ, _HIGHEST_HZ, _TUNING_HZ = 30.0, 17_000.0, 440.0
_CHORDS_HZ = (100.0, 2_000.0)
_BASS_HZ = 260.0  # kick drums, bass guitars and left hands lie below, other chords mostly above
# Kick and bass, what lies over them, voices, snare, hats.
_RISES_HZ = (20.0, 120.0, 400.0, 1_600.0, 6_400.0, 20_000.0)
RISES = len(_RISES_HZ) - 1
_RISE_OVER = 0.5  # a rise is counted from the frame whose window is half as high here
_BLOCK = 512

Features = NDArray[np.float32]


def frame_count(samples: int) -> int:
    """How many frames of 10 ms begin within so many samples."""
    return -(-samples // HOP)


def features(samples: Samples, start: int, stop: int) -> Features:
    """The features of frames [start, stop), shape (stop - start, 314)."""
    parts = []
    for size, bands_per_octave in _WINDOWS:
        window = np.hanning(size)
        reach = _rise_frames(window)
        first = max(start - reach, 0)
        levels = _levels(samples, first, stop, window, _filterbank(size, bands_per_octave))
        rises = np.zeros_like(levels)
        np.maximum(levels[reach:] - levels[:-reach], 0, out=rises[reach:])
        parts += [levels[start - first :], rises[start - first :]]
    return np.concatenate(parts, axis=1)


def pitch_classes(seen: Features) -> NDArray[np.float32]:
    """How much there is of C, C♯ … in each frame (counted from A), shape (frames, 12).

    From the longest window's bands, which are semitones, where chords lie.
    """
    size, bands_per_octave = _WINDOWS[-1]
    centres_hz = _centre_bins(size, bands_per_octave)[1:-1] * SAMPLE_RATE / size
    levels = seen[:, -2 * centres_hz.size : -centres_hz.size]
    classes = np.round(12 * np.log2(centres_hz / _TUNING_HZ)).astype(int) % 12
    classes[(centres_hz < _CHORDS_HZ[0]) | (centres_hz > _CHORDS_HZ[1])] = -1
    return np.stack([levels[:, classes == each].sum(axis=1) for each in range(12)], axis=1)


def bass_rises(seen: Features) -> NDArray[np.float32]:
    """How much begins to sound in the bass in each frame, shape (frames,)."""
    size, bands_per_octave = _WINDOWS[-1]
    centres_hz = _centre_bins(size, bands_per_octave)[1:-1] * SAMPLE_RATE / size
    return np.asarray(seen[:, -centres_hz.size :][:, centres_hz < _BASS_HZ].sum(axis=1))


def rises(seen: Features) -> NDArray[np.float32]:
    """How much louder each frame gets in five bands from kick to hats, shape (frames, 5).

    From the middle window, which still tells a kick from what lies over it.
    """
    (shortest, wide), (size, bands_per_octave), _ = _WINDOWS
    centres_hz = _centre_bins(size, bands_per_octave)[1:-1] * SAMPLE_RATE / size
    first = 2 * (_centre_bins(shortest, wide).size - 2) + centres_hz.size
    found = seen[:, first : first + centres_hz.size]
    bands = np.searchsorted(_RISES_HZ, centres_hz, side="right") - 1
    return np.stack([found[:, bands == each].sum(axis=1) for each in range(RISES)], axis=1)


def _levels(
    samples: Samples,
    start: int,
    stop: int,
    window: NDArray[np.float64],
    filterbank: NDArray[np.float32],
) -> Features:
    """Logarithmic magnitudes in the bands of the filterbank; a frame's window is centred on it."""
    size = window.size
    scaled = (window / np.iinfo(np.int16).max).astype(np.float32)
    levels = np.empty((stop - start, filterbank.shape[1]), np.float32)
    for begin in range(start, stop, _BLOCK):
        end = min(begin + _BLOCK, stop)
        heard = _cut(samples, begin * HOP - size // 2, (end - 1) * HOP + size // 2)
        frames = np.lib.stride_tricks.sliding_window_view(heard, size)[::HOP]
        spectrum = np.fft.rfft(frames * scaled, axis=1)[:, :-1]
        levels[begin - start : end - start] = np.abs(spectrum) @ filterbank
    levels += 1
    return np.log10(levels, out=levels)


def _cut(samples: Samples, start: int, stop: int) -> Samples:
    """Samples [start, stop), silent where the song isn't."""
    inside = samples[max(start, 0) : stop]
    return np.pad(inside, (max(-start, 0), max(stop - len(samples), 0)))


def _rise_frames(window: NDArray[np.float64]) -> int:
    half = int(np.argmax(window > _RISE_OVER * window.max()))
    return max(1, round((window.size / 2 - half) / HOP))


def _filterbank(size: int, bands_per_octave: int) -> NDArray[np.float32]:
    """Overlapping triangles of area 1 on a logarithmic scale, shape (size / 2, bands).

    Centres that fall on the same bin of the spectrum are one band.
    """
    centres = _centre_bins(size, bands_per_octave)
    bank = np.zeros((size // 2, centres.size - 2))
    for band, (start, centre, stop) in enumerate(
        zip(centres, centres[1:], centres[2:], strict=False)
    ):
        bank[start:centre, band] = np.linspace(0, 1, centre - start, endpoint=False)
        bank[centre:stop, band] = np.linspace(1, 0, stop - centre, endpoint=False)
    return np.asarray(bank / bank.sum(axis=0), dtype=np.float32)


def _centre_bins(size: int, bands_per_octave: int) -> NDArray[np.intp]:
    """The spectrum's bins nearest to the steps of the scale, from below the first band on."""
    bins_hz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)[:-1]
    low = np.ceil(np.log2(_LOWEST_HZ / _TUNING_HZ) * bands_per_octave)
    high = np.floor(np.log2(_HIGHEST_HZ / _TUNING_HZ) * bands_per_octave)
    centres_hz = _TUNING_HZ * 2 ** (np.arange(low, high + 1) / bands_per_octave)
    right = np.clip(bins_hz.searchsorted(centres_hz), 1, bins_hz.size - 1)
    nearer_left = centres_hz - bins_hz[right - 1] < bins_hz[right] - centres_hz
    return np.unique(right - nearer_left)
