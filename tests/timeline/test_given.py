"""A whole timeline by hand: what stays, what follows from the rest, what is refused."""

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from beatstitch.beats.steady import steady_grid
from beatstitch.errors import Invalid
from beatstitch.timeline.build import build
from beatstitch.timeline.changes import SegmentGiven, Snap
from beatstitch.timeline.check import check
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.desk import Material
from beatstitch.timeline.edl import Edl, Focus, to_json
from beatstitch.timeline.given import given
from beatstitch.timeline.settings import read_settings

MEDIA = {"photo": Medium("photo", "image"), "clip": Medium("clip", "video", 10_000)}
GRID = steady_grid(120.0, 0, 8_000_000)
MATERIAL = Material(GRID, MEDIA)
_SEGMENTS: TypeAdapter[list[SegmentGiven]] = TypeAdapter(list[SegmentGiven])


@pytest.fixture
def edl() -> Edl:
    """Four bars: photo, clip, photo, clip."""
    return build(
        GRID,
        list(MEDIA.values()),
        read_settings({"transition_type": "crossfade"}),
        audio_duration_us=8_000_000,
        project_id="test",
    )


def rows(edl: Edl) -> list[dict[str, Any]]:
    """The segments as they are shown."""
    shown: list[dict[str, Any]] = json.loads(json.dumps(to_json(edl)))["segments"]
    return shown


def replaced(edl: Edl, segments: list[dict[str, Any]], snap: Snap = "beat") -> Edl:
    """The timeline with these segments, sound."""
    edl = given(edl, _SEGMENTS.validate_python(segments), snap, MATERIAL)
    check(edl, MEDIA)
    return edl


def plain(*ends_ms: float, **first: object) -> list[dict[str, Any]]:
    """Photos that end there."""
    segments: list[dict[str, Any]] = [
        {"media_asset_id": "photo", "timeline_out_ms": end} for end in ends_ms
    ]
    segments[0] |= first
    return segments


def test_what_was_read_is_what_is_kept(edl: Edl) -> None:
    assert replaced(edl, rows(edl)) == edl


def test_ids_stay_and_new_segments_get_the_next(edl: Edl) -> None:
    read = rows(edl)
    first, *others = read
    new = {"media_asset_id": "clip", "timeline_out_ms": 1000}
    first = first | {"timeline_in_ms": 1000, "timeline_in_us": 1_000_000}

    changed = replaced(edl, [new, first, *others])

    assert [s.id for s in changed.segments] == [5, 1, 2, 3, 4]
    assert changed.next_segment_id == 6
    assert changed.segments[0].source_out_ms == 1000


def test_new_cuts_go_to_beats_unless_told_otherwise(edl: Edl) -> None:
    assert replaced(edl, plain(1180, 8000)).segments[0].timeline_out_us == 1_000_000
    beside = replaced(edl, plain(1180.5, 8000), "none")
    assert beside.segments[0].timeline_out_us == 1_180_500
    assert replaced(beside, rows(beside)) == beside


def test_a_clip_without_a_source_out_fills_its_time(edl: Edl) -> None:
    whole = replaced(edl, [{"media_asset_id": "clip", "source_in_ms": 1500}])

    assert (whole.segments[0].source_in_ms, whole.segments[0].source_out_ms) == (1500, 9500)


@pytest.mark.parametrize("time_ms", [2000.5, 2000.4996, 2001])
def test_a_time_in_ms_and_the_same_in_us_are_one_time(edl: Edl, time_ms: float) -> None:
    segments = plain(time_ms, 8000, timeline_out_us=2_000_500)

    assert replaced(edl, segments, "none").segments[0].timeline_out_us == 2_000_500


@pytest.mark.parametrize(
    ("segments", "code", "says"),
    [
        ([], "bad_edl", "no segment"),
        (plain(4000), "bad_edl", "the film ends at 8000000"),
        (plain(2000, 9000), "bad_edl", "film ends"),
        (plain(3000, 2000, 8000), "no_room", "Segment 1 would last from 3000 to 2000"),
        (plain(3000, 3000.4, 8000), "no_room", "Segment 1"),
        (plain(2000, 8000, timeline_in_ms=500), "bad_edl", "starts at 500000"),
        ([*plain(2000), {"media_asset_id": "photo", "timeline_in_ms": 3000}], "bad_edl", "starts"),
        ([{"media_asset_id": "photo"}, *plain(8000)], "bad_edl", "needs an end"),
        (plain(2000, 8000, timeline_out_us=2_500_000), "bad_edl", "two times"),
        (plain(2000, 8000, id=9), "no_such_segment", "has id 9"),
        ([*plain(2000, id=1), *plain(8000, id=1)], "bad_edl", "same id"),
        (plain(2000, 8000, media_asset_id="x"), "no_such_medium", "Segment 0"),
        (plain(2000, 8000, transition_in={"type": "zoom"}), "bad_edl", "begins and ends"),
        (
            [
                *plain(2000, transition_out={"type": "zoom", "duration_ms": 200}),
                *plain(8000, transition_in={}),
            ],
            "bad_edl",
            "two things",
        ),
        ([{"media_asset_id": "clip", "source_in_ms": 2001}], "no_footage", "from 0 to 10000"),
        ([{"media_asset_id": "clip", "source_out_ms": 99}], "no_footage", "100 ms are the least"),
        ([{"media_asset_id": "clip", "source_out_ms": 10_001}], "bad_edl", "clip has 10000"),
    ],
)
def test_what_does_not_add_up_is_refused_with_its_place(
    edl: Edl, segments: list[dict[str, Any]], code: str, says: str
) -> None:
    with pytest.raises(Invalid, match=says) as refused:
        replaced(edl, segments)

    assert refused.value.code == code


def test_a_transition_that_one_side_names_is_both_sides(edl: Edl) -> None:
    wipe = {"type": "wipe_left", "duration_ms": 400}

    changed = replaced(edl, [*plain(2000, transition_out=wipe), *plain(8000)])

    assert changed.segments[1].transition_in.type == "wipe_left"


def test_a_focus_that_is_left_out_is_that_of_the_photo_or_clip(edl: Edl) -> None:
    media = {name: replace(m, focus=Focus(0.3, 0.6)) for name, m in MEDIA.items()}
    segments = plain(2000, 8000, effects={"focus": {"x": 1.0, "y": 0.0}})

    wished = _SEGMENTS.validate_python(segments)
    made = given(edl, wished, "beat", Material(GRID, media)).segments

    assert [s.effects.focus for s in made] == [Focus(1.0, 0.0), Focus(0.3, 0.6)]
