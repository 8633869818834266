"""`python bench/levels.py FOLDER… [--write]`: weigh the signs of half and double tempo anew.

A folder holds songs as WAV (16 bit, 44.1 kHz) and, beside each, a JSON of the same name:
{"style": "rock", "beats": [0.4, 1.025, …]}, in seconds. What the networks say is kept beside the
song. Each style is judged by a table found on the others, and how many songs that mends and breaks
is printed. With `--write`, `beatstitch/detect/level_table.py` is written from all of them: that
takes hundreds of songs, a tenth of which and more have to be halved or doubled.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

import numpy as np
from numpy.typing import NDArray

from beatstitch.beats import tempo
from beatstitch.detect import level_table, networks, pcm
from beatstitch.detect.decode import Path
from beatstitch.detect.level import ENOUGH_BEATS, FURTHEST, MOVES, Move
from beatstitch.detect.signs import signs
from beatstitch.detect.trained import first_path

Array = NDArray[np.float64]

_SAME_TEMPO = 0.04
# What keeps weights small: the same for each sign, in squares of deviations.
_RIDGE = 10.0
_ROUNDS = 40
_FOLDS = 8


@dataclass(frozen=True, slots=True)
class Case:
    """One song: its signs, the path they are of, and by what its tempo must be multiplied."""

    style: str
    path: Path
    found: dict[str, float]
    factor: float

    def needs(self, move: Move) -> bool:
        """Whether the move mends it."""
        return abs(move.factor / self.factor - 1) <= _SAME_TEMPO


@dataclass(frozen=True, slots=True)
class Weighing:
    """Means and spreads of the signs, and for each move their weights and a bias."""

    names: tuple[str, ...]
    mean: Array
    spread: Array
    weights: tuple[Array, ...]
    biases: tuple[float, ...]

    def likely(self, case: Case, move: int) -> float:
        """How likely the move is."""
        seen = _seen([case], self.names, self.mean, self.spread)[0]
        return float(1 / (1 + np.exp(-(seen @ self.weights[move] + self.biases[move]))))


def main() -> None:
    """Read the songs, tell what a table is worth on styles it hasn't seen, and write one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=FilePath, metavar="FOLDER")
    parser.add_argument("--write", action="store_true", help="write the table that is in use")
    asked = parser.parse_args()
    cases = [case for folder in asked.folders for case in _cases(folder)]
    if len({case.style for case in cases}) < 2:
        parser.error("these folders hold no songs with beats of two styles or more")
    _tell(cases)
    if asked.write:
        _write(_weighed(cases))


def _cases(folder: FilePath) -> list[Case]:
    found = []
    for truth in sorted(folder.glob("*.json")):
        said = json.loads(truth.read_text())
        song, kept = pcm.opened(truth.with_suffix(".wav")), truth.with_suffix(".heard.npy")
        impression = networks.recall(kept, song) if kept.exists() else None
        if impression is None:
            impression = networks.listen(song, lambda _share: None)
            networks.remember(impression, kept)
        path = first_path(impression)
        if len(path.frames) < ENOUGH_BEATS:
            continue
        right_bpm = tempo.bpm([round(s * 1_000_000) for s in said["beats"]])
        found.append(
            Case(said["style"], path, signs(impression, path), right_bpm / _steady_bpm(path))
        )
    return found


def _steady_bpm(path: Path) -> float:
    return tempo.bpm([frame * 10_000 for frame in path.frames])


def _weighed(cases: Sequence[Case]) -> Weighing:
    names = tuple(sorted(cases[0].found))
    every = np.array([[case.found[name] for name in names] for case in cases])
    mean, spread = every.mean(axis=0), every.std(axis=0) + 1e-6
    weights, biases = [], []
    for move in MOVES:
        fitting = [case for case in cases if move.fits(case.path)]
        weight, bias = _logistic(
            _seen(fitting, names, mean, spread), np.array([case.needs(move) for case in fitting])
        )
        weights.append(weight)
        biases.append(bias)
    return Weighing(names, mean, spread, tuple(weights), tuple(biases))


def _seen(cases: Sequence[Case], names: Sequence[str], mean: Array, spread: Array) -> Array:
    values = np.array([[case.found[name] for name in names] for case in cases])
    values = values.reshape(-1, len(names))  # none fits where there are few
    return np.clip((values - mean) / spread, -FURTHEST, FURTHEST)


def _logistic(seen: Array, is_so: NDArray[np.bool_]) -> tuple[Array, float]:
    """Weights and bias by Newton's method, with small weights preferred."""
    x = np.hstack((seen, np.ones((len(seen), 1))))
    ridge = np.full(x.shape[1], _RIDGE)
    ridge[-1] = 1e-6
    weight = np.zeros(x.shape[1])
    for _ in range(_ROUNDS):
        likely = 1 / (1 + np.exp(-np.clip(x @ weight, -30, 30)))
        slope = x.T @ (likely - is_so) + ridge * weight
        bend = x.T @ (x * (likely * (1 - likely))[:, None]) + np.diag(ridge)
        weight = weight - np.linalg.solve(bend, slope)
    return weight[:-1], float(weight[-1])


def _tell(cases: Sequence[Case]) -> None:
    styles = sorted({case.style for case in cases})
    mended = dict.fromkeys((move.name for move in MOVES), 0)
    broken = dict.fromkeys(mended, 0)
    for fold in range(_FOLDS):
        apart = set(styles[fold::_FOLDS])
        weighing = _weighed([case for case in cases if case.style not in apart])
        for case in (case for case in cases if case.style in apart):
            likely = {
                i: weighing.likely(case, i) for i, move in enumerate(MOVES) if move.fits(case.path)
            }
            best = max(likely, key=likely.__getitem__, default=None)
            if best is None or not MOVES[best].is_made(case.path, likely[best]):
                continue
            mended[MOVES[best].name] += case.needs(MOVES[best])
            broken[MOVES[best].name] += abs(case.factor - 1) <= _SAME_TEMPO
    right = sum(abs(case.factor - 1) <= _SAME_TEMPO for case in cases)
    sys.stdout.write(f"{len(cases)} songs, {right} right as followed\n")
    for name in mended:
        sys.stdout.write(f"{name}: {mended[name]} mended, {broken[name]} broken\n")


def _write(weighing: Weighing) -> None:
    lines = [
        '"""How much each sign says for half and for double tempo; written by bench/levels.py.',
        "",
        "Each sign has its mean and spread over songs, and a weight for each move.",
        '"""',
        "",
        f"BIASES = ({', '.join(f'{bias:.3f}' for bias in weighing.biases)})",
        "TABLE = {",
    ]
    for i, name in enumerate(weighing.names):
        row = (weighing.mean[i], weighing.spread[i], *(weight[i] for weight in weighing.weights))
        lines.append(f'    "{name}": ({", ".join(f"{value:.4g}" for value in row)}),')
    place = level_table.__file__
    FilePath(place).write_text("\n".join([*lines, "}", ""]))


if __name__ == "__main__":
    main()
