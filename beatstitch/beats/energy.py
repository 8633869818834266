"""What a song's sections are and how strong each of its beats is: the values that a grid carries,
and what becomes of them when beats change or only a part of the song is wanted.

It doesn't know how either is measured (`detect`) or decided (`sections`).
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Literal

from beatstitch.errors import Invalid

Label = Literal["intro", "low", "mid", "high", "drop", "outro"]
# A beat moved by less than this is the beat that was measured: what is struck on it is looked for
# this far around it.
SAME_BEAT_US = 70_000


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the song, [start, end), named by its energy, 0–1 of what the song has."""

    label: Label
    start_us: int
    end_us: int
    energy: float


@dataclass(frozen=True, slots=True)
class BeatEnergy:
    """Four numbers a beat, 0–1: how hard kick, snare and hat are struck on it, how loud it is.

    As many of each as there are beats, or none where nobody measured.
    """

    kick: tuple[float, ...] = ()
    snare: tuple[float, ...] = ()
    hat: tuple[float, ...] = ()
    loudness: tuple[float, ...] = ()

    def of(self, start: int, stop: int) -> "BeatEnergy":
        """Of the beats [start, stop) alone."""
        return BeatEnergy(*(curve[start:stop] for curve in self.curves()))

    def curves(self) -> tuple[tuple[float, ...], ...]:
        """Kick, snare, hat and loudness."""
        return tuple(getattr(self, field.name) for field in fields(self))


UNMEASURED = BeatEnergy()


def follow(energy: BeatEnergy, before_us: Sequence[int], after_us: Sequence[int]) -> BeatEnergy:
    """The energies at other beats of the same song; both rise.

    A beat near one that was measured has its numbers; between two it has what lies between them,
    for nobody listens again.
    """
    if not energy.loudness:
        return energy
    places = [_place(before_us, time_us) for time_us in after_us]
    return BeatEnergy(*(tuple(_at(curve, p) for p in places) for curve in energy.curves()))


def within(sections: Sequence[Section], start_us: int, end_us: int) -> tuple[Section, ...]:
    """What of the sections lies in a part of the song, in times of that part."""
    return tuple(
        replace(
            section,
            start_us=max(section.start_us, start_us) - start_us,
            end_us=min(section.end_us, end_us) - start_us,
        )
        for section in sections
        if section.start_us < end_us and section.end_us > start_us
    )


def check_sections(sections: Sequence[Section], duration_us: int) -> None:
    """Raise Invalid, naming the field, for sections that overlap, are turned round or lie outside
    of a song of this length."""
    for index, section in enumerate(sections):
        if not 0 <= section.start_us < section.end_us <= duration_us:
            raise Invalid(
                "bad_sections",
                f"sections.{index} must end after it starts, and lie inside of the song.",
                where=("sections", index),
            )
        if not 0 <= section.energy <= 1:
            raise Invalid(
                "bad_sections",
                f"sections.{index}.energy must lie between 0 and 1.",
                where=("sections", index, "energy"),
            )
    for index, (earlier, later) in enumerate(pairwise(sections)):
        if later.start_us < earlier.end_us:
            raise Invalid(
                "bad_sections",
                f"sections.{index + 1} starts before the one ahead of it ends.",
                where=("sections", index + 1, "start_ms"),
            )


def check_energy(energy: BeatEnergy, beats: int) -> None:
    """Raise Invalid, naming the field, unless there is a number from 0 to 1 for each beat in all
    four lists, or none at all."""
    wanted = beats if any(energy.curves()) else 0
    for field, curve in zip(fields(energy), energy.curves(), strict=True):
        if len(curve) != wanted:
            raise Invalid(
                "bad_beat_energy",
                f"beat_energy.{field.name} has {len(curve)} numbers; the grid has {beats} beats.",
                where=("beat_energy", field.name),
            )
        if not all(0 <= number <= 1 for number in curve):
            raise Invalid(
                "bad_beat_energy",
                f"beat_energy.{field.name} must hold numbers from 0 to 1.",
                where=("beat_energy", field.name),
            )


def _place(times_us: Sequence[int], time_us: int) -> float:
    """Where among the times another one lies: 2.5 is half way from the third to the fourth."""
    after = bisect_left(times_us, time_us)
    near = [i for i in (after - 1, after) if 0 <= i < len(times_us)]
    nearest = min(near, key=lambda i: abs(times_us[i] - time_us))
    if len(near) == 1 or abs(times_us[nearest] - time_us) <= SAME_BEAT_US:
        return nearest
    left_us, right_us = times_us[after - 1], times_us[after]
    return after - 1 + (time_us - left_us) / (right_us - left_us)


def _at(curve: Sequence[float], place: float) -> float:
    left = int(place)
    if left == place:
        return curve[left]
    return round(curve[left] + (place - left) * (curve[left + 1] - curve[left]), 3)
