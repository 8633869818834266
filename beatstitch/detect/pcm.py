"""The decoded song: a WAV of 16-bit samples, read as one channel."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from beatstitch.errors import MediaRejected

SAMPLE_RATE = 44_100
_BLOCK_FRAMES = 1 << 20

Samples = NDArray[np.int16]


def read(path: Path) -> Samples:
    """The song's samples, shape (frames,): the mean of its channels, as madmom mixes them.

    Raises MediaRejected for anything but 16-bit PCM at 44.1 kHz with samples in it.
    """
    try:
        with wave.open(str(path), "rb") as song:
            if (song.getsampwidth(), song.getframerate()) != (2, SAMPLE_RATE):
                raise _not_pcm()
            samples = _mixed(song)
    except (wave.Error, EOFError) as fault:
        raise _not_pcm() from fault
    if not samples.size:
        raise MediaRejected("empty_audio", "The song has no sound in it: not one sample.")
    return samples


def _mixed(song: wave.Wave_read) -> Samples:
    """Read block by block: the mean of a whole hour in float64 would take a gigabyte and more."""
    channels = song.getnchannels()
    blocks = []
    while data := song.readframes(_BLOCK_FRAMES):
        whole = len(data) // (2 * channels) * 2 * channels
        frames = np.frombuffer(data[:whole], dtype="<i2").reshape(-1, channels)
        blocks.append(frames.mean(axis=1).astype(np.int16))
    return np.concatenate(blocks) if blocks else np.empty(0, np.int16)


def _not_pcm() -> MediaRejected:
    return MediaRejected(
        "not_pcm", "The decoded song is not 16-bit PCM at 44.1 kHz; decode it again with FFmpeg."
    )
