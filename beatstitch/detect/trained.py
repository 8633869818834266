"""Beats by madmom's trained networks, decoded once for each metre."""

from collections.abc import Callable
from pathlib import Path as FilePath

import numpy as np

from beatstitch.beats.grid import Beat
from beatstitch.detect import networks
from beatstitch.detect.decode import Activations, Path, best_path
from beatstitch.detect.harmony import starts_mid_bar
from beatstitch.detect.heard import Heard
from beatstitch.detect.metre import is_compound
from beatstitch.detect.networks import Impression
from beatstitch.detect.octave import is_doubled
from beatstitch.detect.pcm import Song
from beatstitch.detect.peaks import peak_us, start_lead, strengths

METRES = (2, 3, 4)
# Of a song whose eighths were taken for beats. The networks hear a downbeat in the middle of its
# long bars, and bars of two would win; at such tempi they are rare.
_SLOW_METRES = (3, 4)
# madmom's own range; outside of it the networks were not trained.
_SLOWEST_BPM, _FASTEST_BPM = 55.0, 215.0
# How far from a tempo that is known the song may be.
_TEMPO_WIDTH = 1.25
# A beat is sure when its activation passes this; the share of sure beats sorts songs that were
# tracked well from others better than anything else that was tried (rank correlation with F 0.69).
_SURE = 0.4
# Below this share of sure beats, what was decoded is a steady pulse through noise or a drone.
_NO_BEAT = 0.05
# The metre's lead over the second best, in log-probability a frame, at which bar starts are right
# more often than not (downbeat F 0.90 above, 0.64 below). It becomes a confidence of one half.
_CLEAR_LEAD = 0.03
# The same where the metre is given and only bar starts are in question: the lead over the second
# best start, of 101 songs made by code (downbeats right in 97 % above, in 59 % below).
_CLEAR_START = 0.005
# Leads that don't yet speak for bars of two against bars of four. Slow songs in four were met with
# up to 0.016; the same peaks again and again in two at 72 BPM lead by 0.022.
_LITTLE_LEAD, _LITTLE_LEAD_SLOW = 0.005, 0.018
_SLOW_BPM = 90.0
_SAME_FRAMES = 3
_SAME_BEATS = 0.8


def hear(
    song: Song,
    bpm_hint: float | None,
    metre: int | None,
    on_progress: Callable[[float], None],
    *,
    known: FilePath | None = None,
    learned: FilePath | None = None,
) -> Heard:
    """Follow the song's beats and bars; `on_progress` gets the share of the work done, 0–1.

    What the networks say is taken from the file `known`, or else asked and written to `learned`.
    Bars have `metre` beats if it is given. Raises Unavailable where madmom's networks aren't
    installed.
    """
    impression = networks.recall(known, song) if known is not None else None
    if impression is None:
        impression = networks.listen(song, on_progress)
        if learned is not None:
            networks.remember(impression, learned)
    return follow(impression, bpm_hint, metre)


def follow(impression: Impression, bpm_hint: float | None, metre: int | None = None) -> Heard:
    """Find the beats and bars in what the networks said; cheap beside asking them."""
    activations = impression.activations
    metres = METRES if metre is None else (metre,)
    best, second = _ranked(activations, bpm_hint, metres)
    if bpm_hint is None and is_doubled(activations, best):
        slow_metres = _SLOW_METRES if metre is None else (metre,)
        best, second = _ranked(activations, best.bpm() / 2, slow_metres)
    if not best.frames:
        return _nothing()
    if bpm_hint is None and metre is None and is_compound(activations, best):
        best, second = _in(2, activations, best.bpm() * 2 / 3), best
    numbers = best.numbers
    if starts_mid_bar(impression, best):
        numbers = tuple((number + 1) % 4 + 1 for number in numbers)
    heard = np.minimum(strengths(activations.sum(axis=1), np.asarray(best.frames)), 1.0)
    sure = float(np.mean(heard > _SURE))
    return Heard(
        beats=tuple(
            Beat(peak_us(activations, frame), number, round(strength, 3))
            for frame, number, strength in zip(best.frames, numbers, heard.tolist(), strict=True)
        ),
        beats_per_bar=best.beats_per_bar,
        downbeat_source="detected",
        bpm_confidence=round(sure, 3),
        downbeat_confidence=round(_bar_confidence(activations, best, second), 3),
        has_beat=len(heard) > 1 and sure > _NO_BEAT,
        is_calibrated=True,
    )


def _bar_confidence(activations: Activations, best: Path, second: Path | None) -> float:
    if second is None:
        lead = start_lead(activations, best)
        return lead / (lead + _CLEAR_START)
    lead = max(best.log_probability - second.log_probability, 0.0)
    return lead / (lead + _CLEAR_LEAD)


def _ranked(
    activations: Activations, near_bpm: float | None, metres: tuple[int, ...]
) -> tuple[Path, Path | None]:
    """The paths of the best metre and of the next, near a tempo where one is known."""
    slowest, fastest = _SLOWEST_BPM, _FASTEST_BPM
    if near_bpm is not None:
        slowest, fastest = near_bpm / _TEMPO_WIDTH, near_bpm * _TEMPO_WIDTH
    paths = sorted(
        (best_path(activations, metre, slowest, fastest) for metre in metres),
        key=lambda path: path.log_probability,
        reverse=True,
    )
    if len(paths) == 1:
        return paths[0], None
    if paths[0].beats_per_bar == 2 and len(paths[0].frames) > 1:
        two, four = paths[0], _in(4, activations, paths[0].bpm())
        if _is_half_a_bar(two, four):
            return four, two
    return paths[0], paths[1]


def _in(metre: int, activations: Activations, near_bpm: float) -> Path:
    return best_path(activations, metre, near_bpm / _TEMPO_WIDTH, near_bpm * _TEMPO_WIDTH)


def _is_half_a_bar(two: Path, four: Path) -> bool:
    """Whether bars of two should be bars of four, at the same beats.

    Bars of two are rare, slow ones above all; with more freedom their path wins by a little.
    """
    allowed = _LITTLE_LEAD_SLOW if two.bpm() < _SLOW_BPM else _LITTLE_LEAD
    return (
        _shared_beats(two, four) > _SAME_BEATS
        and two.log_probability - four.log_probability < allowed
    )


def _shared_beats(one: Path, other: Path) -> float:
    """The share of the other's beats that lie within 30 ms of a beat of the one."""
    beats, theirs = np.asarray(one.frames), np.asarray(other.frames)
    at = np.minimum(np.searchsorted(beats, theirs - _SAME_FRAMES), len(beats) - 1)
    return float(np.mean(np.abs(beats[at] - theirs) <= _SAME_FRAMES))


def _nothing() -> Heard:
    return Heard(
        beats=(),
        beats_per_bar=METRES[-1],
        downbeat_source="detected",
        bpm_confidence=0.0,
        downbeat_confidence=0.0,
        has_beat=False,
        is_calibrated=True,
    )
