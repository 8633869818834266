"""Where the picture cuts: times chosen from the beat grid, by stepping through beat indices, at the
pace that is wished for each section of the song.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from beatstitch.beats.energy import Label
from beatstitch.beats.grid import BeatGrid
from beatstitch.timeline.edl import frame_at
from beatstitch.timeline.settings import BeatsPerCut, TimelineSettings, TransitionType

# Shorter than this at either end of a film, a picture is a flicker and not a cut: 5 frames at 25.
SLIVER_US = 200_000
# What a section without a rule of its own is a kind of.
_KIND_OF: dict[Label, Label] = {"intro": "low", "outro": "low", "drop": "high"}


@dataclass(frozen=True, slots=True)
class Cut:
    """A time in µs at which the picture changes, and how."""

    time_us: int
    transition_type: TransitionType


@dataclass(frozen=True, slots=True)
class Pace:
    """How often and how the picture changes."""

    beats_per_cut: BeatsPerCut
    transition_type: TransitionType


def cuts(grid: BeatGrid, settings: TimelineSettings, duration_us: int) -> tuple[Cut, ...]:
    """Rising cuts inside the film of `duration_us`.

    Cuts that would leave less than SLIVER_US at either end of the film, or less than two frames
    between them, are left out: the segment before them goes on.
    """
    found: list[Cut] = []
    rate = settings.frame_rate
    for index, transition_type in _beats(grid, settings):
        time_us = grid.beats[index].time_us
        if not SLIVER_US <= time_us <= duration_us - SLIVER_US:
            continue
        if not found or frame_at(time_us, rate) - frame_at(found[-1].time_us, rate) >= 2:
            found.append(Cut(time_us, transition_type))
    return tuple(found)


def cut_beats(grid: BeatGrid, beats_per_cut: BeatsPerCut, start: int, stop: int) -> tuple[int, ...]:
    """The indices of the beats to cut on, counted from the first downbeat of [start, stop).

    1 and 2 are beats; 4, 8 and 16 are 1, 2 and 4 bars whatever the metre, so that cuts stay on bar
    lines. Where there is no downbeat they are counted in beats.
    """
    downbeats = tuple(index for index in grid.downbeats() if start <= index < stop)
    if beats_per_cut >= 4 and downbeats:
        return downbeats[:: beats_per_cut // 4]
    return tuple(range(downbeats[0] if downbeats else start, stop, beats_per_cut))


def _beats(grid: BeatGrid, settings: TimelineSettings) -> Iterator[tuple[int, TransitionType]]:
    """The index of each beat to cut on, and how to cut there."""
    paces = _paces(grid, settings)
    for (start, pace), (stop, _) in pairwise([*paces, (len(grid.beats), paces[-1][1])]):
        for index in cut_beats(grid, pace.beats_per_cut, start, stop):
            yield index, pace.transition_type


def _paces(grid: BeatGrid, settings: TimelineSettings) -> list[tuple[int, Pace]]:
    """From which beat on which pace holds, rising; each but the first begins a bar.

    A section begins at the bar line nearest to it, so that a change of pace is a cut on a bar line
    too. Neighbours of one pace are counted through.
    """
    usual = Pace(settings.beats_per_cut, settings.transition_type)
    downbeats = grid.downbeats()
    found = [(0, usual)]
    lines = [(grid.beats[index].time_us, index) for index in downbeats]
    lines.append((grid.duration_us, len(grid.beats)))
    for start_us, pace in _wished(grid, settings, usual) if downbeats else ():
        _, index = min(lines, key=lambda line: abs(line[0] - start_us))
        first = 0 if index == downbeats[0] else index
        if first == len(grid.beats):
            break
        if first == found[-1][0]:
            found.pop()
        found.append((first, pace))
    return [
        found[0],
        *(later for earlier, later in pairwise(found) if later[1] != earlier[1]),
    ]


def _wished(grid: BeatGrid, settings: TimelineSettings, usual: Pace) -> Iterator[tuple[int, Pace]]:
    """When sections start, and the pace of each; the usual one where there is none."""
    rules = {rule.section: rule for rule in settings.section_rules}
    if not rules:
        return
    end_us = 0
    for section in grid.sections:
        if section.start_us > end_us:
            yield end_us, usual
        rule = rules.get(section.label) or rules.get(_KIND_OF.get(section.label, section.label))
        if rule is None:
            yield section.start_us, usual
        else:
            how = rule.transition_type or usual.transition_type
            yield section.start_us, Pace(rule.beats_per_cut, how)
        end_us = section.end_us
    yield end_us, usual
