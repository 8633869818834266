"""What a person wishes of a photo or clip: kept, checked, and seen in the next timeline."""

from collections.abc import Callable
from typing import Any

import pytest

from beatstitch.db import media
from callers import Caller, refused


@pytest.fixture
def both(anna: Caller, ready_project: str) -> tuple[str, str]:
    """The ids of the two photos of the ready project; the second is a clip of 5 s."""
    first, second = (a["id"] for a in anna.get(ready_project).json["media_assets"])
    media.set_columns(second, media_type="video", duration_ms=5_000)
    return first, second


def wish(caller: Caller, medium: str, **wishes: object) -> Any:
    return caller.patch(f"/media/{medium}", wishes)


def test_a_wish_is_kept_and_others_stay(anna: Caller, both: tuple[str, str]) -> None:
    clip = both[1]
    wish(anna, clip, in_ms=500, out_ms=2_500)

    answer = wish(anna, clip, pinned=True, out_ms=None)

    assert answer.status_code == 200, answer.text
    shown = anna.get(f"/media/{clip}").json
    assert [shown[n] for n in ("excluded", "pinned", "in_ms", "out_ms")] == [False, True, 500, None]
    assert answer.json == shown | {"timeline_invalidated": False}


def test_excluded_media_are_in_no_new_timeline(
    anna: Caller, ready_project: str, both: tuple[str, str], with_timeline: Callable[[str], str]
) -> None:
    with_timeline(ready_project)

    answer = wish(anna, both[1], excluded=True)

    assert answer.json["timeline_invalidated"] is True
    stale = anna.get(f"{ready_project}/timeline").json
    assert (stale["stale"], stale["stale_reason"]) == (True, "The photos and clips have changed.")
    with_timeline(ready_project)
    fresh = anna.get(f"{ready_project}/timeline").json
    assert {s["media_asset_id"] for s in fresh["segments"]} == {both[0]}
    assert (fresh["stale"], fresh["warnings"]) == (False, [])


def test_a_timeline_shows_the_wanted_part_of_a_clip_and_is_stale_with_another(
    anna: Caller, ready_project: str, both: tuple[str, str], with_timeline: Callable[[str], str]
) -> None:
    wish(anna, both[1], in_ms=1_000, out_ms=4_000)
    with_timeline(ready_project)

    timeline = anna.get(f"{ready_project}/timeline").json
    again = wish(anna, both[1], in_ms=1_000).json
    taken_back = wish(anna, both[1], in_ms=None, out_ms=None).json

    shown = [s for s in timeline["segments"] if s["media_asset_id"] == both[1]]
    assert shown
    for segment in shown:
        assert segment["source_in_ms"] >= 1_000
        assert segment["source_out_ms"] <= 4_000
    assert not timeline["stale"]
    assert (again["timeline_invalidated"], taken_back["timeline_invalidated"]) == (False, True)
    assert wish(anna, both[1], in_ms=1_000, out_ms=4_000).json["timeline_invalidated"] is False
    assert anna.get(f"{ready_project}/timeline/status").json["stale"] is False


def test_pinned_media_come_in_where_there_are_few_cuts(
    anna: Caller, ready_project: str, both: tuple[str, str], with_timeline: Callable[[str], str]
) -> None:
    anna.patch(f"{ready_project}/settings", {"audio_start_ms": 500, "duration_ms": 2000})

    wish(anna, both[1], pinned=True)
    with_timeline(ready_project)

    (only,) = anna.get(f"{ready_project}/timeline").json["segments"]
    assert only["media_asset_id"] == both[1]


def test_a_timeline_is_cropped_around_the_users_focus_and_is_stale_with_another(
    anna: Caller, ready_project: str, both: tuple[str, str], with_timeline: Callable[[str], str]
) -> None:
    media.set_columns(both[0], focus_found={"x": 0.5, "y": 0.25})
    answer = wish(anna, both[1], focus={"x": 0.8, "y": 1})
    with_timeline(ready_project)

    timeline = anna.get(f"{ready_project}/timeline").json
    other = wish(anna, both[1], focus={"x": 0.7, "y": 1}).json["timeline_invalidated"]

    assert (answer.json["focus"], answer.json["focus_found"]) == ({"x": 0.8, "y": 1.0}, None)
    shown = {s["media_asset_id"]: s["effects"]["focus"] for s in timeline["segments"]}
    assert shown == {both[0]: {"x": 0.5, "y": 0.25}, both[1]: {"x": 0.8, "y": 1.0}}
    assert (timeline["stale"], other) == (False, True)
    assert wish(anna, both[1], focus=None).json["focus"] is None
    assert wish(anna, both[0], focus={"x": 0, "y": 0}).json["focus_found"] == {"x": 0.5, "y": 0.25}


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"excluded": True, "pinned": True}, "excluded_and_pinned"),
        ({"in_ms": 5_000}, "bad_part"),
        ({"out_ms": 5_001}, "bad_part"),
        ({"in_ms": 2_000, "out_ms": 2_099}, "bad_part"),
        ({"out_ms": 50}, "bad_part"),
        ({"in_ms": -1}, "validation_error"),
        ({"in_ms": 1.5}, "validation_error"),
        ({"pinned": None}, "validation_error"),
        ({"pinned": 1}, "validation_error"),
        ({"sort_order": 1}, "validation_error"),
        ({"focus": {"x": 0.5}}, "validation_error"),
        ({"focus": {"x": 0.5, "y": 1.01}}, "validation_error"),
        ({"focus": {"x": "0.5", "y": 0.5}}, "validation_error"),
        ({"focus": [0.5, 0.5]}, "validation_error"),
    ],
    ids=str,
)
def test_a_wish_that_makes_no_sense_is_refused_and_nothing_stored(
    anna: Caller, both: tuple[str, str], wishes: dict[str, object], code: str
) -> None:
    before = anna.get(f"/media/{both[1]}").json

    refused(wish(anna, both[1], **wishes), 422, code)

    assert anna.get(f"/media/{both[1]}").json == before


def test_photos_have_no_parts_and_clips_only_once_they_are_known(
    anna: Caller, ben: Caller, ready_project: str, both: tuple[str, str]
) -> None:
    pending = anna.medium(ready_project)
    media.set_columns(pending, media_type="video")

    refused(wish(anna, both[0], in_ms=10), 422, "only_clips")
    refused(wish(anna, pending, in_ms=10), 400, "precondition_failed")
    refused(wish(ben, both[1], pinned=True), 404, "not_found")
