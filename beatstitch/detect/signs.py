"""What a path's beats look like, for telling beats from their halves and doubles.

Every sign is a number of the whole song: how often it is struck for each beat, how beats that take
turns differ, what lies half-way between them, where chords change, how fast it is. What they mean
for the tempo isn't known here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beatstitch.detect.decode import Path
from beatstitch.detect.harmony import changes
from beatstitch.detect.networks import Impression

# Activations and rises are looked for within 30 ms of where a beat should be.
_NEAR_FRAMES = 3
# An onset is the highest rise within 40 ms either way, and twice the mean.
_APART_FRAMES = 4
_STRUCK = 2.0
# Chords are compared over 600 ms before and after.
_CHORD_FRAMES = 60
_FLOOR = 0.03
_TINY = 1e-6
_MIDDLE_BPM = 110.0
# Where the weight of tempo bends, in octaves from the middle.
_BENDS = (-0.6, -0.2, 0.1, 0.3, 0.5, 0.65, 0.8)
_BANDS = 5
_LOW, _SNARE = 0, 3

Curve = NDArray[np.floating]


def signs(impression: Impression, path: Path) -> dict[str, float]:
    """The signs by name; at least sixteen beats are needed for them to mean anything."""
    song = _Song.of(impression)
    found = {f"tempo over {bend}": max(song.octaves(path) - bend, 0.0) for bend in _BENDS}
    beats = _Beats(song, np.asarray(path.frames, np.float64))
    found |= beats.halves() | beats.turns() | song.rhythm(beats.lag)
    return found | _bars(beats, path)


@dataclass(frozen=True, slots=True)
class _Song:
    """Curves over frames: `either` and `down` from the networks, `rises` by band against their
    mean, `rise` of all bands, `onsets` counted up to each frame, `chords` how much they change."""

    either: Curve
    down: Curve
    rises: Curve
    rise: Curve
    onsets: NDArray[np.intp]
    chords: Curve

    @classmethod
    def of(cls, impression: Impression) -> "_Song":
        rises = impression.rises.astype(np.float64)
        rise = rises.sum(axis=1)
        rise = rise / (rise.mean() + _TINY)
        is_onset = (rise >= _widest(rise, _APART_FRAMES)) & (rise > _STRUCK)
        return cls(
            either=_widest(impression.activations.sum(axis=1), _NEAR_FRAMES),
            down=_widest(impression.activations[:, 1], _NEAR_FRAMES),
            rises=_widest(rises / (rises.mean(axis=0) + _TINY), _NEAR_FRAMES),
            rise=_widest(rise, _NEAR_FRAMES),
            onsets=np.cumsum(is_onset),
            chords=changes(impression.pitches, np.arange(len(impression.pitches)), _CHORD_FRAMES),
        )

    def octaves(self, path: Path) -> float:
        """How far the tempo lies from the middle of what people tap."""
        return float(np.log2(path.bpm() / _MIDDLE_BPM))

    def rhythm(self, lag: float) -> dict[str, float]:
        """How alike the song is to itself so many beats later."""
        found = {}
        for beats in (0.5, 1 / 3, 1, 1.5, 2, 3, 4, 8):
            found[f"rise again after {beats:.2g}"] = _again(self.rise, lag * beats, 1)
        for beats in (1, 2, 3, 4, 6, 8):
            found[f"downbeat again after {beats}"] = _again(self.down, lag * beats, 2)
        return found


class _Beats:
    """A song's curves at its beats and between them."""

    def __init__(self, song: _Song, frames: Curve) -> None:
        self.song = song
        self.frames = frames[:-1]
        self.gaps = np.diff(frames)
        self.lag = float(np.median(self.gaps))
        self.either, self.down, self.rise = (
            self.at(curve, 0.0) for curve in (song.either, song.down, song.rise)
        )
        self.bands = self.at(song.rises, 0.0)
        self.chords = self._changes(0.0)

    def at(self, curve: Curve, share: float) -> Curve:
        """A curve's values so far on from each beat to the next."""
        frames = np.round(self.frames + share * self.gaps).astype(np.intp)
        return np.asarray(curve[np.clip(frames, 0, len(curve) - 1)])

    def halves(self) -> dict[str, float]:
        """What lies between beats against what lies on them."""
        song = self.song
        first, last = int(self.frames[0]), int(self.frames[-1])
        struck = song.onsets[last] - song.onsets[first]
        found = {
            "onsets a beat": float(np.log((struck + 1) / len(self.frames))),
            "beat": float(self.either.mean()),
            "log beat": float(np.log(self.either + 0.01).mean()),
            "faint beats": float(np.mean(self.either < 0.3)),
            "downbeat": float(self.down.mean()),
            "beat at 1/2": _more(self.at(song.either, 0.5), self.either),
            "downbeat at 1/2": _more(self.at(song.down, 0.5), self.down),
            "beat at 1/4": _more(self._around(song.either, 0.25), self.either),
            "beat at 1/3": _more(self._around(song.either, 1 / 3), self.either),
            "rise at 1/2": _more(self.at(song.rise, 0.5), self.rise),
            "rise at 1/4": _more(self._around(song.rise, 0.25), self.rise),
            "rise at 1/3": _more(self.at(song.rise, 1 / 3), self.rise),
            "rise at 2/3": _more(self.at(song.rise, 2 / 3), self.rise),
        }
        between, quarters = self.at(song.rises, 0.5), self._around(song.rises, 0.25)
        half = [_more(between[:, band], self.bands[:, band]) for band in range(_BANDS)]
        found |= {f"band {band} at 1/2": value for band, value in enumerate(half)}
        found |= {
            f"band {band} at 1/4": _more(quarters[:, band], self.bands[:, band])
            for band in range(_BANDS)
        }
        found["rise"] = float(self.rise.mean())
        found["chords at 1/2"] = float(self._changes(0.5).mean())
        kicks = self.bands[:, _LOW]
        found["uneven kicks"] = float(kicks.std() / (kicks.mean() + 0.1))
        found["uneven beats"] = float(np.abs(self.gaps / self.lag - 1).mean())
        found["backbeat at 1/2"] = -half[_LOW] * half[_SNARE]
        found["turns at 1/2"] = abs(_turn(self.at(song.either, 0.5)))
        return found

    def turns(self) -> dict[str, float]:
        """How every second beat differs from the others, and among the stronger ones again."""
        weight = self.either + self.down
        ahead = int(weight[1::2].mean() > weight[::2].mean())
        strong, weak = slice(ahead, None, 2), slice(1 - ahead, None, 2)

        def turn(values: Curve) -> float:
            high, low = float(values[strong].mean()), float(values[weak].mean())
            return (high - low) / (high + low + 1e-3)

        bands = [turn(self.bands[:, band]) for band in range(_BANDS)]
        again = [_turn(self.bands[strong, band]) for band in range(_BANDS)]
        found = {f"band {band} takes turns": value for band, value in enumerate(bands)}
        found |= {f"band {band} turns": abs(value) for band, value in enumerate(bands)}
        found |= {f"band {band} takes turns again": abs(value) for band, value in enumerate(again)}
        found |= {f"chords every {n}": _best_start(self.chords, n) for n in (2, 3, 4, 8)}
        return found | {
            "beats take turns": turn(self.either),
            "downbeats take turns": turn(self.down),
            "rises take turns": turn(self.rise),
            "chords take turns": float(self.chords[strong].mean() - self.chords[weak].mean()),
            "weak beats": float(self.either[weak].mean()),
            "backbeat": -bands[_LOW] * bands[_SNARE],
            "backbeat again": -again[_LOW] * again[_SNARE],
            "beats take turns again": abs(_turn(self.either[strong])),
            "downbeats take turns again": abs(_turn(self.down[strong])),
            "chords on beats": float(self.chords.mean()),
        }

    def _changes(self, share: float) -> Curve:
        chords = self.song.chords
        return np.asarray((self.at(chords, share) - chords.mean()) / (chords.std() + _TINY))

    def _around(self, curve: Curve, share: float) -> Curve:
        return np.asarray((self.at(curve, share) + self.at(curve, 1 - share)) / 2)


