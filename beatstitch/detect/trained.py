"""Beats by madmom's trained networks, decoded once for each metre."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path as FilePath

import numpy as np

from beatstitch.beats.grid import Beat
from beatstitch.detect import networks
from beatstitch.detect.decode import Activations, Path, best_path
from beatstitch.detect.harmony import counted, odd_metre
from beatstitch.detect.heard import Heard
from beatstitch.detect.level import Level, judged
from beatstitch.detect.metre import has_thirds, is_compound, is_slow
from beatstitch.detect.networks import Impression
from beatstitch.detect.pcm import Song
from beatstitch.detect.peaks import peak_us, recurrence, strengths

METRES = (2, 3, 4)
# At another level. Where eighths were taken for beats, the networks hear a downbeat in the middle
# of the long bars, and bars of two would win; at such tempi they are rare.
_LEVEL_METRES = (3, 4)
# madmom's own range; outside of it the networks were not trained.
_SLOWEST_BPM, _FASTEST_BPM = 55.0, 215.0
# How far from a tempo that is known the song may be.
_TEMPO_WIDTH = 1.25
# A beat is sure when its activation passes this; the share of sure beats sorts songs that were
# tracked well from others better than anything else that was tried (rank correlation with F 0.69).
_SURE = 0.4
# With fewer sure beats than this a song has a beat only if what was heard comes again with it. Of
# 556 songs made by code that keeps all but four, quiet strings and organs with not one sure beat
# among them; of 14 recordings of speech, applause, wind, noise and drones it keeps none.
_SURELY_A_BEAT = 0.3
_FAINTLY_HEARD = 0.08
_COMES_AGAIN = 0.15
# A lead, over the second best metre and over the second best start, that is worth one half. Of 718
# songs made by code the product of both tells right bar starts (downbeat F ≥ 0.8) from wrong ones
# with an AUC of 0.79, and reads like a probability: 0.81 of those between 0.65 and 0.8 were right.
_CLEAR_LEAD = 0.014
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
    bars = _ranked(impression, bpm_hint, METRES if metre is None else (metre,))
    if not bars.path.frames:
        return _nothing()
    level = Level(1.0, 1.0) if bpm_hint else judged(impression, bars.by_networks)
    if level.factor != 1:
        metres = _LEVEL_METRES if metre is None else (metre,)
        bars = _ranked(impression, bars.path.bpm() * level.factor, metres)
    if bpm_hint is None and metre is None and is_compound(activations, bars.path):
        bars = _ranked(impression, bars.path.bpm() * 2 / 3, (2,))
    elif bpm_hint is None and metre is None and is_slow(impression, bars.path):
        bars = _slow_compound(impression, bars.path.bpm() / 3)
    elif metre is None and has_thirds(activations, bars.path):
        bars = _ranked(impression, bars.path.bpm(), (2,))
    odd = odd_metre(impression, bars.path) if metre is None else None
    if odd is not None:
        bars = _ranked(impression, bars.path.bpm(), (odd,))
    best = bars.path
    heard = np.minimum(strengths(activations.sum(axis=1), np.asarray(best.frames)), 1.0)
    sure = float(np.mean(heard > _SURE))
    return Heard(
        beats=tuple(
            Beat(peak_us(activations, frame), number, round(strength, 3))
            for frame, number, strength in zip(
                best.frames, best.numbers, heard.tolist(), strict=True
            )
        ),
        beats_per_bar=best.beats_per_bar,
        downbeat_source="detected",
        bpm_confidence=round(sure * level.confidence, 3),
        downbeat_confidence=round(bars.confidence(), 3),
        has_beat=len(heard) > 1 and (sure > _SURELY_A_BEAT or _is_faint_beat(activations, best)),
        is_calibrated=True,
    )


def first_path(impression: Impression) -> Path:
    """The path that the networks' word alone gives, at whatever level it is clearest."""
    return _ranked(impression, None, METRES).by_networks


def _is_faint_beat(activations: Activations, path: Path) -> bool:
    either = activations.sum(axis=1)
    heard = strengths(either, np.asarray(path.frames)).mean()
    return bool(heard > _FAINTLY_HEARD and recurrence(either, path.frames) > _COMES_AGAIN)


@dataclass(frozen=True, slots=True)
class _Bars:
    """The best way to count a song's bars, and its leads in log-probability a frame: over the
    second best metre, where there was one to choose, and over the second best start. `by_networks`
    is the same without what chords say."""

    path: Path
    by_networks: Path
    metre_lead: float | None
    start_lead: float

    def gain(self) -> float:
        """What chords and bass add to its log-probability, per frame."""
        return self.path.log_probability - self.by_networks.log_probability

    def confidence(self) -> float:
        """How far to trust the bars, 0–1."""
        start = self.start_lead / (self.start_lead + _CLEAR_LEAD)
        if self.metre_lead is None:
            return start
        return start * self.metre_lead / (self.metre_lead + _CLEAR_LEAD)


def _ranked(impression: Impression, near_bpm: float | None, metres: tuple[int, ...]) -> _Bars:
    """The best of metres near a tempo, where one is known."""
    slowest, fastest = _SLOWEST_BPM, _FASTEST_BPM
    if near_bpm is not None:
        slowest, fastest = near_bpm / _TEMPO_WIDTH, near_bpm * _TEMPO_WIDTH
    found = {metre: best_path(impression.activations, metre, slowest, fastest) for metre in metres}
    if 2 in found and 4 in found:
        _drop_two_or_four(found, impression)
    ranked = sorted(
        (counted(impression, path) for path in found.values()),
        key=lambda of: of[0].log_probability,
        reverse=True,
    )
    best, start_lead = ranked[0]
    by_networks = found[best.beats_per_bar]
    if len(ranked) == 1:
        return _Bars(best, by_networks, None, start_lead)
    return _Bars(best, by_networks, best.log_probability - ranked[1][0].log_probability, start_lead)


def _slow_compound(impression: Impression, bpm: float) -> _Bars:
    """Bars of beats of three eighths: two, or four (12/8) where chords and bass gain more by it."""
    two, four = (_ranked(impression, bpm, (beats,)) for beats in (2, 4))
    return four if four.gain() > two.gain() else two


def _drop_two_or_four(found: dict[int, Path], impression: Impression) -> None:
    """Keep one of the two, for chords can't tell them apart.

    Bars of two are rare, slow ones above all; with more freedom their path wins by a little.
    """
    two, four = found[2], found[4]
    if four.log_probability >= two.log_probability or len(two.frames) < 2:
        del found[2]
        return
    near = two.bpm() / _TEMPO_WIDTH, two.bpm() * _TEMPO_WIDTH
    same = best_path(impression.activations, 4, *near)
    if _is_half_a_bar(two, same):
        del found[2]
        found[4] = same
    else:
        del found[4]


def _is_half_a_bar(two: Path, four: Path) -> bool:
    """Whether bars of two should be bars of four, at the same beats."""
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
