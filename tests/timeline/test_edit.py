"""Edits of a timeline: what each does, what is refused, and what no sequence of them can break."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from beatstitch.beats.grid import BeatGrid
from beatstitch.beats.steady import steady_grid
from beatstitch.errors import BeatstitchError, Conflict, Invalid
from beatstitch.timeline.build import build
from beatstitch.timeline.changes import EffectsGiven, read_edit
from beatstitch.timeline.check import check
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.desk import LEAST_FRAMES, Material
from beatstitch.timeline.edit import edited
from beatstitch.timeline.edl import Edl, Effects, Focus, Segment, dumps, edl_hash, loads
from beatstitch.timeline.settings import read_settings

MEDIA = {
    "photo": Medium("photo", "image"),
    "clip": Medium("clip", "video", 10_000),
    "short": Medium("short", "video", 1_200),
    "part": Medium("part", "video", 9_000, in_ms=3_000, out_ms=7_000),
    "portrait": Medium("portrait", "image", focus=Focus(0.4, 0.2)),
}
GRID = steady_grid(120.0, 0, 16_000_000)
MATERIAL = Material(GRID, MEDIA)


def built(*names: str, grid: BeatGrid = GRID, **settings: object) -> Edl:
    """Eight bars of 2 s of these media."""
    return build(
        grid,
        [MEDIA[name] for name in names or ("photo", "clip")],
        read_settings(settings),
        audio_duration_us=grid.duration_us,
        project_id="test",
    )


def after(edl: Edl, *edits: dict[str, object], material: Material = MATERIAL) -> Edl:
    """The timeline after these edits."""
    for edit in edits:
        edl = edited(edl, read_edit(edit)[1], material)
        check(edl, material.media)
    return edl


def refusal(edl: Edl, edit: dict[str, object]) -> BeatstitchError:
    """What the edit is refused with."""
    with pytest.raises(BeatstitchError) as refused:
        edited(edl, read_edit(edit)[1], MATERIAL)
    return refused.value


def shown(edl: Edl) -> list[str]:
    return [segment.media_asset_id for segment in edl.segments]


def ids(edl: Edl) -> list[int]:
    return [segment.id for segment in edl.segments]


def starts_ms(edl: Edl) -> list[int]:
    return [segment.timeline_in_us // 1000 for segment in edl.segments]


# --- move ------------------------------------------------------------------------------------


def test_a_move_takes_what_is_seen_along_and_leaves_the_cuts() -> None:
    edl = built("photo", "clip")

    moved = after(edl, {"move": {"index": 0, "to": 2}})

    assert ids(moved) == [2, 3, 1, 4, 5, 6, 7, 8]
    assert shown(moved)[:3] == ["clip", "photo", "photo"]
    assert starts_ms(moved) == starts_ms(edl)


def test_a_move_and_its_way_back_give_the_old_hash() -> None:
    edl = built(*MEDIA)

    there = after(edl, {"move": {"index": 1, "to": 5}})

    assert edl_hash(there) != edl_hash(edl)
    assert edl_hash(after(there, {"move": {"id": 2, "to": 1}})) == edl_hash(edl)


def test_locked_segments_stay_where_they_are_when_others_move() -> None:
    edl = after(built("photo", "clip"), {"lock": {"index": 1}})

    moved = after(edl, {"move": {"index": 0, "to": 2}})

    assert ids(moved) == [3, 2, 1, 4, 5, 6, 7, 8]
    assert moved.segments[1] == edl.segments[1]


def test_a_clip_in_a_longer_slot_shows_more_of_itself_or_is_slowed_or_repeated() -> None:
    edl = after(
        built("photo", "clip"),
        {"set_duration_beats": {"index": 0, "beats": 7}},
        {"replace": {"index": 1, "media_asset_id": "short"}},
    )
    assert (edl.segments[1].speed, edl.segments[1].source_out_ms) == (1.0, 500)

    longer = after(edl, {"move": {"index": 1, "to": 2}})
    too_long = after(edl, {"move": {"index": 1, "to": 0}})

    assert longer.segments[2].reason == "slowed to 0.6: the clip has 1200 ms for 2000"
    assert too_long.segments[0].reason == "repeated: the clip has 1200 ms for 3500"
    assert after(longer, {"move": {"index": 2, "to": 1}}).segments[1].speed == 1.0


# --- cuts ------------------------------------------------------------------------------------


def test_a_trimmed_edge_goes_to_the_nearest_beat_and_the_neighbour_follows() -> None:
    edl = built("photo", "clip")

    trimmed = after(edl, {"trim": {"index": 1, "in_ms": 2700}})

    assert starts_ms(trimmed)[:3] == [0, 2500, 4000]
    assert trimmed.segments[1].source_in_ms == edl.segments[1].source_in_ms + 500
    assert trimmed.segments[1].source_out_ms == edl.segments[1].source_out_ms


def test_an_edge_can_lie_beside_the_beat_if_that_is_said() -> None:
    trimmed = after(built(), {"trim": {"index": 1, "out_ms": 4123.5, "snap": "none"}})

    assert trimmed.segments[2].timeline_in_us == 4_123_500


def test_a_cut_that_moves_by_less_than_a_ms_of_footage_leaves_no_clip_short() -> None:
    trimmed = after(built("clip"), {"trim": {"index": 2, "in_ms": 4000.75, "snap": "none"}})

    assert not any(segment.is_repeated for segment in trimmed.segments)


def test_an_edge_stays_between_its_neighbours_other_ends() -> None:
    assert refusal(built(), {"trim": {"index": 1, "in_ms": 4100}}).code == "no_room"
    assert refusal(built(), {"trim": {"index": 1, "out_ms": 6000}}).code == "no_room"
    nearly = {"trim": {"index": 1, "out_ms": 5999, "snap": "none"}}
    assert refusal(built(), nearly).code == "no_room"
    assert starts_ms(after(built(), {"trim": {"index": 1, "out_ms": 5999}}))[2] == 5500


def test_where_no_beat_is_the_way_out_is_named() -> None:
    edl = built(beats_per_cut=1)
    narrow = after(edl, {"trim": {"index": 1, "in_ms": 400, "snap": "none"}})

    refused = refusal(narrow, {"split": {"index": 0}})

    assert refused.code == "no_beat_there"
    assert '"snap": "none"' in refused.message


def test_an_edge_between_two_milliseconds_leaves_a_clip_enough_for_its_slot() -> None:
    edl = built("clip", beats_per_cut=2)

    trimmed = after(edl, {"trim": {"index": 6, "in_ms": 6000.75, "snap": "none"}})

    assert not trimmed.segments[6].is_repeated and trimmed.segments[6].reason is None


def test_the_ends_of_the_film_cannot_be_trimmed() -> None:
    assert refusal(built(), {"trim": {"index": 0, "in_ms": 100}}).code == "no_such_cut"
    assert refusal(built(), {"trim": {"index": 7, "out_ms": 100}}).code == "no_such_cut"
    assert refusal(built(), {"set_duration_beats": {"index": 7, "beats": 2}}).code == "no_such_cut"


def test_a_segment_can_last_a_number_of_beats() -> None:
    edl = after(built(), {"set_duration_beats": {"index": 2, "beats": 3}})

    assert starts_ms(edl)[2:5] == [4000, 5500, 8000]


def test_more_beats_than_there_are_is_refused() -> None:
    assert refusal(built(), {"set_duration_beats": {"index": 0, "beats": 9}}).code == "no_room"
    many = refusal(built(), {"set_duration_beats": {"index": 0, "beats": 99}})
    assert (many.code, many.message[:11]) == ("no_beat_there", "beats is 99")


def test_a_split_is_seen_by_nobody_and_merging_takes_it_back() -> None:
    edl = built("photo", "clip")

    split = after(edl, {"split": {"index": 1, "at_ms": 2600}}, {"split": {"index": 0}})

    assert ids(split) == [1, 10, 2, 9, 3, 4, 5, 6, 7, 8]
    left, right = split.segments[2:4]
    assert (left.source_in_ms, left.source_out_ms) == (0, 500)
    assert (right.source_in_ms, right.source_out_ms) == (500, 2000)
    first, second = (s.effects.ken_burns for s in split.segments[:2])
    assert first.end_zoom == second.start_zoom
    merged = after(split, {"merge": {"index": 0}}, {"merge": {"index": 1}})
    assert merged.segments == edl.segments
    assert merged.next_segment_id == 11


def test_a_new_cut_has_no_flash_and_another_medium_keeps_the_pulse() -> None:
    edl = built("photo", flash=0.5, pulse=0.05)

    split = after(edl, {"split": {"index": 1}})
    replaced = after(edl, {"replace": {"index": 1, "media_asset_id": "clip"}})

    assert [s.effects.flash for s in split.segments[1:3]] == [0.5, 0]
    assert after(split, {"merge": {"index": 1}}).segments == edl.segments
    effects = replaced.segments[1].effects
    assert (effects.pulse, effects.flash, effects.ken_burns.enabled) == (0.05, 0.5, False)


def test_merging_keeps_the_first_and_drops_the_cut() -> None:
    merged = after(built("photo", "clip"), {"merge": {"index": 1}})

    assert ids(merged) == [1, 2, 4, 5, 6, 7, 8]
    assert (merged.segments[1].source_in_ms, merged.segments[1].source_out_ms) == (0, 4000)
    assert refusal(merged, {"merge": {"index": 6}}).code == "no_such_cut"


@pytest.mark.parametrize(
    ("index", "left"), [(0, [0, 4000]), (3, [0, 2000]), (7, [0, 2000])], ids=str
)
def test_a_deleted_segments_time_goes_to_its_neighbour(index: int, left: list[int]) -> None:
    edl = after(built("photo", "clip"), {"delete": {"index": index}})

    assert len(edl.segments) == 7
    assert index + 1 not in ids(edl)
    assert starts_ms(edl)[:2] == left
    assert edl.segments[-1].timeline_out_us == 16_000_000


def test_the_time_goes_past_a_locked_neighbour_to_the_other() -> None:
    edl = after(built("photo", "clip"), {"lock": {"index": 2}}, {"delete": {"index": 3}})

    assert edl.segments[3].id == 5
    assert starts_ms(edl)[2:4] == [4000, 6000]
    between = after(edl, {"lock": {"index": 4}})
    assert refusal(between, {"delete": {"index": 3}}).code == "segment_locked"


def test_the_only_segment_cannot_be_deleted() -> None:
    one = after(built(beats_per_cut=16), {"merge": {"index": 0}})

    assert refusal(one, {"delete": {"index": 0}}).code == "last_segment"


# --- what is seen ----------------------------------------------------------------------------


def test_another_part_of_another_clip_can_be_shown() -> None:
    edl = after(
        built("photo"), {"replace": {"index": 0, "media_asset_id": "clip", "source_in_ms": 7_900}}
    )

    first = edl.segments[0]
    assert (first.media_type, first.source_in_ms, first.source_out_ms) == ("video", 7_900, 9_900)
    assert first.effects == Effects()
    assert first.id == 1


def test_a_part_that_the_clip_does_not_have_is_refused_with_its_bounds() -> None:
    late = {"replace": {"index": 0, "media_asset_id": "clip", "source_in_ms": 8_001}}
    early = {"replace": {"index": 0, "media_asset_id": "part", "source_in_ms": 2_999}}

    assert "from 0 to 10000 ms" in refusal(built(), late).message
    assert "from 3000 to 7000 ms" in refusal(built(), early).message
    unknown = {"replace": {"index": 0, "media_asset_id": "nobody's"}}
    assert refusal(built(), unknown).code == "no_such_medium"


def test_without_a_part_a_short_clip_is_slowed_as_the_builder_does() -> None:
    edl = after(built("photo"), {"replace": {"index": 0, "media_asset_id": "short"}})

    assert edl.segments[0].reason == "slowed to 0.6: the clip has 1200 ms for 2000"


def test_only_the_wanted_part_of_a_clip_is_shown() -> None:
    edl = after(built("photo"), {"replace": {"index": 0, "media_asset_id": "part"}})

    assert (edl.segments[0].source_in_ms, edl.segments[0].source_out_ms) == (3_000, 5_000)


def test_the_camera_move_of_a_photo_can_be_set_and_stopped() -> None:
    move = {"enabled": True, "start_zoom": 1.5, "end_zoom": 1.0, "start_x": 0.2}
    edl = after(built("photo", "clip"), {"set_effect": {"index": 0, "ken_burns": move}})

    assert edl.segments[0].effects.ken_burns.start_zoom == 1.5
    still = after(edl, {"set_effect": {"index": 0, "ken_burns": {"enabled": False}}})
    assert not still.segments[0].effects.ken_burns.enabled
    assert refusal(edl, {"set_effect": {"index": 1, "ken_burns": move}}).code == "only_photos"


def test_a_segment_pulses_and_flashes_as_it_is_told() -> None:
    edl = after(built("photo", "clip"), {"set_effect": {"index": 1, "pulse": 0.08, "flash": 0.5}})

    assert (edl.segments[1].effects.pulse, edl.segments[1].effects.flash) == (0.08, 0.5)
    calm = after(edl, {"set_effect": {"index": 1, "pulse": 0}})
    assert (calm.segments[1].effects.pulse, calm.segments[1].effects.flash) == (0, 0.5)
    assert calm.beats_us


def test_every_effect_of_a_segment_can_be_sent() -> None:
    assert EffectsGiven.__slots__ == Effects.__slots__


def test_a_transition_is_as_long_as_both_sides_allow() -> None:
    edl = after(
        built("photo", "part"),
        {"set_transition": {"index": 2, "type": "crossfade", "duration_ms": 2000}},
    )

    left, right = edl.segments[1:3]
    assert left.transition_out == right.transition_in
    assert (right.transition_in.type, right.transition_in.duration_ms) == ("crossfade", 1000)
    cut = after(edl, {"set_transition": {"id": left.id, "edge": "out", "type": "cut"}})
    assert cut.segments == built("photo", "part").segments


def test_a_transition_without_footage_is_refused_with_the_way_out() -> None:
    refused = refusal(built("photo", "clip"), {"set_transition": {"index": 1, "type": "zoom"}})

    assert refused.code == "no_footage"
    assert "source_in_ms" in refused.message
    outer = {"set_transition": {"index": 0, "type": "zoom"}}
    assert refusal(built(), outer).code == "no_such_cut"


def test_a_transition_shrinks_with_its_segments() -> None:
    faded = {"set_transition": {"index": 1, "type": "fade_black", "duration_ms": 1000}}
    edl = after(
        built("photo"), faded, {"trim": {"index": 1, "out_ms": 2500}}, {"merge": {"index": 3}}
    )

    assert edl.segments[1].transition_in.duration_ms == 250
    assert edl.segments[0].transition_out == edl.segments[1].transition_in


# --- locks, names, words ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "edit",
    [
        {"move": {"index": 2, "to": 4}},
        {"move": {"index": 4, "to": 2}},
        {"trim": {"index": 2, "in_ms": 4500}},
        {"trim": {"index": 3, "in_ms": 6500}},
        {"split": {"index": 2}},
        {"merge": {"index": 1}},
        {"merge": {"index": 2}},
        {"delete": {"index": 2}},
        {"replace": {"index": 2, "media_asset_id": "clip"}},
        {"set_effect": {"index": 2, "ken_burns": {"enabled": False}}},
        {"set_duration_beats": {"index": 1, "beats": 2}},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_a_locked_segment_stays_as_it_is(edit: dict[str, object]) -> None:
    edl = after(built("photo"), {"lock": {"index": 2}})

    with pytest.raises(Conflict) as refused:
        edited(edl, read_edit(edit)[1], MATERIAL)

    assert refused.value.code == "segment_locked"
    assert refused.value.details == {"segment_id": 3, "index": 2}
    after(after(edl, {"unlock": {"id": 3}}), edit)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"lock": {}}, "by its index or by its id"),
        ({"lock": {"index": 1, "id": 1}}, "by its index or by its id"),
        ({"lock": {"index": 8}}, "has 8 segments, counted from 0"),
        ({"lock": {"id": 99}}, "no segment with id 99"),
        ({"move": {"index": 0, "to": 8}}, "to is 8"),
        ({"trim": {"index": 1}}, "in_ms or out_ms"),
        ({"trim": {"index": 1, "in_ms": 3000, "out_ms": 5000}}, "in_ms or out_ms"),
    ],
)
def test_what_names_nothing_is_refused(edit: dict[str, object], says: str) -> None:
    assert says in refusal(built(), edit).message


@pytest.mark.parametrize(
    "edit", [{}, [], None, {"lock": {"index": 0}, "unlock": {"index": 0}}, {"cut": {}}]
)
def test_what_is_no_edit_is_refused(edit: object) -> None:
    with pytest.raises(Invalid, match=r"key|dictionary|Unexpected"):
        read_edit(edit)


def test_the_remarks_follow_the_edits() -> None:
    media = {name: MEDIA[name] for name in ("photo", "clip")}
    edl = built("photo")

    one_short = after(edl, {"lock": {"index": 0}}, material=Material(GRID, media))
    all_there = after(
        edl, {"replace": {"index": 0, "media_asset_id": "clip"}}, material=Material(GRID, media)
    )
    set_aside = after(
        edl, {"lock": {"index": 0}}, material=Material(GRID, media, frozenset({"clip"}))
    )

    assert one_short.warnings[0].startswith("1 of 2 photos and clips found no place")
    assert all_there.warnings == set_aside.warnings == ()


def test_a_timeline_whose_media_are_gone_is_mended_one_by_one() -> None:
    edl = built("clip", "short", "photo")
    left = Material(GRID, {"photo": MEDIA["photo"]})

    for index, name in enumerate(shown(edl)):
        if name != "photo":
            edl = edited(
                edl,
                read_edit({"replace": {"index": index, "media_asset_id": "photo"}})[1],
                left,
            )

    check(edl, left.media)


# --- what holds always -----------------------------------------------------------------------

places = st.integers(0, 20).map(lambda i: {"index": i}) | st.integers(1, 30).map(
    lambda i: {"id": i}
)
times = st.integers(0, 16_500).map(float) | st.floats(0, 16_500)
snaps = st.sampled_from(["beat", "none"])
names = st.sampled_from([*MEDIA, "unknown"])
kinds = st.sampled_from(["cut", "crossfade", "wipe_left", "zoom"])


def an_edit(name: str, **fields: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    """Edits of one kind."""
    return st.builds(
        lambda place, more: {name: {**place, **more}}, places, st.fixed_dictionaries(fields)
    )


edits = st.one_of(
    an_edit("move", to=st.integers(0, 12)),
    an_edit("trim", in_ms=times, snap=snaps),
    an_edit("trim", out_ms=times, snap=snaps),
    an_edit("split", at_ms=times, snap=snaps),
    an_edit("split", snap=snaps),
    an_edit("merge"),
    an_edit("delete"),
    an_edit("replace", media_asset_id=names),
    an_edit("replace", media_asset_id=names, source_in_ms=st.integers(0, 11_000)),
    an_edit(
        "set_transition",
        type=kinds,
        duration_ms=st.integers(0, 2000),
        edge=st.sampled_from(["in", "out"]),
    ),
    an_edit("set_duration_beats", beats=st.integers(1, 12)),
    an_edit("lock"),
    an_edit("unlock"),
)
timelines = st.builds(
    lambda media, cut, kind, fps: built(
        *media, beats_per_cut=cut, transition_type=kind, output_fps=fps
    ),
    st.lists(st.sampled_from(list(MEDIA)), min_size=1, max_size=4, unique=True),
    st.sampled_from([1, 2, 4, 16]),
    kinds,
    st.sampled_from([23.976, 30, 60]),
)


@given_any(timelines, st.lists(edits, max_size=25))
def test_no_sequence_of_edits_leaves_a_timeline_that_cannot_be_rendered(
    edl: Edl, wishes: list[dict[str, object]]
) -> None:
    for wish in wishes:
        before = edl
        try:
            edl = edited(edl, read_edit(wish)[1], MATERIAL)
        except (Invalid, Conflict):
            continue
        check(edl, MEDIA)
        _still_sound(before, edl, next(iter(wish)))
    assert loads(dumps(edl)) == edl


def _still_sound(before: Edl, edl: Edl, name: str) -> None:
    rate = edl.settings.frame_rate
    assert edl.total_duration_us == before.total_duration_us
    assert edl.next_segment_id >= before.next_segment_id
    assert set(ids(edl)) <= set(ids(before)) | {before.next_segment_id}
    for left, right in pairwise(edl.segments):
        assert left.transition_out == right.transition_in
    for segment in edl.segments:
        assert segment.timeline_out_frame - segment.timeline_in_frame >= LEAST_FRAMES, rate
        _shows_its_clip(segment)
    if name not in ("lock", "unlock"):
        kept = {s.id: _range(s) for s in edl.segments}
        for segment in before.segments:
            if segment.locked:
                assert kept[segment.id] == _range(segment)


def _range(segment: Segment) -> Segment:
    """The segment, but for its place in the row and how it meets its neighbours."""
    plain = built("photo").segments[0]
    return replace(
        segment,
        index=0,
        transition_in=plain.transition_in,
        transition_out=plain.transition_out,
        reason=None,
    )


def _shows_its_clip(segment: Segment) -> None:
    if segment.media_type == "video" and segment.is_repeated:
        assert "repeated" in (segment.reason or "")


def test_a_segment_is_shown_around_another_point_and_its_move_goes_there() -> None:
    edl = after(built("photo", "clip"), {"set_effect": {"index": 0, "focus": {"x": 0.7, "y": 0.3}}})
    clip = after(edl, {"set_effect": {"index": 1, "focus": {"x": 0, "y": 1}}})

    effects, move = edl.segments[0].effects, built("photo").segments[0].effects.ken_burns
    assert effects.focus == Focus(0.7, 0.3)
    assert effects.ken_burns == move.around(Focus(0.7, 0.3))
    assert clip.segments[1].effects.focus == Focus(0, 1)
    assert after(clip, {"set_effect": {"index": 1, "flash": 0.5}}).segments[1].effects.focus
    outside = {"set_effect": {"index": 0, "focus": {"x": 1.1, "y": 0}}}
    assert refusal(edl, outside).code == "bad_edit"


def test_a_move_that_is_set_with_a_focus_is_the_one_that_was_asked_for() -> None:
    move = {"enabled": True, "start_zoom": 1.5, "end_zoom": 1.5, "start_x": 0.0, "end_x": 1.0}
    both = {"index": 0, "ken_burns": move, "focus": {"x": 0.7, "y": 0.3}}

    effects = after(built("photo"), {"set_effect": both}).segments[0].effects

    assert (effects.ken_burns.start_x, effects.ken_burns.end_x) == (0.0, 1.0)
    assert effects.focus == Focus(0.7, 0.3)


def test_what_takes_the_place_of_a_photo_is_shown_around_its_own_focus() -> None:
    around = {"set_effect": {"index": 0, "focus": {"x": 0.7, "y": 0.3}}}
    edl = after(built("photo", "clip"), around)

    other = after(edl, {"replace": {"index": 0, "media_asset_id": "portrait"}})
    same = after(edl, {"replace": {"index": 0, "media_asset_id": "photo"}})

    assert other.segments[0].effects.focus == Focus(0.4, 0.2)
    assert other.segments[0].effects.ken_burns.end_x == 0.4
    assert same.segments[0].effects == edl.segments[0].effects
