"""What a person's edits make of a grid: some by example, and what has to hold for any grid."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from beatstitch.beats.changes import (
    AddBeat,
    DeleteBeat,
    Manual,
    MoveBeat,
    Piecewise,
    Scale,
    SetDownbeat,
    Shift,
    ShiftBar,
    Tap,
    Tempo,
    loads,
    read_edit,
)
from beatstitch.beats.edit import edited
from beatstitch.beats.grid import Beat, BeatGrid, dumps, from_json
from beatstitch.beats.steady import steady_grid
from beatstitch.errors import Invalid

HEARD = replace(
    steady_grid(120, 500_000, 20_000_000, audio_checksum="sha256:0"),
    analyzer="madmom",
    downbeat_source="detected",
    verdict="check_tempo",
    bpm_confidence=0.6,
    downbeat_confidence=0.3,
    offset_us=0,
)


@st.composite
def grids(draw: st.DrawFn) -> BeatGrid:
    """Uneven beats in bars of one length, begun anywhere, some with a beat more or less."""
    metre = draw(st.integers(1, 7))
    gaps = draw(st.lists(st.integers(300_000, 900_000), min_size=12, max_size=60))
    number = draw(st.integers(1, metre))
    beats, time_us = [], draw(st.integers(0, 900_000))
    for gap_us in gaps:
        beats.append(Beat(time_us, number, 0.5))
        time_us += gap_us
        number = 1 if number >= metre or draw(st.integers(0, 20)) == 0 else number + 1
    return replace(
        HEARD,
        beats=tuple(beats),
        duration_us=time_us,
        beats_per_bar=metre,
        time_signature=f"{metre}/4",
    )


times_ms = st.integers(0, 30_000_000).map(lambda us: us / 1000)
indices = st.integers(0, 70)
edits = st.one_of(
    st.builds(Shift, times_ms.map(lambda ms: ms - 15_000)),
    st.builds(Scale, st.sampled_from([0.5, 2])),
    st.builds(ShiftBar, st.integers(-9, 9)),
    st.builds(SetDownbeat, indices, st.none() | st.integers(1, 9)),
    st.builds(Manual, st.integers(20, 400), times_ms, st.integers(1, 9)),
    st.builds(
        lambda starts, bpm, metre: Piecewise(tuple(Tempo(s, bpm) for s in sorted(starts)), metre),
        st.sets(times_ms, min_size=1, max_size=4), st.integers(20, 400), st.integers(1, 9),
    ),
    st.builds(Tap, st.lists(times_ms, min_size=4, max_size=8).map(tuple)),
    st.builds(AddBeat, times_ms),
    st.builds(MoveBeat, indices, times_ms),
    st.builds(DeleteBeat, indices),
)  # fmt: skip


@given(grids(), edits)
def test_what_comes_of_an_edit_is_a_grid_of_this_song_or_a_sentence(grid, edit):
    try:
        result = edited(grid, edit)
    except Invalid as refused:
        assert refused.message.endswith(".")
        return

    times = [beat.time_us for beat in result.beats]
    assert all(a < b for a, b in pairwise(times))
    assert times[0] >= 0 and times[-1] < grid.duration_us
    assert (result.analyzer, result.verdict) == ("user", "high")
    assert (result.audio_checksum, result.duration_us) == (grid.audio_checksum, grid.duration_us)
    assert from_json(dumps(result)) == result


@given(grids(), edits)
def test_bars_are_counted_from_one_without_a_gap(grid, edit):
    try:
        numbers = [beat.beat_number for beat in edited(grid, edit).beats]
    except Invalid:
        return

    assert numbers[0] >= 1
    assert all(later in (1, earlier + 1) for earlier, later in pairwise(numbers))


@given(grids())
def test_doubled_and_halved_a_grid_is_what_it_was(grid):
    try:
        again = edited(edited(grid, Scale(2)), Scale(0.5))
    except Invalid:
        assume(False)

    assert again.beats == grid.beats
    assert again.time_signature == grid.time_signature


@given(grids(), st.integers(-2_000_000, 2_000_000))
def test_shifted_and_shifted_back_a_grid_is_what_it_was(grid, by_us):
    assume(grid.beats[0].time_us + by_us >= 0)
    assume(grid.beats[-1].time_us + by_us < grid.duration_us)

    again = edited(edited(grid, Shift(by_us / 1000)), Shift(-by_us / 1000))

    assert again.beats == grid.beats
    assert again.offset_us == grid.offset_us


@given(grids(), st.integers(0, 30_000))
def test_a_beat_that_is_added_and_deleted_leaves_nothing_behind(grid, time_ms):
    try:
        more = edited(grid, AddBeat(time_ms))
    except Invalid:
        assume(False)
    index = next(i for i, beat in enumerate(more.beats) if beat.time_us == time_ms * 1000)

    assert edited(more, DeleteBeat(index)).beats == grid.beats


@given(st.integers(1, 9), st.integers(-20, 20))
def test_bars_shifted_and_shifted_back_are_what_they_were(metre, by):
    grid = steady_grid(120, 0, 20_000_000, beats_per_bar=metre)

    assert edited(edited(grid, ShiftBar(by)), ShiftBar(-by)).beats == grid.beats


def test_a_shift_moves_every_beat_and_drops_what_leaves_the_song():
    shifted = edited(HEARD, Shift(-600.5))

    assert [beat.time_us for beat in shifted.beats[:2]] == [399_500, 899_500]
    assert shifted.beats[0].beat_number == 2
    assert shifted.downbeat_source == "detected"


def test_halving_keeps_the_bar_starts_of_even_bars():
    halved = edited(HEARD, Scale(0.5))

    assert halved.bpm == 60
    assert halved.beats_per_bar == 2 and halved.time_signature == "2/4"
    assert [halved.beats[i].time_us for i in halved.downbeats()] == [
        HEARD.beats[i].time_us for i in HEARD.downbeats()
    ]


def test_halving_a_waltz_makes_one_bar_of_two():
    waltz = steady_grid(180, 0, 20_000_000, beats_per_bar=3)

    halved = edited(waltz, Scale(0.5))

    assert halved.beats_per_bar == 3
    assert [beat.beat_number for beat in halved.beats[:6]] == [1, 2, 3, 1, 2, 3]
    assert {later.time_us - earlier.time_us for earlier, later in pairwise(halved.beats)} <= {
        666_666,
        666_667,
    }


def test_doubling_puts_beats_of_full_confidence_between():
    heard = replace(HEARD, beats=tuple(replace(b, confidence=0.2) for b in HEARD.beats))

    doubled = edited(heard, Scale(2))

    assert doubled.bpm == 240 and doubled.bpm_confidence == 1
    assert [b.confidence for b in doubled.beats[:4]] == [0.2, 1, 0.2, 1]
    assert doubled.downbeat_source == "detected" and doubled.downbeat_confidence == 0.3


def test_bars_shift_by_one_beat_with_the_short_bar_in_the_middle():
    numbers = (3, 4, 1, 2, 3, 1, 2, 3, 4)
    grid = replace(HEARD, beats=tuple(Beat(i * 500_000, n, 1.0) for i, n in enumerate(numbers)))

    later, earlier = edited(grid, ShiftBar(1)), edited(grid, ShiftBar(-1))

    assert [beat.beat_number for beat in later.beats] == [2, 3, 4, 1, 2, 3, 1, 2, 3]
    assert [beat.beat_number for beat in earlier.beats] == [4, 1, 2, 3, 1, 2, 3, 4, 1]
    assert later.downbeat_source == "user" and later.downbeat_confidence == 1


def test_bars_are_anchored_at_a_beat_and_counted_in_another_metre():
    anchored = edited(HEARD, SetDownbeat(5, metre=3))

    assert anchored.beats[5].is_downbeat
    assert [beat.beat_number for beat in anchored.beats[:6]] == [2, 3, 1, 2, 3, 1]
    assert anchored.time_signature == "3/4"


def test_a_tempo_set_by_hand_fills_the_song():
    manual = edited(HEARD, Manual(90, offset_ms=1_000, metre=3))

    assert manual.bpm == 90
    expected = steady_grid(90, 1_000_000, 20_000_000, beats_per_bar=3)
    assert manual.beats == expected.beats
    assert manual.offset_us == 1_000_000


def test_one_tempo_follows_another_with_a_beat_where_it_changes():
    piecewise = edited(HEARD, Piecewise((Tempo(500, 120), Tempo(8_600, 150))))

    times = [beat.time_us for beat in piecewise.beats]
    assert times[:2] == [0, 500_000]
    at = times.index(8_600_000)
    assert times[at - 1] == 8_000_000 and times[at + 1] == 9_000_000
    assert piecewise.beats[at].is_downbeat


def test_tempi_that_do_not_rise_in_time_are_refused_by_their_field():
    with pytest.raises(Invalid, match=r"piecewise\.tempi"):
        edited(HEARD, Piecewise((Tempo(5_000, 120), Tempo(4_000, 150))))


def test_taps_set_the_tempo_and_the_bar_stays_where_it_was_heard():
    taps = tuple(4_510 + i * 500 for i in range(8))

    tapped = edited(HEARD, Tap(taps))

    assert tapped.bpm == 120
    assert tapped.beats[0].time_us == 10_000
    assert [tapped.beats[i].time_us for i in tapped.downbeats()][:2] == [510_000, 2_510_000]
    assert tapped.downbeat_source == "detected"


def test_the_first_tap_begins_a_bar_where_none_was_heard():
    tapped = edited(replace(HEARD, downbeat_source="derived"), Tap((1000, 1500, 2000, 2500)))

    assert next(b for b in tapped.beats if b.is_downbeat).time_us == 1_000_000
    assert tapped.downbeat_source == "user"


def test_an_added_beat_makes_its_bar_longer_and_no_other_bar_moves():
    more = edited(HEARD, AddBeat(1_250))

    assert [beat.beat_number for beat in more.beats[1:7]] == [1, 2, 3, 4, 5, 1]
    assert more.beats[3] == Beat(1_250_000, 3, 1.0)


def test_a_bar_that_loses_its_first_beat_begins_with_the_next():
    less = edited(HEARD, DeleteBeat(5))

    assert [beat.beat_number for beat in less.beats[4:9]] == [4, 1, 2, 3, 1]


def test_a_moved_beat_stays_between_its_neighbours():
    moved = edited(HEARD, MoveBeat(3, 1_540))

    assert moved.beats[3].time_us == 1_540_000
    with pytest.raises(Invalid, match="between the beats"):
        edited(HEARD, MoveBeat(3, 5_250))


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (SetDownbeat(40), r"set_downbeat\.index is 40; the grid has 40 beats"),
        (DeleteBeat(99), r"delete_beat\.index is 99"),
        (AddBeat(20_000), r"add_beat\.time_ms is 20000; the song lasts 20000 ms"),
        (AddBeat(1_010), r"add_beat\.time_ms is 1010; another beat lies nearer than 42 ms"),
        (Shift(20_000), "Fewer than two beats"),
        (Tap((1, 2, 3)), "times_ms has 3 taps; at least 4"),
    ],
)
def test_what_makes_no_sense_for_this_grid_is_refused_with_a_sentence(edit, sentence):
    with pytest.raises(Invalid, match=sentence):
        edited(HEARD, edit)


def test_a_tempo_beyond_all_music_is_not_doubled():
    with pytest.raises(Invalid, match=r"scale\.factor: the song would have 480 BPM"):
        edited(edited(HEARD, Scale(2)), Scale(2))


@pytest.mark.parametrize(
    ("value", "edit"),
    [
        ({"shift": {"ms": -20}}, Shift(-20)),
        ({"scale": {"factor": 0.5}}, Scale(0.5)),
        ({"shift_bar": {"beats": 1}}, ShiftBar(1)),
        ({"set_downbeat": {"index": 3}}, SetDownbeat(3)),
        ({"tap": {"times_ms": [0, 500, 1000.5, 1500]}}, Tap((0, 500, 1000.5, 1500))),
        ({"manual": {"bpm": 120, "offset_ms": 20, "metre": 3}}, Manual(120, 20, 3)),
        ({"piecewise": {"tempi": [{"from_ms": 0, "bpm": 90}]}}, Piecewise((Tempo(0, 90),))),
        ({"add_beat": {"time_ms": 1.5}}, AddBeat(1.5)),
        ({"move_beat": {"index": 2, "time_ms": 9}}, MoveBeat(2, 9)),
        ({"delete_beat": {"index": 0}}, DeleteBeat(0)),
    ],
)
def test_an_edit_is_read_from_the_json_of_the_api(value, edit):
    assert read_edit(value) == edit
    assert loads(json.dumps(value)) == edit


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"shift": {"ms": "soon"}}, ("shift", "ms")),
        ({"shift": {"ms": "20"}}, ("shift", "ms")),
        ({"shift": {"ms": True}}, ("shift", "ms")),
        ({"scale": {"factor": "2"}}, ("scale", "factor")),
        ({"manual": {"bpm": 120, "metre": "3"}}, ("manual", "metre")),
        ({"tap": {"times_ms": [0, "500", 1000, 1500]}}, ("tap", "times_ms", 1)),
        ({"delete_beat": {"index": 1.0}}, ("delete_beat", "index")),
        ({"shift": {"ms": float("nan")}}, ("shift", "ms")),
        ({"scale": {"factor": 3}}, ("scale", "factor")),
        ({"manual": {"bpm": 1}}, ("manual", "bpm")),
        ({"manual": {"bpm": 120, "meter": 3}}, ("manual", "meter")),
        ({"set_downbeat": {"index": -1}}, ("set_downbeat", "index")),
        ({"stretch": {}}, ("stretch",)),
        ({"shift": {"ms": 1}, "scale": {"factor": 2}}, ()),
        ({}, ()),
        ([], ()),
    ],
)
def test_a_wrong_edit_is_refused_by_its_field(value, where):
    with pytest.raises(Invalid) as refused:
        read_edit(value)

    assert refused.value.where == where
