"""Locked segments in the next timeline: they stay, the cuts go around them, and it is said."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given as given_any
from hypothesis import strategies as st

from beatstitch.beats.grid import BeatGrid
from beatstitch.beats.steady import steady_grid
from beatstitch.errors import Invalid
from beatstitch.timeline.build import build
from beatstitch.timeline.changes import read_edit
from beatstitch.timeline.check import check
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.desk import Material
from beatstitch.timeline.edit import edited
from beatstitch.timeline.edl import Edl, Segment, dumps
from beatstitch.timeline.keep import Locked
from beatstitch.timeline.settings import read_settings

SECOND = 1_000_000
GRID = steady_grid(120.0, 0, 16 * SECOND)
MEDIA = {
    "photo": Medium("photo", "image"),
    "clip": Medium("clip", "video", 10_000),
    "other": Medium("other", "image"),
}


def built(
    before: Edl | None = None,
    *,
    grid: BeatGrid = GRID,
    media: str = "photo clip other",
    aside: str = "",
    **settings: object,
) -> Edl:
    """The timeline after another one; sound."""
    edl = build(
        grid,
        [MEDIA[name] for name in media.split()],
        read_settings(settings),
        audio_duration_us=grid.duration_us,
        project_id="test",
        locked=Locked.of(before) if before else None,
        set_aside=[MEDIA[name] for name in aside.split()],
    )
    check(edl, MEDIA)
    return edl


def after(edl: Edl, *edits: dict[str, object]) -> Edl:
    for edit in edits:
        edl = edited(edl, read_edit(edit)[1], Material(GRID, MEDIA))
    return edl


def what(segment: Segment) -> Segment:
    """The segment wherever it stands in the row."""
    return replace(segment, index=0)


def by_id(edl: Edl, segment_id: int) -> Segment:
    (found,) = (segment for segment in edl.segments if segment.id == segment_id)
    return found


def test_without_locks_a_new_timeline_is_as_if_there_had_been_none() -> None:
    edited_once = after(built(), {"move": {"index": 0, "to": 3}})

    assert dumps(built(edited_once)) == dumps(built())


def test_a_locked_segment_stays_and_the_cuts_in_it_are_left_out() -> None:
    before = after(
        built(),
        {"merge": {"index": 2}},
        {"replace": {"index": 2, "media_asset_id": "clip", "source_in_ms": 5000}},
        {"lock": {"index": 2}},
    )

    fresh = built(before, beats_per_cut=2)

    assert what(by_id(fresh, 3)) == what(before.segments[2])
    starts = [s.timeline_in_us // 1000 for s in fresh.segments]
    assert starts == [0, 1000, 2000, 3000, 4000, 8000, *range(9000, 16_000, 1000)]
    assert fresh.warnings[0] == (
        "Locked segments that stayed: 1. Cuts in or beside them that were left out: 3."
    )


def test_new_segments_have_ids_that_no_segment_had() -> None:
    before = after(built(), {"split": {"index": 0}}, {"lock": {"index": 3}})

    fresh = built(before)

    others = {s.id for s in fresh.segments} - {before.segments[3].id}
    assert min(others) == before.next_segment_id == 10
    assert fresh.next_segment_id == max(others) + 1


def test_no_flicker_is_left_beside_a_locked_segment() -> None:
    before = after(
        built(), {"trim": {"index": 1, "in_ms": 2150, "snap": "none"}}, {"lock": {"index": 1}}
    )

    fresh = built(before, beats_per_cut=4)

    assert [s.timeline_in_us // 1000 for s in fresh.segments][:3] == [0, 2150, 4000]


def test_a_locked_segment_keeps_how_it_meets_its_neighbours() -> None:
    wipe = {"set_transition": {"index": 2, "type": "wipe_left", "duration_ms": 400}}
    before = after(built(media="photo other"), wipe, {"lock": {"index": 2}})

    fresh = built(before, media="photo other", transition_type="crossfade")

    kept = fresh.segments[2]
    assert (kept.transition_in, kept.transition_out) == (
        before.segments[2].transition_in,
        before.segments[2].transition_out,
    )
    assert fresh.segments[1].transition_out == kept.transition_in
    assert fresh.segments[0].transition_out.type == "crossfade"


def test_a_locked_segment_stays_with_its_music_when_the_film_begins_elsewhere() -> None:
    before = after(built(), {"lock": {"index": 3}}, {"lock": {"index": 0}})

    fresh = built(before, audio_start_ms=2000)

    assert by_id(fresh, 4).timeline_in_us == 4 * SECOND
    assert by_id(fresh, 4).source_in_ms == before.segments[3].source_in_ms
    assert fresh.warnings[1] == (
        "Locked segments that could not be kept, for the film has no room for them: 1."
    )


def test_what_cannot_be_kept_is_named() -> None:
    before = after(built(), {"lock": {"index": 1}})

    gone = built(before, media="photo other")
    other_song = built(before, grid=steady_grid(100.0, 0, 16 * SECOND, audio_checksum="sha256:1"))

    assert gone.warnings[0].endswith("for their photos or clips are gone: 1.")
    assert other_song.warnings[0].endswith("for they are of another song: 1.")
    assert not any(s.locked for s in (*gone.segments, *other_song.segments))


def test_a_locked_segment_may_show_what_is_left_out_of_all_others() -> None:
    before = after(built(), {"lock": {"index": 1}})

    fresh = built(before, media="photo other", aside="clip")

    assert [s.media_asset_id for s in fresh.segments].count("clip") == 1
    assert fresh.segments[1].locked


def test_a_medium_does_not_follow_itself_around_a_lock() -> None:
    before = after(
        built(media="photo other"),
        {"replace": {"index": 2, "media_asset_id": "other"}},
        {"lock": {"index": 2}},
    )

    fresh = built(before, media="other photo")

    assert [s.media_asset_id for s in fresh.segments][:5] == [
        *("other", "photo", "other"),
        *("photo", "other"),
    ]


cuts_at = st.lists(st.integers(0, 16_000), max_size=12)


@given_any(
    cuts_at,
    st.sets(st.integers(0, 20)),
    st.sampled_from([1, 2, 4, 16]),
    st.sampled_from(["cut", "crossfade"]),
    st.sampled_from([24, 60]),
    st.integers(0, 3000),
)
def test_whatever_is_locked_the_next_timeline_is_sound_and_the_same_every_time(
    cuts: list[int], locks: set[int], beats: int, kind: str, fps: int, start_ms: int
) -> None:
    before = built()
    for at_ms in cuts:
        place = next(i for i, s in enumerate(before.segments) if at_ms * 1000 <= s.timeline_out_us)
        try:
            before = after(before, {"split": {"index": place, "at_ms": at_ms, "snap": "none"}})
        except Invalid:  # there is no room there
            continue
    for index in locks & set(range(len(before.segments))):
        before = after(before, {"lock": {"index": index}})
    wishes = {
        "beats_per_cut": beats,
        "transition_type": kind,
        "output_fps": fps,
        "audio_start_ms": start_ms,
    }

    fresh = built(before, **wishes)

    assert dumps(built(before, **wishes)) == dumps(fresh)
    for left, right in pairwise(fresh.segments):
        assert left.transition_out == right.transition_in
    stayed = {s.id: s for s in fresh.segments if s.locked}
    for segment in before.segments:
        if segment.id in stayed:
            now = stayed[segment.id]
            assert now.timeline_in_us == segment.timeline_in_us - start_ms * 1000
            assert now.source_in_ms == segment.source_in_ms
    assert len(stayed) == len(locks & set(range(len(before.segments)))) or fresh.warnings
