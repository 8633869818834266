"""What a person writes on the command line: times, sizes and rates, read into values."""

import math
import re
from fractions import Fraction
from typing import cast, get_args

import click

from beatstitch import limits
from beatstitch.beats.energy import Label
from beatstitch.timeline.edl import Focus
from beatstitch.timeline.settings import BeatsPerCut, SectionRule, TransitionType


class Time(click.ParamType[int]):
    """Seconds ("12.5") or minutes and seconds ("1:02.5"), as whole milliseconds."""

    name = "time"

    def __init__(self, least_ms: int = 0) -> None:
        self._least_ms = least_ms

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Milliseconds."""
        if isinstance(value, int):
            return value
        # Nine digits are thirty years; of thousands Python makes no number.
        found = re.fullmatch(r"(?:(\d{1,9}):)?(\d{1,9}(?:\.\d{1,9})?)", str(value))
        if found is None:
            self.fail(f"{value!r} is not a time; write seconds (12.5) or 1:02.5.", param, ctx)
        time_ms = round((int(found[1] or 0) * 60 + Fraction(found[2])) * 1000)
        if time_ms < self._least_ms:
            self.fail(f"{value} is too short; {self._least_ms} ms is the least.", param, ctx)
        return time_ms


class Number(click.FloatRange):
    """A number within limits. What is not a number ("nan") lies within all of them to click."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number."""
        number: float = super().convert(cast("float", value), param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


class Size(click.ParamType[tuple[int, int]]):
    """Width and height of the film: "1920x1080", both even."""

    name = "size"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Width and height in pixels."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", str(value))
        if found is None:
            self.fail(f"{value!r} is not a size; write it as 1920x1080.", param, ctx)
        return int(found[1]), int(found[2])


class Rate(click.ParamType[float]):
    """One of the frame rates that films are made in."""

    name = "fps"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Frames a second, by the name that people use."""
        if str(value) not in limits.FRAME_RATES:
            self.fail(f"{value} is not one of {', '.join(limits.FRAME_RATES)}.", param, ctx)
        return float(str(value))


class FocusOn(click.ParamType[tuple[str, Focus]]):
    """Where in a photo or clip its subject is: "beach.jpg=0.3,0.4", from the top left corner."""

    name = "file=x,y"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Focus]:
        """The name of the file, and the point."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"(.+)=(\d*\.?\d+),(\d*\.?\d+)", str(value))
        if found is None or max(float(found[2]), float(found[3])) > 1:
            self.fail(
                f"{value!r} is not a file and a point in it; write beach.jpg=0.3,0.4: how far from "
                "the left and from the top, as shares of its width and height from 0 to 1.",
                param,
                ctx,
            )
        return found[1], Focus(float(found[2]), float(found[3]))


class Rule(click.ParamType[SectionRule]):
    """How sections of a name are cut: "low=8" or, with a transition, "high=2:crossfade"."""

    name = "section=beats[:transition]"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> SectionRule:
        """The rule."""
        if isinstance(value, SectionRule):
            return value
        section, _, pace = str(value).partition("=")
        beats, _, how = pace.partition(":")
        labels, paces, types = (
            get_args(Label),
            map(str, get_args(BeatsPerCut)),
            get_args(TransitionType),
        )
        for word, known in ((section, labels), (beats, paces), (how or types[0], types)):
            if word not in (allowed := tuple(known)):
                self.fail(f"{word!r} in {value!r} is not one of {', '.join(allowed)}.", param, ctx)
        return SectionRule(
            cast("Label", section),
            cast("BeatsPerCut", int(beats)),
            cast("TransitionType", how) if how else None,
        )
