"""Grids that a person has changed. It knows grids and not songs: what was heard isn't heard again,
and earlier versions are kept elsewhere.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from beatstitch.beats import bars, taps, tempo
from beatstitch.beats.changes import (
    AddBeat,
    DeleteBeat,
    Edit,
    Manual,
    MoveBeat,
    Piecewise,
    Scale,
    SetDownbeat,
    Shift,
    ShiftBar,
    Tap,
)
from beatstitch.beats.energy import follow
from beatstitch.beats.grid import Beat, BeatGrid
from beatstitch.beats.steady import changing_beats, steady_beats
from beatstitch.errors import Invalid
from beatstitch.limits import MAX_BPM, MIN_BPM

# A frame of a film at 24 a second: of two beats nearer than this no film can show both.
LEAST_GAP_US = 42_000


def edited(grid: BeatGrid, edit: Edit) -> BeatGrid:
    """The grid after an edit: a person's, trusted, with the tempo that its beats have now.

    Beats that were only moved along keep their confidence; those that a person set have 1. Sections
    stay where they are in the song, and beats have the energy of where they are. Raises
    Invalid for an edit that makes no sense for this grid, naming the field.
    """
    changed = _changed(grid, edit)
    if any(later.time_us <= earlier.time_us for earlier, later in pairwise(changed.beats)):
        raise Invalid("beats_too_close", "The beats are too near to each other for more of them.")
    if len(changed.beats) < 2:
        raise Invalid("too_few_beats", "Fewer than two beats would be left in the song.")
    times_us = [beat.time_us for beat in changed.beats]
    bpm = tempo.bpm(times_us)
    return replace(
        changed,
        beat_energy=follow(grid.beat_energy, [beat.time_us for beat in grid.beats], times_us),
        analyzer="user",
        verdict="high",
        bpm=bpm,
        tempo_candidates=tempo.candidates(bpm),
    )


def _changed(grid: BeatGrid, edit: Edit) -> BeatGrid:
    match edit:
        case Shift():
            return _shifted(grid, _us(edit.ms))
        case Scale():
            return _doubled(grid) if edit.factor == 2 else _halved(grid)
        case ShiftBar():
            return _counted(
                grid, bars.moved(_numbers(grid), edit.beats, grid.beats_per_bar), grid.beats_per_bar
            )
        case SetDownbeat():
            return _anchored(grid, edit)
        case Tap():
            return _tapped(grid, edit)
        case Manual():
            return _manual(grid, edit)
        case Piecewise():
            return _piecewise(grid, edit)
        case AddBeat():
            return _with_beat(grid, _us(edit.time_ms))
        case MoveBeat():
            return _with_moved(grid, edit)
        case DeleteBeat():
            return _without(grid, edit.index)


def _shifted(grid: BeatGrid, by_us: int) -> BeatGrid:
    moved = (replace(beat, time_us=beat.time_us + by_us) for beat in grid.beats)
    inside = tuple(beat for beat in moved if 0 <= beat.time_us < grid.duration_us)
    return replace(grid, beats=inside, offset_us=grid.offset_us + by_us)


def _doubled(grid: BeatGrid) -> BeatGrid:
    _check_tempo(2 * grid.bpm)
    beats: list[Beat] = []
    for beat, following in zip(grid.beats, (*grid.beats[1:], None), strict=True):
        beats.append(replace(beat, beat_number=2 * beat.beat_number - 1))
        if following is not None:
            between_us = (beat.time_us + following.time_us) // 2
            beats.append(Beat(between_us, 2 * beat.beat_number, 1.0))
    return _in_bars_of(
        replace(grid, beats=tuple(beats), bpm_confidence=1.0), 2 * grid.beats_per_bar
    )


def _halved(grid: BeatGrid) -> BeatGrid:
    _check_tempo(grid.bpm / 2)
    kept = bars.halved(_numbers(grid), grid.beats_per_bar)
    beats = tuple(replace(grid.beats[index], beat_number=number) for index, number in kept)
    is_even = grid.beats_per_bar % 2 == 0
    return _in_bars_of(
        replace(grid, beats=beats, bpm_confidence=1.0),
        grid.beats_per_bar // 2 if is_even else grid.beats_per_bar,
    )


def _check_tempo(bpm: float) -> None:
    if not MIN_BPM <= bpm <= MAX_BPM:
        raise Invalid(
            "bad_bpm",
            f"scale.factor: the song would have {bpm:g} BPM; the tempo must lie between "
            f"{MIN_BPM:g} and {MAX_BPM:g}.",
            where=("scale", "factor"),
        )


def _anchored(grid: BeatGrid, edit: SetDownbeat) -> BeatGrid:
    _check_index(grid, edit.index, "set_downbeat")
    metre = edit.metre or grid.beats_per_bar
    return _counted(grid, bars.counted(len(grid.beats), edit.index, metre), metre)


def _tapped(grid: BeatGrid, edit: Tap) -> BeatGrid:
    try:
        pulse = taps.fit([_us(time_ms) for time_ms in edit.times_ms])
    except Invalid as uneven:
        raise Invalid(uneven.code, uneven.message, where=("tap", "times_ms")) from uneven
    beats = steady_beats(pulse.bpm, pulse.start_us, grid.beats_per_bar, grid.duration_us)
    heard = [grid.beats[index].time_us for index in grid.downbeats()]
    if grid.downbeat_source == "derived" or not heard or not beats:
        return _steady(grid, beats, grid.beats_per_bar, pulse.start_us)
    start_us = min(heard, key=lambda time_us: abs(time_us - pulse.start_us))
    start = min(range(len(beats)), key=lambda index: abs(beats[index].time_us - start_us))
    numbers = bars.counted(len(beats), start, grid.beats_per_bar)
    return replace(
        _steady(grid, _numbered(beats, numbers), grid.beats_per_bar, beats[start].time_us),
        downbeat_confidence=grid.downbeat_confidence,
        downbeat_source=grid.downbeat_source,
    )


def _manual(grid: BeatGrid, edit: Manual) -> BeatGrid:
    offset_us = _us(edit.offset_ms)
    beats = steady_beats(edit.bpm, offset_us, edit.metre, grid.duration_us)
    return _steady(grid, beats, edit.metre, offset_us)


def _piecewise(grid: BeatGrid, edit: Piecewise) -> BeatGrid:
    tempi = [(_us(part.from_ms), part.bpm) for part in edit.tempi]
    try:
        beats = changing_beats(tempi, edit.metre, grid.duration_us)
    except Invalid as refused:
        raise Invalid(
            refused.code, f"piecewise.tempi: {refused.message}", where=("piecewise", "tempi")
        ) from refused
    return _steady(grid, beats, edit.metre, tempi[0][0])


def _steady(
    grid: BeatGrid, beats: tuple[Beat, ...], beats_per_bar: int, offset_us: int
) -> BeatGrid:
    """Other beats altogether, tempo and bars of a person."""
    return _in_bars_of(
        replace(
            grid,
            beats=beats,
            offset_us=offset_us,
            bpm_confidence=1.0,
            downbeat_confidence=1.0,
            downbeat_source="user",
        ),
        beats_per_bar,
    )


def _with_beat(grid: BeatGrid, time_us: int) -> BeatGrid:
    index = sum(beat.time_us < time_us for beat in grid.beats)
    _check_time(grid, time_us, (*grid.beats[max(0, index - 1) : index + 1],), "add_beat")
    numbers = bars.after_one_more(_numbers(grid), index, grid.beats_per_bar)
    beats = (*grid.beats[:index], Beat(time_us, 1, 1.0), *grid.beats[index:])
    return replace(grid, beats=_numbered(beats, numbers))


def _with_moved(grid: BeatGrid, edit: MoveBeat) -> BeatGrid:
    index, time_us = edit.index, _us(edit.time_ms)
    _check_index(grid, index, "move_beat")
    before, after = grid.beats[:index], grid.beats[index + 1 :]
    _check_time(grid, time_us, (*before[-1:], *after[:1]), "move_beat")
    if (before and time_us < before[-1].time_us) or (after and time_us > after[0].time_us):
        raise Invalid(
            "beat_out_of_order",
            "move_beat.time_ms must lie between the beats before and after this one; delete the "
            "beat and add it elsewhere.",
            where=("move_beat", "time_ms"),
        )
    moved = replace(grid.beats[index], time_us=time_us, confidence=1.0)
    return replace(grid, beats=(*before, moved, *after))


def _without(grid: BeatGrid, index: int) -> BeatGrid:
    _check_index(grid, index, "delete_beat")
    numbers = bars.after_one_less(_numbers(grid), index)
    return replace(grid, beats=_numbered((*grid.beats[:index], *grid.beats[index + 1 :]), numbers))


def _check_index(grid: BeatGrid, index: int, name: str) -> None:
    if index >= len(grid.beats):
        raise Invalid(
            "no_such_beat",
            f"{name}.index is {index}; the grid has {len(grid.beats)} beats, counted from 0.",
            where=(name, "index"),
        )


def _check_time(grid: BeatGrid, time_us: int, neighbours: tuple[Beat, ...], name: str) -> None:
    if not 0 <= time_us < grid.duration_us:
        raise Invalid(
            "beat_outside_song",
            f"{name}.time_ms is {time_us / 1000:g}; the song lasts {grid.duration_us / 1000:g} ms.",
            where=(name, "time_ms"),
        )
    if any(abs(beat.time_us - time_us) < LEAST_GAP_US for beat in neighbours):
        raise Invalid(
            "beats_too_close",
            f"{name}.time_ms is {time_us / 1000:g}; another beat lies nearer than "
            f"{LEAST_GAP_US // 1000} ms to it.",
            where=(name, "time_ms"),
        )


def _counted(grid: BeatGrid, numbers: Sequence[int], beats_per_bar: int) -> BeatGrid:
    """The same beats, in a person's bars."""
    return _in_bars_of(
        replace(
            grid,
            beats=_numbered(grid.beats, numbers),
            downbeat_confidence=1.0,
            downbeat_source="user",
        ),
        beats_per_bar,
    )


def _in_bars_of(grid: BeatGrid, beats_per_bar: int) -> BeatGrid:
    if beats_per_bar == grid.beats_per_bar:
        return grid
    return replace(
        grid, beats_per_bar=beats_per_bar, time_signature=bars.time_signature(beats_per_bar)
    )


def _numbered(beats: Sequence[Beat], numbers: Sequence[int]) -> tuple[Beat, ...]:
    return tuple(
        replace(beat, beat_number=number) for beat, number in zip(beats, numbers, strict=True)
    )


def _numbers(grid: BeatGrid) -> tuple[int, ...]:
    return tuple(beat.beat_number for beat in grid.beats)


def _us(time_ms: float) -> int:
    return round(time_ms * 1000)
