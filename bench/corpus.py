"""The songs of the bench: composed and played by code, so that every beat is known exactly.

Drums come from `songs`; what else plays is added up from harmonics here. Each piece is a line of
data: tempo, metre, who plays what, and what is done to it (a hand that isn't exact, tempi that
drift or step, a pick-up, silence or applause at the ends). Nothing is random from run to run.
Nothing of BeatStitch is known here.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from songs import HAT, KICK, SAMPLE_RATE, SNARE, write_wav

Sound = NDArray[np.float64]
Random = np.random.Generator

# About how long every piece lasts, without what is before and after it.
_PLAYED_S = 30.0
_SCALE = (0, 2, 4, 5, 7, 9, 11)
# Degrees of the scale that chords stand on, one a bar.
_CHORDS = ((0, 4, 5, 3), (5, 3, 0, 4), (0, 5, 3, 4), (1, 4, 0, 0), (0, 2, 3, 4))


@dataclass(frozen=True, slots=True)
class Truth:
    """A song on disk, when its beats are and which place in the bar each has."""

    path: Path
    beats_s: tuple[float, ...]
    numbers: tuple[int, ...]
    beats_per_bar: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class _Piece:
    """`groove`, `bass`, `chords` name patterns below; "" is silent. Seconds, beats a minute.

    `to_bpm` is reached gradually, or all at once in the middle (`is_step`). `drift` is how far the
    tempo wanders, `human_s` how far notes are off.
    """

    name: str
    bpm: float
    metre: int = 4
    groove: str = ""
    bass: str = ""
    chords: str = ""
    melody: float = 0.0  # how many of the half beats (thirds in 6/8) have a note of it
    sound: str = "pluck"
    to_bpm: float = 0.0
    is_step: bool = False
    drift: float = 0.0
    human_s: float = 0.005
    pickup: int = 0
    lead_in_s: float = 0.4
    tail_s: float = 1.0
    applause: float = 0.0


# Who strikes when, in beats from the bar's start; a pattern of one beat is repeated on each.
_Strokes = tuple[tuple[str, tuple[float, ...], float], ...]
_EIGHTHS = tuple(i / 2 for i in range(8))
_SIXTEENTHS = tuple(i / 4 for i in range(16))
_GROOVES: dict[str, _Strokes] = {
    "rock": (("kick", (0, 2), 1), ("snare", (1, 3), 1), ("hat", _EIGHTHS, 0.8)),
    "pop": (("kick", (0, 1.5, 2.5), 1), ("snare", (1, 3), 1), ("hat", _EIGHTHS, 0.8)),
    "fast": (("kick", (0, 2, 2.5), 1), ("snare", (1, 3), 1), ("hat", (0, 1, 2, 3), 0.8)),
    "soft": (("kick", (0, 2.5), 0.7), ("rim", (1, 3), 0.7), ("hat", _EIGHTHS, 0.5)),
    "house": (
        ("kick", (0, 1, 2, 3), 1.1),
        ("clap", (1, 3), 0.9),
        ("ride", (0.5, 1.5, 2.5, 3.5), 0.8),
    ),
    "trap": (("kick", (0, 0.75, 2.5), 1), ("snare", (1, 3), 1), ("hat", _SIXTEENTHS, 0.7)),
    "funk": (
        ("kick", (0, 0.75, 2.5), 1),
        ("snare", (1, 3), 1),
        ("snare", (1.75, 2.25), 0.25),
        ("hat", _SIXTEENTHS, 0.7),
    ),
    "one drop": (("kick", (2,), 1), ("rim", (2,), 1), ("hat", _EIGHTHS, 0.8)),
    "bossa": (("kick", (0, 1.5, 2, 3.5), 0.7), ("rim", (0, 1.5, 3), 0.8), ("hat", _EIGHTHS, 0.5)),
    "breaks": (("kick", (0, 2.5), 1.1), ("snare", (1, 3), 1.1), ("hat", _EIGHTHS, 0.8)),
    "swing": (
        ("ride", (0, 1, 5 / 3, 2, 3, 11 / 3), 0.9),
        ("hat", (1, 3), 1),
        ("kick", (0, 2), 0.3),
    ),
    "waltz": (("kick", (0,), 0.9), ("rim", (1, 2), 0.6), ("hat", (0, 1, 2), 0.6)),
    "three": (("kick", (0,), 1), ("snare", (1, 2), 0.8), ("hat", (0, 0.5, 1, 1.5, 2, 2.5), 0.7)),
    "six": (("kick", (0,), 1), ("snare", (1,), 0.9), ("hat", tuple(i / 3 for i in range(6)), 0.7)),
    "march": (("kick", (0, 1), 0.9), ("snare", (0.5, 1.5), 0.6), ("snare", (1.75,), 0.3)),
    "five": (("kick", (0, 3), 1), ("snare", (1, 2, 4), 0.8), ("hat", (0, 1, 2, 3, 4), 0.7)),
}
_BASS: dict[str, tuple[float, ...]] = {
    "bar": (0,),
    "half": (0, 2),
    "beats": (0, 1, 2, 3, 4),
    "eighths": tuple(i / 2 for i in range(10)),
    "off": (0.5, 1.5, 2.5, 3.5),
    "syncopated": (0, 1.5, 2.5, 3),
}
_COMPING: dict[str, tuple[float, ...]] = {
    "bar": (0,),
    "beats": (0, 1, 2, 3, 4),
    "after": (1, 2),
    "off": (0.5, 1.5, 2.5, 3.5),
    "stabs": (0, 1.5, 3),
    "jig": (0, 2 / 3, 1, 5 / 3),
    "broken": tuple(i / 2 for i in range(10)),  # notes of the chord one after the other
    "broken in sixteenths": tuple(i / 4 for i in range(20)),
    "broken in thirds": tuple(i / 3 for i in range(6)),
}
_PIECES = (
    _Piece("rock 72", 72, 4, "rock", "eighths", "bar", 0.4),
    _Piece("rock 96", 96, 4, "pop", "half", "stabs", 0.4),
    _Piece("rock 118", 118, 4, "rock", "eighths", "beats", 0.5),
    _Piece("rock 140", 140, 4, "pop", "eighths", "bar", 0.4),
    _Piece("rock 168", 168, 4, "fast", "beats", "bar", 0.4),
    _Piece("rock 184", 184, 4, "fast", "eighths", "beats"),
    _Piece("ballad 58", 58, 4, "", "half", "broken in sixteenths", 0.3, human_s=0.012),
    _Piece("ballad 66", 66, 4, "", "half", "broken", 0.3, human_s=0.012),
    _Piece("ballad 74", 74, 4, "soft", "half", "bar", 0.4, "pad", human_s=0.01),
    _Piece("house 122", 122, 4, "house", "off", "bar", 0.3, "pad", human_s=0),
    _Piece("house 128", 128, 4, "house", "eighths", "stabs", human_s=0),
    _Piece("house 138", 138, 4, "house", "off", "broken in sixteenths", human_s=0),
    _Piece("waltz 84", 84, 3, "", "bar", "after", 0.5, human_s=0.01),
    _Piece("waltz 132", 132, 3, "waltz", "bar", "after", 0.4),
    _Piece("waltz 180", 180, 3, "waltz", "bar", "after", 0.3),
    _Piece("three 104", 104, 3, "three", "beats", "bar", 0.4),
    _Piece("six 62", 62, 2, "six", "beats", "broken in thirds", 0.4),
    _Piece("jig 104", 104, 2, "", "beats", "jig", 0.8),
    _Piece("jig 120", 120, 2, "six", "beats", "jig", 0.8),
    _Piece("march 112", 112, 2, "march", "beats", "off", 0.6, "pad"),
    _Piece("swing 138", 138, 4, "swing", "beats", "stabs", 0.4),
    _Piece("swing 208", 208, 4, "swing", "beats", "stabs", 0.4),
    _Piece("breaks 172", 172, 4, "breaks", "bar", "bar", sound="pad", human_s=0),
    _Piece("trap 74", 74, 4, "trap", "syncopated", "broken"),
    _Piece("hip-hop 88", 88, 4, "pop", "syncopated", "broken"),
    _Piece("funk 104", 104, 4, "funk", "syncopated", "stabs", 0.4),
    _Piece("reggae 76", 76, 4, "one drop", "syncopated", "off", 0.3),
    _Piece("bossa 120", 120, 4, "bossa", "half", "stabs", 0.5),
    _Piece("loop 95", 95, 4, "funk"),
    _Piece("loop 125", 125, 4, "rock"),
    _Piece("loop 190", 190, 4, "fast"),
    _Piece("strings 92", 92, 4, "", "half", "beats", 0.5, "pad", drift=0.05, human_s=0.012),
    _Piece("piano 108", 108, 3, "", "bar", "broken", 0.5, drift=0.08, human_s=0.012),
    _Piece("ramp 90 to 130", 90, 4, "rock", "eighths", "stabs", 0.4, to_bpm=130),
    _Piece("ramp 140 to 100", 140, 4, "pop", "eighths", "bar", 0.4, to_bpm=100),
    _Piece("step 100 to 120", 100, 4, "rock", "eighths", "bar", 0.4, to_bpm=120, is_step=True),
    _Piece("step 128 to 96", 128, 4, "pop", "half", "stabs", to_bpm=96, is_step=True),
    _Piece("pick-up of 1", 104, 4, "rock", "beats", "beats", 0.6, pickup=1, lead_in_s=4, tail_s=5),
    _Piece("pick-up of 2", 126, 4, "pop", "beats", "beats", 0.6, pickup=2, applause=0.08, tail_s=4),
    _Piece("five 120", 120, 5, "five", "beats", "bar", 0.4),
)


def made(folder: Path) -> Iterator[Truth]:
    """Play every piece into a WAV of `folder`, one after the other."""
    for piece in _PIECES:
        yield _played(piece, folder / f"{piece.name.replace(' ', '-')}.wav")


def _played(piece: _Piece, path: Path) -> Truth:
    random = np.random.default_rng(zlib.crc32(piece.name.encode()))
    bars = max(4, round(_PLAYED_S * (piece.bpm + (piece.to_bpm or piece.bpm)) / 120 / piece.metre))
    count = bars * piece.metre + piece.pickup
    starts = _starts(piece, count + 1, random)
    sound = np.zeros(round((starts[-1] + piece.tail_s) * SAMPLE_RATE))
    for strike, beat, level in _notes(piece, bars, random):
        at = float(np.interp(beat + piece.pickup, np.arange(count + 1), starts))
        _add(sound, strike, at + random.normal(0, piece.human_s), level * random.uniform(0.85, 1.1))
    sound *= 0.85 / np.abs(sound).max()
    if piece.applause:
        sound += piece.applause * _clapping(len(sound), starts[0], starts[-1], random)
    write_wav(path, sound)
    return Truth(
        path=path,
        beats_s=tuple(starts[:-1]),
        numbers=tuple((i - piece.pickup) % piece.metre + 1 for i in range(count)),
        beats_per_bar=piece.metre,
        duration_s=len(sound) / SAMPLE_RATE,
    )


def _starts(piece: _Piece, count: int, random: Random) -> list[float]:
    """When each of `count` beats begins."""
    way = np.linspace(0, 1, count - 1)
    if piece.is_step:
        way = np.round(way)
    bpm = piece.bpm + way * ((piece.to_bpm or piece.bpm) - piece.bpm)
    if piece.drift:
        walk = np.convolve(random.normal(size=count + 14), np.ones(16) / 4, "valid")
        bpm = bpm * (1 + piece.drift * walk[: count - 1] / np.abs(walk).max())
    lengths = 60 / bpm
    return [piece.lead_in_s, *(piece.lead_in_s + np.cumsum(lengths)).tolist()]


def _notes(piece: _Piece, bars: int, random: Random) -> Iterator[tuple[Sound, float, float]]:
    """What sounds, at which beat counted from the first whole bar, and how loud."""
    key = int(random.integers(-5, 6))
    chords = _CHORDS[int(random.integers(len(_CHORDS)))]
    beat_s = 60 / piece.bpm
    unit = 1 / 3 if piece.groove == "six" or piece.chords in ("jig", "broken in thirds") else 1 / 2
    # A melody's rhythm comes again every second bar, as tunes do.
    rhythm = random.random((2, round(piece.metre / unit))) < piece.melody
    for i in range(-piece.pickup, 0):
        yield _note(69 + key + _step(i + 8), beat_s, "pluck"), i, 0.8
    for bar in range(bars):
        start, root = bar * piece.metre, chords[bar % len(chords)]
        for name, places, level in _GROOVES.get(piece.groove, ()):
            for place in places:
                yield _drums()[name], start + place, level
        for place in _within(_BASS.get(piece.bass, ()), piece.metre):
            yield _note(36 + key + _step(root), min(1.6 * beat_s, 1.2), "bass"), start + place, 0.7
        yield from _comping(piece, start, key, root)
        for i in np.nonzero(rhythm[bar % 2])[0].tolist():
            degree = root + 7 + int(random.choice((0, 1, 2, 4)))
            yield _note(60 + key + _step(degree), beat_s, piece.sound), start + i * unit, 0.5


def _comping(
    piece: _Piece, start: int, key: int, root: int
) -> Iterator[tuple[Sound, float, float]]:
    triad = [60 + key + _step(root + third) for third in (0, 2, 4)]
    beat_s = 60 / piece.bpm
    is_broken = piece.chords.startswith("broken")
    length_s = piece.metre * beat_s if piece.chords == "bar" else 0.9 * beat_s
    for i, place in enumerate(_within(_COMPING.get(piece.chords, ()), piece.metre)):
        for pitch in [triad[(0, 2, 1, 2)[i % 4]]] if is_broken else triad:
            yield _note(pitch, length_s, piece.sound), start + place, 0.5 if is_broken else 0.25


def _within(places: tuple[float, ...], metre: int) -> Iterator[float]:
    return (place for place in places if place < metre)


def _step(degree: int) -> int:
    return 12 * (degree // 7) + _SCALE[degree % 7]


def _add(sound: Sound, strike: Sound, start_s: float, level: float) -> None:
    at = max(round(start_s * SAMPLE_RATE), 0)
    room = max(0, min(len(strike), len(sound) - at))
    sound[at : at + room] += level * strike[:room]


@cache
def _note(pitch: int, length_s: float, sound: str) -> Sound:
    """A tone of eight harmonics; MIDI pitch, 69 is 440 Hz."""
    t = np.arange(round((length_s + 0.1) * SAMPLE_RATE)) / SAMPLE_RATE
    hz = 440 * 2 ** ((pitch - 69) / 12)
    dull = {"pluck": 1.3, "bass": 1.6, "pad": 1.2}[sound]
    tone: Sound = sum(
        (np.sin(2 * np.pi * k * hz * t + k) * np.exp(-t * 2 * k * (sound != "pad")) / k**dull)
        for k in range(1, 9)
    ) * np.ones_like(t)
    attack_s = 0.05 if sound == "pad" else 0.004
    return np.asarray(tone * np.minimum(1, t / attack_s) * np.minimum(1, t[::-1] / 0.05) * 0.5)


@cache
def _drums() -> dict[str, Sound]:
    t = np.arange(round(0.35 * SAMPLE_RATE)) / SAMPLE_RATE
    hiss = np.random.default_rng(7).uniform(-1, 1, len(t))
    bright = np.diff(hiss, prepend=0.0)
    bursts = sum(np.exp(-np.maximum(t - late, 0) / 0.012) * (t >= late) for late in (0, 0.01, 0.02))
    bell = sum(np.sin(2 * np.pi * hz * t) for hz in (3_170, 4_510, 5_230, 6_890))
    return {
        "kick": KICK,
        "snare": SNARE,
        "hat": HAT,
        "clap": 0.25 * bright * bursts,
        "rim": 0.5 * np.sin(2 * np.pi * 1_700 * t) * np.exp(-t / 0.012),
        "ride": (0.12 * bright + 0.03 * bell) * np.exp(-t / 0.12),
    }


def _clapping(length: int, first_s: float, last_s: float, random: Random) -> Sound:
    """Noise that lasts into the song and comes back at its end."""
    t = np.arange(length) / SAMPLE_RATE
    level = np.exp(-np.maximum(t - first_s, 0)) + np.exp(np.minimum(t - last_s, 0))
    return np.asarray(random.normal(size=length) * level)
