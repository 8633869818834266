"""Songs in sections, whose borders and levels are known: who plays changes from part to part.

Drums come from `songs`; chords, bass and melody are added up from harmonics. A song follows from
its seed alone: tempo, metre, key, who plays how loud, and how hard all of it is compressed. This
file knows nothing of BeatStitch.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from songs import HAT, KICK, SAMPLE_RATE, SNARE, write_wav

Sound = NDArray[np.float64]
Random = np.random.Generator

# Levels and bars of the parts; the parts of one letter sound alike.
FORMS = {
    "pop": (("low", 4, "i"), ("mid", 8, "v"), ("high", 8, "c"), ("mid", 8, "v"), ("high", 8, "c"),
            ("low", 4, "b"), ("high", 8, "c"), ("low", 4, "i")),
    "edm": (("low", 8, "i"), ("mid", 8, "r"), ("high", 16, "d"), ("low", 8, "b"), ("mid", 4, "r"),
            ("high", 16, "d"), ("low", 8, "i")),
    "rock": (("mid", 4, "i"), ("mid", 8, "v"), ("high", 8, "c"), ("mid", 8, "v"), ("high", 8, "c"),
             ("mid", 8, "s"), ("high", 12, "c")),
    "late": (("low", 8, "i"), ("low", 8, "b"), ("mid", 16, "v"), ("high", 12, "c"),
             ("low", 6, "i")),
    "short": (("low", 4, "i"), ("high", 8, "c"), ("low", 4, "i")),
}  # fmt: skip
# Who plays in which part; all that a level has in common is how much there is.
_PLAYERS = {
    "i": ({"pad"}, {"broken"}, {"pad", "broken"}),
    "b": ({"pad", "lead"}, {"stabs"}, {"pad", "broken", "lead"}),
    "v": ({"kick", "hat", "bass", "broken"}, {"kick", "snare", "bass", "pad"},
          {"kick", "hat", "rim", "broken", "bass"}),
    "r": ({"kick", "pad", "broken"}, {"kick", "hat", "pad"}, {"snare", "hat", "stabs"}),
    "s": ({"kick", "snare", "bass", "lead"}, {"kick", "hat", "bass", "lead"},
          {"kick", "snare", "bass", "stabs"}),
    "c": ({"kick", "snare", "hat", "bass", "stabs", "lead", "pad"},
          {"kick", "snare", "hat", "bass", "stabs", "pad"},
          {"kick", "snare", "hat", "bass", "broken", "lead", "stabs"}),
    "d": ({"kick4", "snare", "hat", "bass8", "stabs"}, {"kick4", "clap", "hat", "bass8", "lead"},
          {"kick4", "clap", "hat", "bass8", "pad", "broken"}),
}  # fmt: skip
_CHORDS = ((0, 4, 5, 3), (5, 3, 0, 4), (0, 5, 3, 4), (1, 4, 0, 0), (0, 2, 3, 4))
_SCALE = (0, 2, 4, 5, 7, 9, 11)


@dataclass(frozen=True, slots=True)
class Part:
    """One section: its level, and when it starts and ends."""

    level: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Formed:
    """A song on disk, its beats and its sections."""

    path: Path
    beats_s: tuple[float, ...]
    beats_per_bar: int
    parts: tuple[Part, ...]
    duration_s: float


def formed(path: Path, form: str, seed: int) -> Formed:
    """Play a song of this form as a stereo WAV."""
    random = np.random.default_rng([seed, len(form)])
    metre = 3 if random.random() < 0.15 else 4
    beat_s = 60 / random.uniform(84, 150)
    lead_in_s = random.uniform(0.05, 0.6)
    parts = FORMS[form]
    bars = sum(length for _, length, _ in parts)
    sound = np.zeros(round((lead_in_s + bars * metre * beat_s + 1.5) * SAMPLE_RATE))
    band = _Band.hired(random)
    bar, found = 0, []
    for level, length, letter in parts:
        start_s = lead_in_s + bar * metre * beat_s
        for i in range(length):
            is_fill = i == length - 1 and random.random() < 0.4 and letter not in "ib"
            at_s = lead_in_s + (bar + i) * metre * beat_s
            band.play(sound, at_s, beat_s, metre, bar + i, letter, is_fill)
        bar += length
        found.append(Part(level, start_s, lead_in_s + bar * metre * beat_s))
    drive = random.uniform(0.8, 3.0)
    sound = np.tanh(drive * sound / np.quantile(np.abs(sound), 0.999))
    both = np.column_stack((sound, sound))
    write_wav(path, 0.9 * both / np.abs(sound).max())
    beats = tuple(lead_in_s + i * beat_s for i in range(bars * metre))
    return Formed(path, beats, metre, tuple(found), len(sound) / SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class _Band:
    """Who plays in which part, how loud, in which key."""

    key: int
    chords: tuple[int, ...]
    players: dict[str, set[str]]
    gains: dict[str, float]
    random: Random

    @staticmethod
    def hired(random: Random) -> "_Band":
        names = sorted(set().union(*(who for each in _PLAYERS.values() for who in each)))
        return _Band(
            key=int(random.integers(-5, 6)),
            chords=_CHORDS[int(random.integers(len(_CHORDS)))],
            players={part: who[int(random.integers(3))] for part, who in _PLAYERS.items()},
            gains={name: float(random.uniform(0.75, 1.3)) for name in names},
            random=random,
        )

    def play(
        self, sound: Sound, at_s: float, beat_s: float, metre: int, bar: int, part: str, fill: bool
    ) -> None:
        """One bar of this part."""
        root = self.chords[bar % 4]
        for name in sorted(self.players[part]):
            for note, place, level in self._notes(name, root, metre, beat_s):
                hand_s = float(self.random.normal(0, 0.004))
                touch = self.gains[name] * level * float(self.random.uniform(0.8, 1.1))
                _add(sound, note, at_s + place * beat_s + hand_s, touch)
        if fill:
            for i in range(4):
                _add(sound, SNARE, at_s + (metre - 1 + i / 4) * beat_s, 0.5 + i / 8)

    def _notes(
        self, name: str, root: int, metre: int, beat_s: float
    ) -> list[tuple[Sound, float, float]]:
        beats = range(metre)
        triad = [60 + self.key + _step(root + third) for third in (0, 2, 4)]
        bass = _note(36 + self.key + _step(root), min(1.4 * beat_s, 1.0), "bass")
        long_s = metre * beat_s
        tune = [int(n) for n in self.random.integers(0, 5, metre)]
        played: dict[str, list[tuple[Sound, float, float]]] = {
            "kick": [(KICK, 0, 1.0), (KICK, min(2.0, metre - 0.5), 0.8)],
            "kick4": [(KICK, beat, 1.1) for beat in beats],
            "snare": [(SNARE, beat, 0.9) for beat in beats if beat % 2],
            "clap": [(SNARE, beat, 0.8) for beat in beats if beat % 2],
            "rim": [(_rim(), beat, 0.7) for beat in beats if beat % 2],
            "hat": [(HAT, beat + half, 0.8) for beat in beats for half in (0, 0.5)],
            "bass": [(bass, 0, 0.6), (bass, metre / 2, 0.5)],
            "bass8": [(bass, beat + 0.5, 0.6) for beat in beats],
            "pad": [(_note(pitch, long_s, "pad"), 0, 0.16) for pitch in triad],
            "broken": [
                (_note(triad[i % 3], beat_s, "pluck"), i / 2, 0.3) for i in range(2 * metre)
            ],
            "stabs": [
                (_note(pitch, 0.7 * beat_s, "pluck"), place, 0.22)
                for pitch in triad
                for place in (0, 1.5, metre - 1)
            ],
            "lead": [
                (_note(72 + self.key + _step(root + n), beat_s, "pluck"), i, 0.4)
                for i, n in enumerate(tune)
            ],
        }
        return played[name]


def _step(degree: int) -> int:
    return 12 * (degree // 7) + _SCALE[degree % 7]


def _add(sound: Sound, note: Sound, start_s: float, level: float) -> None:
    at = max(round(start_s * SAMPLE_RATE), 0)
    room = max(0, min(len(note), len(sound) - at))
    sound[at : at + room] += level * note[:room]


@cache
def _note(pitch: int, length_s: float, kind: str) -> Sound:
    """A tone of six harmonics; MIDI pitch, 69 is 440 Hz."""
    t = np.arange(round((length_s + 0.1) * SAMPLE_RATE)) / SAMPLE_RATE
    hz = 440 * 2 ** ((pitch - 69) / 12)
    dull = {"pluck": 1.3, "bass": 1.6, "pad": 1.2}[kind]
    tone = np.zeros_like(t)
    for k in range(1, 7):
        tone += np.sin(2 * np.pi * k * hz * t) * np.exp(-2 * k * t * (kind != "pad")) / k**dull
    attack_s = 0.05 if kind == "pad" else 0.004
    return np.asarray(tone * np.minimum(1, t / attack_s) * np.minimum(1, t[::-1] / 0.05) * 0.5)


@cache
def _rim() -> Sound:
    t = np.arange(round(0.1 * SAMPLE_RATE)) / SAMPLE_RATE
    return np.asarray(0.5 * np.sin(2 * np.pi * 1_700 * t) * np.exp(-t / 0.012))
