"""Whether what was followed is the beat, or every second of it is, or its half.

The decoder follows whatever pulse is clearest, and that is often not what people tap (Moelants,
McKinney, "Tempo perception and musical content", 2004: which one they tap follows from tempo,
strokes and metre). Half and double are each given a probability by a weighing of the signs, which
`bench/levels.py` finds on songs of known beats. Slow 6/8, which comes out at three times its tempo,
is told in `metre.py`.
"""

from dataclasses import dataclass

import numpy as np

from beatstitch.detect.decode import Path
from beatstitch.detect.level_table import BIASES, TABLE
from beatstitch.detect.networks import Impression
from beatstitch.detect.signs import signs

# Further from its mean than this a sign says no more; songs stranger than those that were weighed
# shall not be decided by one.
FURTHEST = 3.0
ENOUGH_BEATS = 16
COUNTED_BPM = (55.0, 200.0)
"""Where moves end. Beyond, they were wrong as often as right on songs made by code, and two real
songs, at 87 and 113 BPM, were taken to 44 and 226."""


@dataclass(frozen=True, slots=True)
class Move:
    """A change of level, the tempi at which it is thought of, and how likely it must be."""

    name: str
    factor: float
    slowest_bpm: float
    fastest_bpm: float
    at_least: float

    def is_made(self, path: Path, likelihood: float) -> bool:
        """Whether it is likely enough, and ends among the tempi that a song is ever counted at."""
        slowest_bpm, fastest_bpm = COUNTED_BPM
        return likelihood > self.at_least and slowest_bpm <= path.bpm() * self.factor <= fastest_bpm

    def fits(self, path: Path) -> bool:
        """Whether a path may be meant at all."""
        return self.slowest_bpm <= path.bpm() <= self.fastest_bpm


# Moving costs every beat of a song that was right, so it takes more than even chances. Double took
# more: below 0.7 it broke five songs and mended three, of styles that the table hadn't seen.
MOVES = (Move("half", 1 / 2, 88.0, 230.0, 0.55), Move("double", 2.0, 50.0, 128.0, 0.7))


@dataclass(frozen=True, slots=True)
class Level:
    """What to multiply a path's tempo by, and how likely that gives the level people tap, 0–1."""

    factor: float
    confidence: float


def judged(impression: Impression, path: Path) -> Level:
    """The most likely level of a path's beats."""
    if len(path.frames) < ENOUGH_BEATS:
        return Level(1.0, 1.0)
    likely = likelihoods(signs(impression, path), path)
    best = max(likely, key=lambda move: likely[move], default=None)
    if best is None:
        return Level(1.0, 1.0)
    if best.is_made(path, likely[best]):
        return Level(best.factor, likely[best])
    return Level(1.0, 1.0 - likely[best])


def likelihoods(found: dict[str, float], path: Path) -> dict[Move, float]:
    """How likely each move is that fits."""
    names = sorted(found)
    mean, spread, *weights = np.array([TABLE[name] for name in names]).T
    seen = np.clip((np.array([found[name] for name in names]) - mean) / spread, -FURTHEST, FURTHEST)
    return {
        move: float(1 / (1 + np.exp(-(seen @ weight + bias))))
        for move, weight, bias in zip(MOVES, weights, BIASES, strict=True)
        if move.fits(path)
    }
