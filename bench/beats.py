"""`make bench-beats`: the same songs heard by madmom as it comes, by us, and by our fallback.

One table from one run. Scores are mir_eval's (beats within ±70 ms, whole songs), means over songs.
Each detector works in processes of its own, and what they import is in their CPU time.
"""

import multiprocessing
import resource
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import fmean, median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from beatstitch.beats import tempo
from corpus import Truth, made

Times = NDArray[np.float64]

_PROCESSES = 2
_NEAR_S = 0.07
_SAME_TEMPO = 0.04
_COLUMNS = ("F", "CMLt", "AMLt", "DbF", "tempo", "metre", "offset ms", "CPU s/min", "peak MB")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a detector says of one song: times in s, places in the bar from 1."""

    beats_s: tuple[float, ...]
    numbers: tuple[int, ...]
    beats_per_bar: int


@dataclass(frozen=True, slots=True)
class Score:
    """One answer against the truth: all from 0 to 1, and how late its beats are on average."""

    beat_f: float
    correct_metrical_level: float
    any_metrical_level: float
    downbeat_f: float
    tempo: float
    metre: float
    late_ms: float


@dataclass(frozen=True, slots=True)
class Shift:
    """What one process heard, and what it took of the machine."""

    answers: tuple[Answer, ...]
    cpu_s: float
    peak_mb: float


def main() -> None:
    """Make the songs, let every detector hear them, and print the table."""
    say(f"{'':22}" + "".join(f"{name:>10}" for name in _COLUMNS))
    with tempfile.TemporaryDirectory() as folder:
        songs = list(made(Path(folder)))
        # A fresh process for each share of songs, so that no detector pays for another.
        fresh = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(_PROCESSES, mp_context=fresh, max_tasks_per_child=1) as pool:
            shifts = {name: _shared_out(pool, hear, songs) for name, hear in DETECTORS.items()}
            for name, futures in shifts.items():
                say(_row(name, songs, [future.result() for future in futures]))
    minutes = sum(song.duration_s for song in songs) / 60
    say(f"\n{len(songs)} songs made by code, {minutes:.0f} minutes in all.")


def say(line: str) -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def madmom_as_is(song: Path) -> Answer:
    """madmom's own classes with the metres of its own example, 3 and 4."""
    from beatstitch.detect.reference import importable_madmom

    with importable_madmom():
        from madmom.features.downbeats import DBNDownBeatTrackingProcessor, RNNDownBeatProcessor
    follow = DBNDownBeatTrackingProcessor(beats_per_bar=[3, 4], fps=100)
    found = follow(RNNDownBeatProcessor()(str(song)))
    numbers = tuple(found[:, 1].astype(int).tolist())
    return Answer(tuple(found[:, 0].tolist()), numbers, max(numbers, default=0))


def ours(song: Path) -> Answer:
    """BeatStitch with madmom's networks."""
    return _analysed(song, "madmom")


def fallback(song: Path) -> Answer:
    """BeatStitch without them: librosa's onset strength."""
    return _analysed(song, "librosa")


DETECTORS: dict[str, Callable[[Path], Answer]] = {
    "madmom as it is": madmom_as_is,
    "BeatStitch, madmom": ours,
    "BeatStitch, librosa": fallback,
}


def _analysed(song: Path, detector: Literal["madmom", "librosa"]) -> Answer:
    from beatstitch.detect import analyse, pcm

    length = pcm.opened(song).length
    grid = analyse(
        song,
        duration_us=round(length * 1_000_000 / pcm.SAMPLE_RATE),
        checksum="",
        detector=detector,
        on_progress=lambda _percent, _stage: None,
    )
    return Answer(
        tuple(beat.time_us / 1_000_000 for beat in grid.beats),
        tuple(beat.beat_number for beat in grid.beats),
        grid.beats_per_bar,
    )


def _shared_out(
    pool: ProcessPoolExecutor, hear: Callable[[Path], Answer], songs: Sequence[Truth]
) -> list["Future[Shift]"]:
    paths = [song.path for song in songs]
    return [pool.submit(_worked, hear, paths[i::_PROCESSES]) for i in range(_PROCESSES)]


def _worked(hear: Callable[[Path], Answer], songs: Sequence[Path]) -> Shift:
    # madmom's sources of 2018 meet today's Python and numpy with warnings that help nobody here.
    warnings.simplefilter("ignore")
    answers = tuple(hear(song) for song in songs)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Shift(answers, used.ru_utime + used.ru_stime, _peak_mb())


def _peak_mb() -> float:
    """Of this process alone; ru_maxrss would begin with what its parent had at the fork."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def _row(name: str, songs: Sequence[Truth], shifts: Sequence[Shift]) -> str:
    scores = [
        _score(song, answer)
        for i, shift in enumerate(shifts)
        for song, answer in zip(songs[i::_PROCESSES], shift.answers, strict=True)
    ]
    shares = [fmean(getattr(score, field.name) for score in scores) for field in fields(Score)[:-1]]
    late_ms = median(score.late_ms for score in scores if not np.isnan(score.late_ms))
    cpu_s = sum(shift.cpu_s for shift in shifts) * 60 / sum(song.duration_s for song in songs)
    peak_mb = max(shift.peak_mb for shift in shifts)
    shown = "".join(f"{share:10.3f}" for share in shares)
    return f"{name:22}{shown}{late_ms:10.1f}{cpu_s:10.2f}{peak_mb:10.0f}"


def _score(song: Truth, answer: Answer) -> Score:
    from mir_eval import beat

    truth, found = np.array(song.beats_s), np.array(answer.beats_s)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # on answers without beats, which score 0
        _, correct, _, any_level = beat.continuity(truth, found)
        return Score(
            beat_f=beat.f_measure(truth, found, _NEAR_S),
            correct_metrical_level=correct,
            any_metrical_level=any_level,
            downbeat_f=beat.f_measure(
                _ones(truth, song.numbers), _ones(found, answer.numbers), _NEAR_S
            ),
            tempo=float(abs(_bpm(answer.beats_s) / _bpm(song.beats_s) - 1) <= _SAME_TEMPO),
            metre=float(answer.beats_per_bar == song.beats_per_bar),
            late_ms=_late_ms(truth, found),
        )


def _ones(beats_s: Times, numbers: Sequence[int]) -> Times:
    return np.asarray(beats_s[np.array(numbers, dtype=int) == 1])


def _bpm(beats_s: Sequence[float]) -> float:
    return tempo.bpm([round(s * 1_000_000) for s in beats_s]) if len(beats_s) > 1 else 0.0


def _late_ms(truth: Times, found: Times) -> float:
    """How late the found beats near a true one are on average; NaN where there are none."""
    if not len(found):
        return float("nan")
    late = found[np.abs(found[:, None] - truth).argmin(axis=0)] - truth
    late = late[np.abs(late) <= _NEAR_S]
    return float(late.mean()) * 1000 if len(late) else float("nan")


if __name__ == "__main__":
    main()
