"""Sections of the song cut at a pace of their own, changing on bar lines, and never a gap."""

from dataclasses import replace
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatstitch.beats.energy import Label, Section
from beatstitch.beats.grid import BeatGrid
from beatstitch.beats.steady import steady_grid
from beatstitch.errors import Invalid
from beatstitch.timeline.build import build
from beatstitch.timeline.check import check
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.edl import Edl, dumps, loads
from beatstitch.timeline.settings import read_settings, settings_json

SECOND = 1_000_000
BAR = 2 * SECOND
PHOTO, CLIP = Medium("1", "image"), Medium("2", "video", 10_000)


def song(*parts: tuple[Label, int], offset_us: int = 0) -> BeatGrid:
    """120 BPM in four; each part so many bars long."""
    sections, start_us = [], 0
    for label, bars in parts:
        end_us = start_us + bars * BAR
        sections.append(Section(label, start_us, end_us, 0.5))
        start_us = end_us
    return replace(steady_grid(120, offset_us, start_us), sections=tuple(sections))


def built(grid: BeatGrid, rules: dict[str, object], **settings: object) -> Edl:
    """`rules`: beats per cut by section, or those and the transition."""
    section_rules = [
        {"section": section, "beats_per_cut": how}
        if isinstance(how, int)
        else {"section": section, "beats_per_cut": how[0], "transition_type": how[1]}
        for section, how in rules.items()
    ]
    return build(
        grid,
        [PHOTO, CLIP],
        read_settings({**settings, "section_rules": section_rules}),
        audio_duration_us=grid.duration_us,
        project_id="test",
    )


def cut_beats(edl: Edl) -> list[float]:
    """Where it cuts, in beats from the start."""
    return [segment.timeline_in_us * 2 / SECOND for segment in edl.segments[1:]]


def test_each_section_is_cut_at_its_own_pace() -> None:
    edl = built(song(("low", 4), ("mid", 2), ("high", 2)), {"low": 8, "high": 2})

    assert cut_beats(edl) == [8, 16, 20, 24, 26, 28, 30]


def test_a_drop_is_high_and_an_intro_low_unless_they_have_rules_of_their_own() -> None:
    grid = song(("intro", 4), ("drop", 2), ("mid", 2), ("outro", 4))

    kinds = built(grid, {"low": 16, "high": 1})
    own = built(grid, {"low": 16, "high": 1, "drop": 8, "outro": 4})

    assert cut_beats(kinds) == [*range(16, 24), 24, 28, 32]
    assert cut_beats(own) == [16, 24, 28, 32, 36, 40, 44]


def test_a_change_of_pace_is_a_cut_on_the_bar_line_nearest_to_it() -> None:
    grid = song(("low", 8), ("high", 8))
    low, high = grid.sections
    shifted = replace(
        grid,
        sections=(
            replace(low, end_us=low.end_us - 700_000),
            replace(high, start_us=high.start_us - 700_000),
        ),
    )

    assert cut_beats(built(shifted, {"low": 16, "high": 4})) == [16, 32, 36, 40, 44, 48, 52, 56, 60]


def test_neighbours_of_one_pace_are_counted_through() -> None:
    edl = built(song(("low", 3), ("mid", 3), ("high", 2)), {"low": 8, "mid": 8})

    assert cut_beats(edl) == [8, 16, 24, 28]


def test_what_no_section_covers_has_the_usual_pace() -> None:
    grid = song(("low", 2), ("high", 2), ("low", 4))
    gappy = replace(grid, sections=grid.sections[1:2])

    assert cut_beats(built(gappy, {"high": 2}, beats_per_cut=8)) == [8, 10, 12, 14, 16, 24]


def test_a_section_has_the_transition_that_its_rule_names() -> None:
    grid = song(("low", 2), ("high", 2))

    edl = built(grid, {"high": (4, "crossfade")}, transition_duration_ms=200)

    joints = [segment.transition_in.type for segment in edl.segments[1:]]
    assert joints == ["cut", "crossfade", "crossfade"]
    check(edl, {"1": PHOTO, "2": CLIP})