def _bars(beats: _Beats, path: Path) -> dict[str, float]:
    """What the bars that were counted look like."""
    numbers = np.asarray(path.numbers[:-1])
    ones, threes = numbers == 1, numbers == 3
    down = beats.down[ones]
    found = {
        "in three": float(path.beats_per_bar == 3),
        "in two": float(path.beats_per_bar == 2),
        "ones": 0.0,
        "bars take turns": 0.0,
        "low bars take turns": 0.0,
        "snare bars take turns": 0.0,
        "threes": 0.0,
        "low ones": 0.0,
    }
    if len(down) < 4:
        return found
    low, snare = _turn(beats.bands[ones, _LOW]), _turn(beats.bands[ones, _SNARE])
    found |= {
        "ones": float(down.mean()),
        "bars take turns": abs(_turn(down)),
        "low bars take turns": abs(low),
        "snare bars take turns": abs(snare),
        "low ones": _more(beats.bands[ones, _LOW], beats.bands[:, _LOW]),
    }
    if path.beats_per_bar == 4 and threes.any():
        found["threes"] = _more(beats.down[threes], down)
    return found


def _more(these: Curve, those: Curve) -> float:
    return float(np.log((these.mean() + _FLOOR) / (those.mean() + _FLOOR)))


def _turn(values: Curve) -> float:
    """How far every second value lies above the others, -1 to 1."""
    if len(values) < 4:
        return 0.0
    even, odd = float(values[::2].mean()), float(values[1::2].mean())
    return (even - odd) / (even + odd + _TINY)


def _best_start(values: Curve, every: int) -> float:
    return max(float(values[start::every].mean()) for start in range(every)) - float(values.mean())


def _again(curve: Curve, lag: float, near: int) -> float:
    swing = curve - curve.mean()
    power = float(swing @ swing)
    lags = [round(lag) + move for move in range(-near, near + 1)]
    alike = [float(swing[at:] @ swing[:-at]) for at in lags if 0 < at < len(swing)]
    return max(alike, default=0.0) / power if power else 0.0


def _widest(curve: Curve, near: int) -> Curve:
    """The most that each value's neighbours reach."""
    edges = [(near, near)] + [(0, 0)] * (curve.ndim - 1)
    padded = np.pad(curve, edges)
    windows = (padded[start : start + len(curve)] for start in range(2 * near + 1))
    return np.asarray(np.maximum.reduce(list(windows)), np.float64)
