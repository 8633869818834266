"""The decoded song: a WAV of 16-bit samples, heard as one channel, read a stretch at a time."""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from beatstitch.errors import MediaRejected

SAMPLE_RATE = 44_100
# Mixing goes through wider numbers: a whole hour at once would take a gigabyte and more.
_BLOCK = 1 << 20

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Song:
    """A WAV on disk, of so many channels and so many samples in each of them."""

    path: Path
    channels: int
    length: int

    def samples(self, start: int = 0, stop: int | None = None) -> Samples:
        """Samples [start, stop) as the mean of the channels, rounded towards 0 as madmom does."""
        stop = self.length if stop is None else min(stop, self.length)
        heard = np.empty(max(stop - start, 0), np.int16)
        with wave.open(str(self.path), "rb") as song:
            song.setpos(start)
            for begin in range(0, heard.size, _BLOCK):
                end = min(begin + _BLOCK, heard.size)
                data = np.frombuffer(song.readframes(end - begin), dtype="<i2")
                heard[begin:end] = _mixed(data.reshape(-1, self.channels))
        return heard


def _mixed(data: Samples) -> NDArray[np.int32] | NDArray[np.float64]:
    """The mean of the channels. Two of them, which a song has, are added as whole numbers: a sixth
    of the CPU that a mean takes, for the same numbers."""
    if data.shape[1] != 2:
        return np.asarray(data.mean(axis=1))
    total = data[:, 0].astype(np.int32) + data[:, 1]
    total += total < 0
    total >>= 1
    return total


def opened(path: Path) -> Song:
    """The song in a WAV.

    Raises MediaRejected for anything but whole 16-bit PCM at 44.1 kHz with samples in it.
    """
    try:
        with wave.open(str(path), "rb") as song:
            channels, length = song.getnchannels(), song.getnframes()
            is_ours = (song.getsampwidth(), song.getframerate()) == (2, SAMPLE_RATE)
            is_whole = path.stat().st_size >= length * channels * 2
    except (wave.Error, EOFError) as fault:
        raise _not_pcm() from fault
    if not (is_ours and is_whole):
        raise _not_pcm()
    if not length:
        raise MediaRejected("empty_audio", "The song has no sound in it: not one sample.")
    return Song(path, channels, length)


def _not_pcm() -> MediaRejected:
    return MediaRejected(
        "not_pcm", "The decoded song is not 16-bit PCM at 44.1 kHz; decode it again with FFmpeg."
    )