def test_a_film_of_a_part_of_the_song_keeps_to_the_sections_there() -> None:
    grid = song(("low", 4), ("high", 4))

    edl = built(grid, {"low": 8, "high": 2}, audio_start_ms=4_000, duration_ms=8_000)

    assert cut_beats(edl) == [8, 10, 12, 14]


def test_without_sections_rules_change_nothing_and_the_timeline_says_so() -> None:
    grid = replace(song(("low", 4)), sections=())

    edl = built(grid, {"low": 16})

    assert cut_beats(edl) == [4, 8, 12]
    assert any("without sections" in warning for warning in edl.warnings)


def test_without_bars_rules_change_nothing() -> None:
    grid = song(("low", 2), ("high", 2))
    barless = replace(grid, beats=tuple(replace(beat, beat_number=2) for beat in grid.beats))

    assert cut_beats(built(barless, {"high": 1})) == [4, 8, 12]


@pytest.mark.parametrize(
    ("rules", "place"),
    [
        ([{"section": "verse", "beats_per_cut": 4}], ("section_rules", 0, "section")),
        ([{"section": "low", "beats_per_cut": 3}], ("section_rules", 0, "beats_per_cut")),
        ([{"section": "low"}], ("section_rules", 0, "beats_per_cut")),
        ([{"section": "low", "beats_per_cut": 4, "speed": 2}], ("section_rules", 0, "speed")),
        ([{"section": "low", "beats_per_cut": n} for n in (4, 8)], ("section_rules",)),
    ],
)
def test_rules_that_make_no_sense_are_refused_by_their_place(
    rules: object, place: tuple[str | int, ...]
) -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({"section_rules": rules})

    assert (refused.value.code, refused.value.where) == ("bad_settings", place)


labels = st.sampled_from(get_args(Label))
forms = st.lists(st.tuples(labels, st.integers(min_value=1, max_value=9)), min_size=1, max_size=7)
paces = st.dictionaries(
    labels,
    st.tuples(st.sampled_from([1, 2, 4, 8, 16]), st.sampled_from(["cut", "crossfade", "zoom"])),
)


@given(forms, paces, st.integers(min_value=-1_500, max_value=1_500), st.sampled_from([1, 4, 16]))
def test_any_rules_leave_no_gap_and_change_on_bar_lines_alone(
    form: list[tuple[Label, int]], rules: dict[str, object], late_ms: int, usual: int
) -> None:
    grid = song(*form, offset_us=700_000)
    moved = tuple(
        replace(
            section,
            start_us=min(max(section.start_us + late_ms * 1000, 0), grid.duration_us - 2),
            end_us=min(max(section.end_us + late_ms * 1000, 1), grid.duration_us),
        )
        for section in grid.sections
    )
    grid = replace(grid, sections=tuple(s for s in moved if s.start_us < s.end_us))

    edl = built(grid, rules, beats_per_cut=usual)

    check(edl, {"1": PHOTO, "2": CLIP})
    assert (edl.segments[0].timeline_in_us, edl.segments[-1].timeline_out_us) == (
        0,
        grid.duration_us,
    )
    assert all(
        left.timeline_out_us == right.timeline_in_us for left, right in pairwise(edl.segments)
    )
    beats = {beat.time_us: beat for beat in grid.beats}
    lengths = [s.timeline_out_us - s.timeline_in_us for s in edl.segments]
    for i, segment in enumerate(edl.segments[1:-1], 1):
        assert segment.timeline_in_us in beats
        if abs(lengths[i] - lengths[i + 1]) > SECOND // 4 and i + 1 < len(lengths) - 1:
            assert beats[edl.segments[i + 1].timeline_in_us].is_downbeat
    assert loads(dumps(edl)) == edl and dumps(built(grid, rules, beats_per_cut=usual)) == dumps(edl)
    assert settings_json(read_settings(settings_json(edl.settings))) == settings_json(edl.settings)
