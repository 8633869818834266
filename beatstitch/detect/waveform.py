"""The outline of a song: the least and the greatest sample of each stretch, at several zoom levels.

What a page draws a waveform from, without the song itself.
"""

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beatstitch.detect.pcm import SAMPLE_RATE, Song

VERSION = "1.0"
# 12 ms a point, then four times as much each: at 1,600 px the last shows 20 minutes.
STRETCHES = (512, 2_048, 8_192, 32_768)
_BLOCK = 1 << 20
_ZOOM = 4

Points = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Level:
    """The outline with so many samples a point; `least` and `most` are -128 to 127."""

    stretch: int
    least: Points
    most: Points


def outline(song: Song) -> tuple[Level, ...]:
    """The song's outline, finest level first; both channels together, a block at a time."""
    size = -(-song.length // STRETCHES[0])
    level = Level(STRETCHES[0], np.empty(size, np.int8), np.empty(size, np.int8))
    for start in range(0, song.length, _BLOCK):
        heard = song.samples(start, start + _BLOCK)
        at = np.arange(0, heard.size, level.stretch)
        place = slice(start // level.stretch, start // level.stretch + at.size)
        level.least[place] = np.minimum.reduceat(heard, at) >> 8
        level.most[place] = np.maximum.reduceat(heard, at) >> 8
    levels = [level]
    for stretch in STRETCHES[1:]:
        at = np.arange(0, levels[-1].least.size, _ZOOM)
        levels.append(
            Level(
                stretch,
                np.minimum.reduceat(levels[-1].least, at),
                np.maximum.reduceat(levels[-1].most, at),
            )
        )
    return tuple(levels)


def dumps(song: Song) -> str:
    """The outline's file: one line of JSON, about 45 kB a minute."""
    return json.dumps(
        {
            "version": VERSION,
            "sample_rate": SAMPLE_RATE,
            "duration_ms": round(song.length * 1000 / SAMPLE_RATE),
            "levels": [
                {
                    "samples_per_point": level.stretch,
                    "min": level.least.tolist(),
                    "max": level.most.tolist(),
                }
                for level in outline(song)
            ],
        },
        separators=(",", ":"),
    )
