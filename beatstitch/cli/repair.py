"""What a person writes to change a beat grid: options that become edits, in one order."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

from beatstitch import limits
from beatstitch.beats.bars import DERIVED_BEATS_PER_BAR
from beatstitch.beats.changes import (
    MOST_BEATS_PER_BAR,
    Edit,
    Manual,
    Piecewise,
    SetDownbeat,
    Tempo,
    loads,
    read_edit,
)
from beatstitch.beats.edit import edited
from beatstitch.beats.grid import BeatGrid
from beatstitch.cli.options import Number, Time

Command = Callable[..., object]


class Taps(click.ParamType[tuple[int, ...]]):
    """Times of taps, separated by commas, spaces or lines, or a file of them."""

    name = "taps"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Milliseconds."""
        if isinstance(value, tuple):
            return value
        text = str(value)
        # A song's worth of times is longer than a file's name may be, which is_file would raise.
        with suppress(OSError):
            if Path(text).is_file():
                text = Path(text).read_text(errors="replace")
        return tuple(Time().convert(word, param, ctx) for word in text.replace(",", " ").split())


class TempoFrom(click.ParamType[Tempo]):
    """A tempo and from when on it holds: "1:02.5=128"."""

    name = "time=bpm"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Tempo:
        """The time in ms and the BPM."""
        if isinstance(value, Tempo):
            return value
        start, _, bpm = str(value).partition("=")
        return Tempo(Time().convert(start, param, ctx), BPM(bpm, param, ctx))


BPM = Number(limits.MIN_BPM, limits.MAX_BPM)
_OPTIONS = (
    click.option("--bpm", type=BPM, help="Don't listen: the song has this steady tempo."),
    click.option("--offset", type=Time(), help="With --bpm: where a bar starts."),
    click.option(
        "--tempo",
        type=TempoFrom(),
        multiple=True,
        help="Don't listen: this tempo from a beat at this time on (12.5=128); once or more.",
    ),
    click.option(
        "--tap", type=Taps(), help="Times of taps along with the song, or a file of them."
    ),
    click.option("--scale", type=click.Choice(["2", "0.5"]), help="Twice or half as many beats."),
    click.option(
        "--shift",
        type=float,
        metavar="MS",
        help="Beats later, or earlier if negative.",
    ),
    click.option(
        "--shift-bar",
        type=int,
        metavar="BEATS",
        help="Bars later, or earlier if negative.",
    ),
    click.option("--bar-at", type=Time(), help="A bar starts at the beat nearest to this."),
    click.option(
        "--metre",
        type=click.IntRange(1, MOST_BEATS_PER_BAR),
        help="Beats in a bar: as heard, or with --bpm, --tempo or --bar-at from there on.",
    ),
    click.option(
        "--edit",
        "edits",
        multiple=True,
        metavar="JSON",
        help='An edit as the API takes it: \'{"delete_beat": {"index": 3}}\'; once or more.',
    ),
)


def repairable(command: Command) -> Command:
    """Give a command the options that change a grid; it gets them as `**repairs`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Repairs:
    """The options, as click gives them."""

    bpm: float | None
    offset: int | None
    tempo: tuple[Tempo, ...]
    tap: tuple[int, ...] | None
    scale: str | None
    shift: float | None
    shift_bar: int | None
    bar_at: int | None
    metre: int | None
    edits: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raise UsageError for options that contradict each other, or would do nothing."""
        tempi = [name for name in ("bpm", "tempo", "tap") if getattr(self, name)]
        if len(tempi) > 1:
            raise click.UsageError(f"--{tempi[0]} and --{tempi[1]} both set the tempo.")
        if self.offset is not None and self.bpm is None:
            raise click.UsageError("--offset goes with --bpm.")
        metre = self.metre_to_hear()
        if metre is not None and not limits.MIN_METRE <= metre <= limits.MAX_METRE:
            raise click.UsageError(
                f"Bars of {metre} beats can't be heard, only of {limits.MIN_METRE} to "
                f"{limits.MAX_METRE}; set them with --bpm, --tempo or --bar-at."
            )

    def metre_to_hear(self) -> int | None:
        """The metre to listen for: the one that no other option speaks of."""
        is_taken = self.bpm is not None or self.tempo or self.bar_at is not None
        return None if is_taken else self.metre

    def from_nothing(self) -> Manual | Piecewise | None:
        """The edit that asks nothing of the grid before it, so that nobody has to listen."""
        metre = self.metre or DERIVED_BEATS_PER_BAR
        if self.bpm is not None:
            return Manual(self.bpm, self.offset or 0, metre)
        return Piecewise(self.tempo, metre) if self.tempo else None

    def made_to(self, grid: BeatGrid) -> BeatGrid:
        """The grid after all edits, in the order of the options. Raises Invalid."""
        begun = self.from_nothing()
        for edit in (*([begun] if begun else []), *self._whole()):
            grid = edited(grid, edit)
        if self.bar_at is not None:
            grid = edited(grid, SetDownbeat(_nearest(grid, self.bar_at), self.metre))
        for edit in map(loads, self.edits):
            grid = edited(grid, edit)
        return grid

    def _whole(self) -> list[Edit]:
        """Edits of the whole grid, read as the API reads them: within the same limits."""
        factor = float(self.scale) if self.scale else None
        asked: tuple[tuple[object, dict[str, object]], ...] = (
            (self.tap, {"tap": {"times_ms": self.tap}}),
            (factor, {"scale": {"factor": factor}}),
            (self.shift, {"shift": {"ms": self.shift}}),
            (self.shift_bar, {"shift_bar": {"beats": self.shift_bar}}),
        )
        return [read_edit(edit) for value, edit in asked if value is not None]


def _nearest(grid: BeatGrid, time_ms: int) -> int:
    beats = range(len(grid.beats))
    return min(beats, key=lambda index: abs(grid.beats[index].time_us - 1000 * time_ms))
