"""A plan covers its EDL frame by frame, in chunks that an edit leaves alone."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatstitch.beats.steady import steady_grid
from beatstitch.errors import Invalid
from beatstitch.limits import FRAME_RATES
from beatstitch.render.chunk import Layer, Piece
from beatstitch.render.keys import chunk_key
from beatstitch.render.memory import is_within
from beatstitch.render.plan import Plan, plan
from beatstitch.render.profile import Profile, final, preview
from beatstitch.render.proxy import as_proxy
from beatstitch.render.source import Source
from beatstitch.render.takes import takes
from beatstitch.timeline.build import build
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.edl import Edl, frame_at
from beatstitch.timeline.settings import TimelineSettings, read_settings

SOURCES = {
    "p": Source("p", "p.jpg", "aa", "image", "jpeg_pipe", 640, 360),
    "c": Source("c", "c.mp4", "bb", "video", "mov", 640, 360, duration_ms=10_000),
    "d": Source("d", "d.mp4", "ee", "video", "mov", 640, 360, duration_ms=10_000),
    "s": Source("s", "s.mp4", "cc", "video", "mov", 640, 360, duration_ms=300),
}


def edl_of(bpm: float = 120.0, seconds: int = 20, names: str = "pc", **settings: object) -> Edl:
    """A timeline on a steady grid."""
    media = [Medium(n, SOURCES[n].media_type, SOURCES[n].duration_ms) for n in names]
    return build(
        steady_grid(bpm, 0, seconds * 1_000_000),
        media,
        read_settings(settings),
        audio_duration_us=seconds * 1_000_000,
        project_id="test",
    )


def planned(edl: Edl) -> Plan:
    """Its plan for the final."""
    return plan(edl, SOURCES, final(edl.settings))


def pieces_of(film: Plan) -> list[Piece]:
    """All pieces of a film, in order."""
    return [piece for chunk in film.chunks for piece in chunk.pieces]


@given(
    st.floats(min_value=40, max_value=300),
    st.sampled_from(sorted(FRAME_RATES)),
    st.sampled_from([1, 2, 4, 16]),
    st.sampled_from(["cut", "crossfade"]),
    st.sampled_from(["p", "c", "s", "pc", "psc"]),
)
def test_pieces_follow_each_other_without_a_gap_to_the_end_of_the_song(
    bpm: float, rate: str, beats_per_cut: int, transition: str, names: str
) -> None:
    edl = edl_of(
        bpm,
        names=names,
        beats_per_cut=beats_per_cut,
        transition_type=transition,
        output_fps=float(rate),
    )

    film = planned(edl)

    pieces = [piece for chunk in film.chunks for piece in chunk.pieces]
    assert pieces[0].first_frame == 0
    assert all(a.end_frame == b.first_frame for a, b in pairwise(pieces))
    assert all(piece.frames > 0 for piece in pieces)
    assert film.frames == frame_at(edl.total_duration_us, FRAME_RATES[rate])


@given(st.floats(min_value=40, max_value=300), st.sampled_from(sorted(FRAME_RATES)))
def test_every_cut_lies_within_half_a_frame_of_its_beat(bpm: float, rate: str) -> None:
    film = planned(edl_of(bpm, beats_per_cut=1, output_fps=float(rate)))

    for cut in film.cuts:
        shown_us = cut.frame * 1_000_000 / film.profile.frame_rate
        assert abs(shown_us - cut.time_us) <= Fraction(500_000) / film.profile.frame_rate


def test_every_segment_begins_at_a_cut_of_its_chunk() -> None:
    film = planned(edl_of(beats_per_cut=1, transition_type="crossfade"))

    begun = [chunk.first_frame + cut for chunk in film.chunks for cut in chunk.cut_frames]
    assert begun == [cut.frame for cut in film.cuts]


def test_chunks_end_at_the_first_boundary_past_each_two_seconds() -> None:
    film = planned(edl_of(bpm=100.0, beats_per_cut=1))

    ends = [chunk.first_frame + chunk.frames for chunk in film.chunks]
    # Beats lie 18 frames apart; 60, 120, 180 … are the marks.
    assert ends[:4] == [72, 126, 180, 252]


@pytest.mark.parametrize(
    ("keyframes_ms", "ends"),
    [((0,), [180, 360]), (tuple(range(0, 10_000, 500)), [60, 120, 180, 240, 300, 360])],
)
def test_chunks_are_longer_where_each_would_decode_a_clip_from_the_same_keyframe(
    keyframes_ms: tuple[int, ...], ends: list[int]
) -> None:
    edl = edl_of(seconds=12, names="cd", beats_per_cut=1)
    kept = {n: replace(s, keyframes_ms=keyframes_ms) for n, s in SOURCES.items()}

    film = plan(edl, kept, final(edl.settings))

    assert [chunk.first_frame + chunk.frames for chunk in film.chunks] == ends
    assert all(len(takes(chunk.pieces, film.profile.frame_rate)) == 2 for chunk in film.chunks)


def test_a_previews_chunks_are_three_times_as_long() -> None:
    edl = edl_of(bpm=100.0, beats_per_cut=4)

    film = plan(edl, SOURCES, preview(edl.settings))

    # Bars are 72 frames long; 180, 360 and 540 are the marks.
    assert [chunk.first_frame for chunk in film.chunks][:4] == [0, 216, 360, 576]


def test_a_preview_of_proxies_has_as_many_chunks_however_many_cuts() -> None:
    proxies = {
        name: as_proxy(s, s.key, s.content, (640, 360) if s.media_type == "video" else (1280, 853))
        for name, s in SOURCES.items()
    }
    by_beat, by_bar = (edl_of(beats_per_cut=n) for n in (1, 4))

    films = [plan(edl, proxies, preview(edl.settings)) for edl in (by_beat, by_bar)]

    assert len({len(film.chunks) for film in films}) == 1


HD = {
    name: replace(s, width=1920, height=1080, pixel_format="yuv420p", kept_pictures=4)
    for name, s in SOURCES.items()
}


@pytest.mark.parametrize("transition", ["cut", "crossfade", "wipe_left", "zoom"])
@pytest.mark.parametrize("profile", [preview, final])
def test_a_chunk_shows_no_more_than_one_process_can_hold(
    transition: str, profile: Callable[[TimelineSettings], Profile]
) -> None:
    edl = edl_of(390.0, names="pcds", beats_per_cut=1, transition_type=transition)

    film = plan(edl, HD, profile(edl.settings))

    assert all(is_within(chunk.pieces, film.profile) for chunk in film.chunks)
    assert all(left.end_frame == right.first_frame for left, right in pairwise(pieces_of(film)))


@pytest.mark.parametrize(("kept_pictures", "shown"), [(4, 4), (16, 2)])
def test_fewer_clips_are_in_a_chunk_the_more_pictures_their_decoders_keep(
    kept_pictures: int, shown: int
) -> None:
    clips = [replace(HD["c"], id=str(n), kept_pictures=kept_pictures) for n in range(8)]
    pieces = [Piece(15 * n, 15, (Layer(clip),), cut_frame=0) for n, clip in enumerate(clips)]

    allowed = [n for n in range(1, 9) if is_within(pieces[:n], final(read_settings({})))]

    assert allowed[-1] == shown


def test_a_clip_that_goes_on_is_opened_once_for_its_body_and_both_its_transitions() -> None:
    film = planned(edl_of(names="cd", beats_per_cut=2, transition_type="crossfade"))
    pieces = film.chunks[1].pieces

    found = takes(pieces, Fraction(30))

    assert [len(piece.layers) for piece in pieces] == [1, 2, 1, 2]
    assert [[(use.piece, use.place) for use in take.uses] for take in found] == [
        [(0, 0), (1, 0)], [(1, 1), (2, 0), (3, 0)], [(3, 1)],
    ]  # fmt: skip
    ends = [use.first_frame + pieces[use.piece].frames for take in found for use in take.uses[-1:]]
    assert [take.frames for take in found] == ends


def test_a_photo_is_opened_once_and_a_clip_that_begins_anew_each_time() -> None:
    photo, short = (planned(edl_of(seconds=2, names=name)).chunks[0] for name in "ps")

    assert len(takes(photo.pieces, Fraction(30))) == 1
    assert len(takes(short.pieces, Fraction(30))) == len(short.pieces)


def test_a_clip_that_leaves_a_frame_out_is_opened_again() -> None:
    clip = SOURCES["c"]
    goes_on, jumps = (
        [Piece(0, 30, (Layer(clip),)), Piece(30, 30, (Layer(clip, start_us=start_us),))]
        for start_us in (1_000_001, 1_033_333)
    )

    assert [len(takes(pieces, Fraction(30))) for pieces in (goes_on, jumps)] == [1, 2]


def test_the_middle_of_the_shortest_transition_is_the_cut() -> None:
    film = planned(edl_of(transition_type="crossfade", transition_duration_ms=67))

    assert next(piece.frames for piece in pieces_of(film) if len(piece.layers) == 2) == 2
    assert [cut.is_midpoint for cut in film.cuts][:2] == [False, True]


def test_one_changed_segment_changes_one_chunk() -> None:
    edl = edl_of(seconds=60, beats_per_cut=2, names="cp")
    segments = list(edl.segments)
    segments[20] = replace(segments[20], source_in_ms=100, source_out_ms=1200)
    edited = replace(edl, segments=tuple(segments))

    before, after = (
        [chunk_key(chunk, final(e.settings), "x") for chunk in planned(e).chunks]
        for e in (edl, edited)
    )
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_the_same_piece_at_another_place_keeps_its_key() -> None:
    edl = edl_of(names="p", ken_burns_enabled=False)

    keys = {chunk_key(chunk, final(edl.settings), "x") for chunk in planned(edl).chunks}

    assert len(keys) == 1


def test_another_ffmpeg_or_other_content_is_another_key() -> None:
    edl = edl_of(names="c")
    chunk = planned(edl).chunks[0]
    layer = replace(chunk.pieces[0].layers[0], source=replace(SOURCES["c"], content="dd"))
    swapped = replace(chunk, pieces=(replace(chunk.pieces[0], layers=(layer,)),))

    keys = {
        chunk_key(chunk, final(edl.settings), "x"),
        chunk_key(chunk, final(edl.settings), "y"),
        chunk_key(swapped, final(edl.settings), "x"),
    }
    assert len(keys) == 3


def test_a_clip_that_is_too_short_starts_again_where_it_ends() -> None:
    film = planned(edl_of(seconds=2, names="s"))

    pieces = pieces_of(film)[:7]
    assert [piece.frames for piece in pieces] == [9] * 6 + [6]
    assert {piece.layers[0].start_us for piece in pieces} == {0}
    assert [piece.cut_frame for piece in pieces] == [0] + [None] * 6


def test_a_clip_that_starts_late_in_its_file_is_sought_from_there() -> None:
    late = {**SOURCES, "c": replace(SOURCES["c"], start_us=1_500_000)}
    edl = edl_of(names="c")

    layer = plan(edl, late, final(edl.settings)).chunks[0].pieces[0].layers[0]

    assert layer.start_us == 1_500_000


def test_a_segment_that_lasts_is_rendered_in_pieces_that_join_unseen() -> None:
    film = planned(edl_of(bpm=40.0, seconds=30, beats_per_cut=16, names="p"))

    pieces = [chunk.pieces[0] for chunk in film.chunks]
    moves = [(p.layers[0].move_frame, p.layers[0].move_frames) for p in pieces]
    assert moves[:3] == [(0, 720), (300, 720), (600, 720)]
    assert sum(piece.cut_frame is not None for piece in pieces) == len(film.cuts)


def test_a_piece_of_a_film_in_4k_lasts_four_seconds_at_most() -> None:
    size = {"output_width": 3840, "output_height": 2160}
    film = planned(edl_of(bpm=40.0, seconds=30, beats_per_cut=16, names="p", **size))

    assert max(piece.frames for piece in pieces_of(film)) == 4 * 30


def test_a_move_goes_on_through_its_transitions() -> None:
    film = planned(edl_of(names="p", transition_type="crossfade"))

    second = [
        (piece.layers[-1].move_frame, piece.frames)
        for chunk in film.chunks
        for piece in chunk.pieces
        if 2 * 30 <= piece.end_frame <= 4 * 30 - 7
    ]
    assert second == [(0, 14), (14, 46)]
    assert {c.pieces[-1].layers[-1].move_frames for c in film.chunks} == {67, 74}


def test_a_rate_at_which_a_segment_has_no_frame_is_refused() -> None:
    edl = edl_of(beats_per_cut=1)

    with pytest.raises(Invalid, match="Segment 1 lasts 500000 µs, less than a frame at 1 frames"):
        plan(edl, SOURCES, replace(final(edl.settings), frame_rate=Fraction(1)))


def test_a_preview_has_the_cuts_of_its_final_at_half_a_high_rate() -> None:
    edl = edl_of(output_fps=59.94, output_width=1080, output_height=1920)

    profile = preview(edl.settings)

    assert (profile.width, profile.height) == (360, 640)
    assert profile.frame_rate == Fraction(30000, 1001)
    assert [cut.time_us for cut in plan(edl, SOURCES, profile).cuts] == [
        cut.time_us for cut in planned(edl).cuts
    ]


@pytest.mark.parametrize(
    ("time_us", "rate", "frame"),
    [
        (50_000, Fraction(30), 2),
        (49_999, Fraction(30), 1),
        (16_667, Fraction(30), 1),
        (0, Fraction(25), 0),
    ],
)
def test_frames_are_rounded_half_up(time_us: int, rate: Fraction, frame: int) -> None:
    assert frame_at(time_us, rate) == frame
