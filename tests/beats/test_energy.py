"""Sections and the energy of beats, when a grid is edited, cut or handed in."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatstitch.beats.changes import read_edit
from beatstitch.beats.edit import edited
from beatstitch.beats.energy import (
    BeatEnergy,
    Section,
    check_energy,
    check_sections,
    follow,
    within,
)
from beatstitch.beats.grid import BeatGrid, dumps, excerpt, from_json
from beatstitch.beats.steady import steady_grid
from beatstitch.errors import Invalid

SECOND = 1_000_000
SECTIONS = (
    Section("intro", 0, 4 * SECOND, 0.1),
    Section("drop", 4 * SECOND, 12 * SECOND, 0.95),
    Section("outro", 12 * SECOND, 16 * SECOND, 0.2),
)


def sounding() -> BeatGrid:
    """A song of 16 s at 120 BPM, kick and snare by turns, getting louder."""
    grid = steady_grid(120, 0, 16 * SECOND)
    beats = range(len(grid.beats))
    energy = BeatEnergy(
        kick=tuple(float(i % 2 == 0) for i in beats),
        snare=tuple(float(i % 2) for i in beats),
        hat=tuple(0.5 for _ in beats),
        loudness=tuple(round(i / len(beats), 3) for i in beats),
    )
    return replace(grid, sections=SECTIONS, beat_energy=energy)


EDITS = (
    {"shift": {"ms": 740}},
    {"scale": {"factor": 2}},
    {"scale": {"factor": 0.5}},
    {"shift_bar": {"beats": 1}},
    {"set_downbeat": {"index": 2, "metre": 3}},
    {"tap": {"times_ms": [1000, 1600, 2200, 2800, 3400, 4000]}},
    {"manual": {"bpm": 97, "offset_ms": 250, "metre": 3}},
    {"piecewise": {"tempi": [{"from_ms": 0, "bpm": 100}, {"from_ms": 6000, "bpm": 140}]}},
    {"add_beat": {"time_ms": 750}},
    {"move_beat": {"index": 1, "time_ms": 530}},
    {"delete_beat": {"index": 3}},
)


@given(st.lists(st.sampled_from(EDITS), max_size=4))
def test_after_any_edits_every_beat_has_its_energy_and_sections_stay(
    edits: list[dict[str, object]],
) -> None:
    grid = sounding()

    for edit in edits:
        with suppress(Invalid):
            grid = edited(grid, read_edit(edit))

    check_energy(grid.beat_energy, len(grid.beats))
    assert len(grid.beat_energy.kick) == len(grid.beats)
    assert grid.sections == SECTIONS
    assert from_json(dumps(grid)) == grid


def test_a_shift_by_a_beat_gives_beats_the_energy_of_where_they_are_now() -> None:
    grid = edited(sounding(), read_edit({"shift": {"ms": 500}}))

    assert grid.beats[0].time_us == 500_000
    assert (grid.beat_energy.kick[:2], grid.beat_energy.snare[:2]) == ((0, 1), (1, 0))


def test_a_small_shift_leaves_the_strokes_on_their_beats() -> None:
    before = sounding()

    after = edited(before, read_edit({"shift": {"ms": 30}}))

    assert after.beat_energy.kick == before.beat_energy.kick[: len(after.beats)]


def test_a_beat_between_two_has_what_lies_between_them() -> None:
    grid = edited(sounding(), read_edit({"add_beat": {"time_ms": 750}}))

    assert grid.beat_energy.kick[:4] == (1, 0, 0.5, 1)


def test_halving_keeps_the_strokes_of_the_beats_that_stay() -> None:
    grid = edited(sounding(), read_edit({"scale": {"factor": 0.5}}))

    assert set(grid.beat_energy.kick) == {1.0} and set(grid.beat_energy.snare) == {0.0}


def test_a_grid_that_nobody_measured_stays_unmeasured() -> None:
    assert follow(BeatEnergy(), [0, 1], [0, 1, 2]) == BeatEnergy()


def test_a_part_of_a_song_has_its_part_of_sections_and_energy() -> None:
    part = excerpt(sounding(), 3 * SECOND, 10 * SECOND)

    assert [(s.label, s.start_us, s.end_us) for s in part.sections] == [
        ("intro", 0, SECOND),
        ("drop", SECOND, 9 * SECOND),
        ("outro", 9 * SECOND, 10 * SECOND),
    ]
    assert len(part.beat_energy.loudness) == len(part.beats) == 20
    assert part.beat_energy.loudness[0] == sounding().beat_energy.loudness[6]


def test_a_section_that_only_touches_a_part_is_not_in_it() -> None:
    assert within(SECTIONS, 4 * SECOND, 12 * SECOND) == (Section("drop", 0, 8 * SECOND, 0.95),)


@pytest.mark.parametrize(
    ("sections", "where"),
    [
        ([Section("low", 2, 2, 0.5)], ("sections", 0)),
        ([Section("low", -1, 2, 0.5)], ("sections", 0)),
        ([Section("low", 0, 11, 0.5)], ("sections", 0)),
        ([Section("low", 0, 5, 1.5)], ("sections", 0, "energy")),
        ([Section("low", 0, 5, 0.5), Section("mid", 4, 9, 0.5)], ("sections", 1, "start_ms")),
    ],
)
def test_sections_that_make_no_sense_are_refused(
    sections: list[Section], where: tuple[str | int, ...]
) -> None:
    with pytest.raises(Invalid) as refused:
        check_sections(sections, 10)

    assert (refused.value.code, refused.value.where) == ("bad_sections", where)


@pytest.mark.parametrize(
    ("energy", "field"),
    [
        (BeatEnergy((0.5,), (0.5,), (0.5,), (0.5, 0.5)), "kick"),
        (BeatEnergy((0.5, 0.5), (0.5, 0.5), (0.5, 0.5), ()), "loudness"),
        (BeatEnergy((0.5, 0.5), (0.5, 1.5), (0.5, 0.5), (0.5, 0.5)), "snare"),
    ],
)
def test_energy_needs_a_number_from_0_to_1_for_every_beat(energy: BeatEnergy, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_energy(energy, 2)

    assert (refused.value.code, refused.value.where) == (
        "bad_beat_energy",
        ("beat_energy", field),
    )
