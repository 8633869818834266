"""The timeline builder: the seeds' named tests, and what has to hold for every song and folder."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatstitch.beats.grid import Beat, BeatGrid
from beatstitch.beats.steady import steady_grid
from beatstitch.errors import Invalid, LimitReached
from beatstitch.timeline.build import build
from beatstitch.timeline.check import check
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.edl import Edl, Focus, dumps, edl_hash, frame_at, loads, to_json
from beatstitch.timeline.settings import read_settings

SECOND = 1_000_000


def grid_of(
    count: int, *, step_us: int = 500_000, beats_per_bar: int = 4, offset_us: int = 0
) -> BeatGrid:
    """`count` beats a step apart, in bars from the first."""
    return BeatGrid(
        analyzer="user",
        beats=tuple(
            Beat(offset_us + i * step_us, i % beats_per_bar + 1, 1.0) for i in range(count)
        ),
        duration_us=offset_us + count * step_us,
        sample_rate=44_100,
        audio_checksum="sha256:0",
        bpm=60 * SECOND / step_us,
        bpm_confidence=1.0,
        downbeat_confidence=1.0,
        verdict="high",
        beats_per_bar=beats_per_bar,
        time_signature=f"{beats_per_bar}/4",
        downbeat_source="user",
    )


def built(
    grid: BeatGrid, media: list[Medium], duration_us: int | None = None, **settings: object
) -> Edl:
    """The timeline of a whole song."""
    return build(
        grid,
        media,
        read_settings(settings),
        audio_duration_us=duration_us or grid.duration_us,
        project_id="test",
    )


PHOTO = Medium("1", "image")
CLIP = Medium("2", "video", 10_000)


# --- the seeds' tests ------------------------------------------------------------------------


def test_timeline_generation_basic() -> None:
    edl = to_json(built(grid_of(16), [PHOTO, CLIP], beats_per_cut=4))

    assert edl["version"] == "1.0"
    assert len(edl["segments"]) == 4  # type: ignore[arg-type]


def test_timeline_uses_timeline_in_out_ms() -> None:
    edl = to_json(built(grid_of(8), [PHOTO], beats_per_cut=4))

    for segment in edl["segments"]:  # type: ignore[attr-defined]
        assert (
            segment["render_duration_ms"]
            == segment["timeline_out_ms"] - segment["timeline_in_ms"]
            == 2000
        )


def test_timeline_loops_media() -> None:
    edl = built(grid_of(12), [PHOTO], beats_per_cut=4)

    assert [segment.media_asset_id for segment in edl.segments] == ["1", "1", "1"]


def test_timeline_no_source_path_in_edl() -> None:
    edl = to_json(built(grid_of(2, step_us=1_000_000), [PHOTO], beats_per_cut=4))

    for segment in edl["segments"]:  # type: ignore[attr-defined]
        assert "source_path" not in segment
        assert segment["media_asset_id"] == "1"


# --- where the picture cuts ------------------------------------------------------------------


@pytest.mark.parametrize(("beats_per_cut", "bars"), [(4, 1), (8, 2), (16, 4)])
def test_four_beats_and_more_are_bars_whatever_the_metre(beats_per_cut: int, bars: int) -> None:
    waltz = grid_of(48, beats_per_bar=3)

    edl = built(waltz, [PHOTO], beats_per_cut=beats_per_cut)

    assert {s.timeline_in_us % (bars * 1_500_000) for s in edl.segments} == {0}
    assert len(edl.segments) == 48 // (3 * bars)


def test_cuts_are_counted_from_the_first_downbeat() -> None:
    beats = tuple(Beat(i * 500_000, (i - 2) % 4 + 1, 1.0) for i in range(16))
    pick_up = BeatGrid(**{**_fields(grid_of(16)), "beats": beats})

    edl = built(pick_up, [PHOTO], beats_per_cut=2)

    assert edl.segments[1].timeline_in_us == 1_000_000
    assert edl.segments[2].timeline_in_us == 2_000_000


def test_a_beat_at_the_very_edge_of_the_song_makes_no_flicker() -> None:
    grid = grid_of(9, step_us=500_000, offset_us=60_000)

    edl = built(grid, [PHOTO], duration_us=4_100_000, beats_per_cut=1)

    lengths = [s.timeline_out_us - s.timeline_in_us for s in edl.segments]
    assert min(lengths) >= 200_000
    assert sum(lengths) == 4_100_000


def test_a_song_shorter_than_a_bar_is_one_segment() -> None:
    edl = built(grid_of(3), [PHOTO], beats_per_cut=4)

    assert [(s.timeline_in_us, s.timeline_out_us) for s in edl.segments] == [(0, 1_500_000)]


def test_a_song_without_a_beat_is_one_segment() -> None:
    silent = BeatGrid(**{**_fields(grid_of(1)), "beats": (), "duration_us": 5 * SECOND})

    edl = built(silent, [CLIP])

    assert len(edl.segments) == 1
    check(edl, {"2": CLIP})


def test_thirty_minutes_at_one_cut_per_beat_are_planned() -> None:
    song = steady_grid(120.0, 0, 1800 * SECOND)

    edl = built(song, [PHOTO, CLIP], beats_per_cut=1)

    assert len(edl.segments) == 3600
    check(edl, {"1": PHOTO, "2": CLIP})


def test_more_than_five_thousand_segments_are_refused_with_the_way_out() -> None:
    song = steady_grid(200.0, 0, 1800 * SECOND)

    with pytest.raises(LimitReached, match=r"at most 5000.*Use more beats per cut"):
        built(song, [PHOTO], beats_per_cut=1)


def test_part_of_a_song_is_cut_on_the_same_beats() -> None:
    whole = built(grid_of(40), [PHOTO], beats_per_cut=4)

    part = built(grid_of(40), [PHOTO], beats_per_cut=4, audio_start_ms=5000, duration_ms=8000)

    starts = {s.timeline_in_us for s in whole.segments}
    assert part.total_duration_us == 8 * SECOND
    assert {s.timeline_in_us + 5 * SECOND for s in part.segments[1:]} <= starts


def test_a_part_that_starts_after_the_song_is_refused() -> None:
    with pytest.raises(Invalid, match=r"start 30 s into a song of 20\.0 s"):
        built(grid_of(40), [PHOTO], audio_start_ms=30_000)


def test_without_media_there_is_no_timeline() -> None:
    with pytest.raises(Invalid, match="at least one photo or clip"):
        built(grid_of(8), [])


# --- which footage fills a slot --------------------------------------------------------------


def test_media_take_turns_in_their_order() -> None:
    edl = built(grid_of(24), [PHOTO, CLIP, Medium("3", "image")], beats_per_cut=4)

    assert [s.media_asset_id for s in edl.segments] == ["1", "2", "3", "1", "2", "3"]


def test_a_clip_goes_on_where_it_was_left() -> None:
    edl = built(grid_of(16), [CLIP], beats_per_cut=4)

    assert [(s.source_in_ms, s.source_out_ms) for s in edl.segments] == [
        (0, 2000),
        (2000, 4000),
        (4000, 6000),
        (6000, 8000),
    ]


def starts_of(clip: Medium, cuts: int = 6) -> list[int]:
    """Where a clip begins in each of its segments, of half a second."""
    return [s.source_in_ms for s in built(grid_of(cuts), [clip], beats_per_cut=1).segments]


def test_a_clip_goes_on_at_a_keyframe_if_that_is_nearer_than_the_one_before() -> None:
    clip = replace(CLIP, keyframes_ms=(0, 600, 1200, 2600, 3600))

    assert starts_of(clip) == [0, 600, 1200, 1700, 2600, 3600]


def test_no_clip_jumps_so_far_that_footage_is_shown_twice_for_it() -> None:
    every_second = tuple(range(0, 10_000, 1000))
    ample, scarce, short = (
        Medium("2", "video", length, keyframes_ms=every_second) for length in (9000, 3900, 1600)
    )

    assert starts_of(ample) == [0, 1000, 2000, 3000, 4000, 5000]
    assert starts_of(scarce) == [0, 1000, 1500, 2000, 2500, 3000]
    assert starts_of(short) == [0, 1000, 0, 1000, 0, 1000]


def test_no_clip_is_shown_where_it_is_damaged_while_there_is_more_of_it() -> None:
    damaged = replace(CLIP, damaged_ms=((0, 100), (700, 1300), (2000, 2100)))
    hopeless = replace(CLIP, damaged_ms=((0, 9800),))

    assert starts_of(damaged, 4) == [100, 1300, 2100, 2600]
    assert starts_of(hopeless, 2) == [0, 500]


def test_a_clip_is_shown_where_it_is_least_damaged_if_nowhere_is_sound_for_so_long() -> None:
    lost = replace(CLIP, damaged_ms=((400, CLIP.length_ms),))

    assert starts_of(lost, 3) == [0, 0, 0]


def test_a_clip_that_is_damaged_to_its_end_ends_before_that_unless_little_is_left() -> None:
    cut_short = Medium("2", "video", 1900, damaged_ms=((1500, 1890),))
    lost = replace(cut_short, damaged_ms=((500, 1900),))

    assert [s.source_out_ms for s in built(grid_of(4), [cut_short], beats_per_cut=4).segments] == [
        1500
    ]
    assert [s.source_out_ms for s in built(grid_of(4), [lost], beats_per_cut=4).segments] == [1900]


def test_a_part_that_a_user_set_begins_where_it_was_set() -> None:
    clip = replace(CLIP, in_ms=700, keyframes_ms=(0, 1000, 2000, 3000))

    assert starts_of(clip, 2) == [700, 1200]


def test_more_media_than_cuts_leave_a_word_about_it() -> None:
    media = [Medium(str(i), "image") for i in range(10)]

    edl = built(grid_of(8), media, beats_per_cut=4)

    assert edl.warnings == (
        "8 of 10 photos and clips found no place in 2 cuts; "
        "fewer beats per cut make room for more.",
    )


def test_a_clip_a_little_too_short_is_slowed_down_and_says_so() -> None:
    edl = built(grid_of(4), [Medium("s", "video", 1500)], beats_per_cut=4)

    (segment,) = edl.segments
    assert segment.speed == 0.75
    assert segment.reason == "slowed to 0.75: the clip has 1500 ms for 2000"


def test_a_clip_far_too_short_gives_its_slot_to_the_next_and_says_so() -> None:
    edl = built(grid_of(4), [Medium("s", "video", 300), CLIP], beats_per_cut=4)

    (segment,) = edl.segments
    assert segment.media_asset_id == "2"
    assert segment.reason == "taken early: the clip before it has 300 ms for 2000"


def test_a_clip_far_too_short_and_alone_is_repeated_and_says_so() -> None:
    edl = built(grid_of(4), [Medium("s", "video", 300)], beats_per_cut=4)

    (segment,) = edl.segments
    assert (segment.source_in_ms, segment.source_out_ms, segment.speed) == (0, 300, 1.0)
    assert segment.reason == "repeated: the clip has 300 ms for 2000"


def test_only_the_wanted_part_of_a_clip_is_shown() -> None:
    part = Medium("p", "video", 20_000, in_ms=4_000, out_ms=9_000)

    edl = built(grid_of(16), [part], beats_per_cut=4, transition_type="crossfade")

    for segment in edl.segments:
        assert segment.source_in_ms - segment.transition_in.duration_ms // 2 >= 4_000
        assert segment.source_out_ms + segment.transition_out.duration_ms // 2 <= 9_000


def test_a_part_too_short_for_its_slot_is_slowed_like_a_short_clip() -> None:
    edl = built(grid_of(4), [Medium("p", "video", 20_000, in_ms=4_000, out_ms=5_500)])

    (segment,) = edl.segments
    assert (segment.source_in_ms, segment.source_out_ms, segment.speed) == (4_000, 5_500, 0.75)


def test_pinned_media_have_a_place_where_there_are_more_media_than_cuts() -> None:
    media = [Medium(str(i), "image", is_pinned=i in (3, 7)) for i in range(10)]

    edl = built(grid_of(16), media, beats_per_cut=4)

    assert [s.media_asset_id for s in edl.segments] == ["0", "1", "3", "7"]


def test_a_pinned_clip_that_is_far_too_short_is_repeated() -> None:
    edl = built(grid_of(4), [Medium("s", "video", 300, is_pinned=True), CLIP])

    assert edl.segments[0].reason == "repeated: the clip has 300 ms for 2000"


def test_more_pinned_media_than_cuts_leave_a_word_about_it() -> None:
    media = [Medium(str(i), "image", is_pinned=True) for i in range(5)]

    edl = built(grid_of(8), media, beats_per_cut=4)

    assert edl.warnings[-1] == "3 of those that found no place are pinned."


# --- transitions -----------------------------------------------------------------------------


def test_a_transition_has_footage_to_spare_on_both_sides_of_its_cut() -> None:
    edl = built(grid_of(16), [CLIP, Medium("3", "video", 9000)], transition_type="crossfade")

    for left, right in pairwise(edl.segments):
        assert left.transition_out == right.transition_in
        assert left.transition_out.duration_ms == 500
        assert right.source_in_ms >= 250
        assert left.source_out_ms + 250 <= 9000


def test_a_transition_is_at_most_half_of_the_shorter_neighbour() -> None:
    edl = built(
        grid_of(16),
        [PHOTO],
        beats_per_cut=1,
        transition_type="fade_black",
        transition_duration_ms=2000,
    )

    assert {s.transition_out.duration_ms for s in edl.segments[:-1]} == {250}


def test_a_cut_without_footage_to_spare_stays_hard_and_says_so() -> None:
    edl = built(grid_of(8), [Medium("s", "video", 2000)], transition_type="crossfade")

    assert edl.segments[1].transition_in.type == "cut"
    assert edl.segments[1].reason == "hard cut: no footage to spare for a transition"


# --- what stays in view -----------------------------------------------------------------------


def test_pictures_are_shown_around_their_focus_and_moves_go_there() -> None:
    media = [Medium("1", "image", focus=Focus(0.8, 0.3)), replace(CLIP, focus=Focus(0.2, 0.5))]

    segments = built(grid_of(16), media, beats_per_cut=4).segments

    assert [s.effects.focus for s in segments] == [m.focus for m in media] * 2
    for photo in segments[::2]:
        move = photo.effects.ken_burns
        assert move == move.around(Focus(0.8, 0.3)) and {1.0} < {move.start_zoom, move.end_zoom}


def test_without_a_focus_a_timeline_has_the_hash_that_it_had_before_there_was_one() -> None:
    edl = built(grid_of(4), [CLIP])

    assert "focus" not in dumps(edl)
    assert loads(dumps(edl)) == edl


# --- what holds always -----------------------------------------------------------------------

media_lists = st.lists(
    st.one_of(st.just(None), st.integers(min_value=1, max_value=30_000)),
    min_size=1,
    max_size=8,
).map(
    lambda lengths: [
        Medium(
            f"m{i}",
            "image" if length is None else "video",
            length,
            keyframes_ms=tuple(range(0, length or 0, 400 + 300 * i)),
        )
        for i, length in enumerate(lengths)
    ]
)
grids = st.builds(
    lambda gaps, bar, offset: _uneven(gaps, bar, offset),
    st.lists(st.integers(min_value=150_000, max_value=2_000_000), max_size=60),
    st.integers(min_value=2, max_value=7),
    st.integers(min_value=0, max_value=3_000_000),
)
wishes = st.fixed_dictionaries(
    {
        "beats_per_cut": st.sampled_from([1, 2, 4, 8, 16]),
        "transition_type": st.sampled_from(["cut", "crossfade", "slide_left"]),
        "transition_duration_ms": st.integers(min_value=0, max_value=2000),
        "output_fps": st.sampled_from([23.976, 24, 25, 29.97, 30, 50, 59.94, 60]),
        "seed": st.integers(min_value=0, max_value=100),
    }
)


@given(grids, media_lists, wishes)
def test_segments_cover_the_song_without_gap_or_overlap_at_frames_of_absolute_time(
    grid: BeatGrid, media: list[Medium], settings: dict[str, object]
) -> None:
    edl = built(grid, media, **settings)

    check(edl, {m.id: m for m in media})
    assert edl.segments[0].timeline_in_us == 0
    assert edl.segments[-1].timeline_out_us == grid.duration_us
    beats = {beat.time_us for beat in grid.beats}
    assert {s.timeline_in_us for s in edl.segments[1:]} <= beats
    for segment in edl.segments:
        assert segment.timeline_in_frame == frame_at(
            segment.timeline_in_us, edl.settings.frame_rate
        )


@given(grids, media_lists, wishes)
def test_the_same_inputs_and_seed_give_the_same_bytes(
    grid: BeatGrid, media: list[Medium], settings: dict[str, object]
) -> None:
    first, second = (dumps(built(grid, media, **settings)) for _ in range(2))

    assert first == second
    assert loads(first) == built(grid, media, **settings)


@given(grids, media_lists, wishes)
def test_no_segment_shows_more_of_a_clip_than_there_is(
    grid: BeatGrid, media: list[Medium], settings: dict[str, object]
) -> None:
    lengths = {m.id: m.duration_ms for m in media}

    for segment in built(grid, media, **settings).segments:
        if segment.media_type == "video":
            assert segment.source_out_ms <= (lengths[segment.media_asset_id] or 0)
            slot_us = segment.timeline_out_us - segment.timeline_in_us
            shown_us = (segment.source_out_ms - segment.source_in_ms) * 1000 / segment.speed
            assert shown_us >= slot_us - 1 or "repeated" in str(segment.reason)


def test_another_seed_moves_the_camera_otherwise_and_changes_the_hash() -> None:
    one, other = (built(grid_of(32), [PHOTO], seed=seed) for seed in (1, 2))

    assert edl_hash(one) != edl_hash(other)
    assert [s.effects for s in one.segments] != [s.effects for s in other.segments]


def test_the_hash_leaves_out_when_the_timeline_was_made() -> None:
    edl = built(grid_of(8), [PHOTO])

    early, late = (to_json(edl, f"2026-11-21T{hour}:00:00Z")["edl_hash"] for hour in ("09", "10"))
    assert early == late == edl_hash(edl)


def _fields(grid: BeatGrid) -> dict[str, object]:
    return {name: getattr(grid, name) for name in BeatGrid.__slots__}


def _uneven(gaps: list[int], beats_per_bar: int, offset_us: int) -> BeatGrid:
    times = [offset_us]
    for gap in gaps:
        times.append(times[-1] + gap)
    beats = tuple(Beat(t, i % beats_per_bar + 1, 1.0) for i, t in enumerate(times))
    return BeatGrid(
        **{
            **_fields(grid_of(1)),
            "beats": beats,
            "duration_us": times[-1] + 400_000,
            "beats_per_bar": beats_per_bar,
        }
    )
