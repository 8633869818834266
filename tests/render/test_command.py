"""What FFmpeg is told: golden commands, read by a person, and the arithmetic of its filters."""

import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatstitch.render.camera import frame_ground, source_ground, view, way
from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.command import chunk_command, join_list, join_options
from beatstitch.render.filters import blur, cover, fit_of, inside
from beatstitch.render.profile import final, preview
from beatstitch.render.source import Source
from beatstitch.render.target import Aspect, Target
from beatstitch.render.transitions import meet
from beatstitch.timeline.edl import Focus, KenBurns
from beatstitch.timeline.settings import Fit, read_settings

CLIP = Source("c", "c.mp4", "bb", "video", "mov", 1280, 720, duration_ms=10_000)
PHOTO = Source("p", "p.jpg", "aa", "image", "jpeg_pipe", 4000, 3000)


def test_a_chunk_of_a_clip_and_a_photo_in_the_final() -> None:
    profile = final(read_settings({"output_fps": 29.97}))
    chunk = Chunk(
        (
            Piece(0, 40, (Layer(CLIP, start_us=1_250_000),), cut_frame=0),
            Piece(40, 30, (Layer(PHOTO),), cut_frame=0),
        )
    )

    command = chunk_command(chunk, profile)

    assert command.inputs[0].options == (
        "-threads", "1", "-noaccurate_seek", "-ss", "1.250000", "-t", "3.084667",
    )  # fmt: skip
    assert command.options[-1].split(";") == [
        "[0:0]fps=30000/1001:start_time=0,scale=1920:1080:flags=bicubic:in_color_matrix=bt709"
        ":out_color_matrix=bt709:in_range=limited:out_range=limited,setsar=1,crop=1920:1080:0:0,"
        "format=yuv420p,tpad=stop=1:stop_mode=clone,trim=end_frame=40,setpts=PTS-STARTPTS[p0]",
        "[1:0]scale=1920:1440:flags=bicubic+accurate_rnd+full_chroma_inp:in_color_matrix=bt601"
        ":out_color_matrix=bt601:in_range=full:out_range=full,colorspace=ispace=smpte170m:irange=pc"
        ":iprimaries=bt709:itrc=gamma22:space=bt709:range=tv:primaries=bt709:trc=gamma22,setsar=1,"
        "crop=1920:1080:0:180,format=yuv420p,"
        "loop=loop=-1:size=1,setpts=N*1001/(30000*TB),fps=30000/1001,trim=end_frame=30[p1]",
        "[p0][p1]concat=n=2:v=1:a=0,split[film][full]",
        "[full]scale=32:18:flags=neighbor,format=gray[tiny]",
    ]
    assert " ".join(command.outputs[0].options) == (
        "-map [film] -frames:v 70 -force_key_frames expr:eq(n,40) -c:v libx264 -preset veryfast "
        "-crf 20 -profile:v high -bf 2 -b-pyramid none -rc-lookahead 6 "
        "-pix_fmt yuv420p -g 60 -flags +cgop+bitexact -threads 1 "
        "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv "
        "-chroma_sample_location left -video_track_timescale 30000 -movie_timescale 30000 "
        "-map_metadata -1 -map_chapters -1 -fflags +bitexact -f mp4"
    )


@pytest.mark.parametrize(
    ("demuxer", "hold_us", "start_us", "lead_us"),
    [
        ("mov", 0, 1, 0),
        ("mov", 50_000, 5_000_000, Fraction(200_000, 3)),
        ("mov", 50_000, 200_000, 200_000),
        ("matroska", 0, 139_999, 139_999),
        ("matroska", 0, 140_000, 0),
        ("mpegts", 0, 9_000_000, 4_000_000),
    ],
)
def test_a_clip_is_read_from_as_many_whole_frames_earlier_as_it_takes(
    demuxer: str, hold_us: int, start_us: int, lead_us: Fraction
) -> None:
    clip = replace(CLIP, demuxer=demuxer, hold_us=hold_us, gop_us=2_000_000)

    assert Layer(clip, start_us).lead_us(Fraction(30)) == lead_us


def test_a_preview_is_small_and_quick() -> None:
    profile = preview(read_settings({}))

    options = " ".join(chunk_command(Chunk((Piece(0, 9, (Layer(CLIP),)),)), profile).options)

    assert "scale=640:360" in options


def test_h265_is_closed_tagged_for_apple_and_on_one_thread() -> None:
    profile = final(read_settings({}), Target(codec="h265"))

    options = " ".join(
        chunk_command(Chunk((Piece(0, 9, (Layer(CLIP),)),)), profile).outputs[0].options
    )

    assert "-c:v libx265 -preset superfast -crf 20 -bf 0 -tag:v hvc1 -forced-idr 1" in options
    assert "pools=none:frame-threads=1:open-gop=0" in options


def test_a_platforms_cap_holds_for_every_second() -> None:
    profile = final(read_settings({}), Target("instagram_reel"))

    options = " ".join(
        chunk_command(Chunk((Piece(0, 9, (Layer(CLIP),)),)), profile).outputs[0].options
    )

    assert "-maxrate 16250k -bufsize 4500k" in options


def test_the_join_copies_and_keeps_the_ticks_of_the_rate() -> None:
    options = " ".join(join_options(final(read_settings({"output_fps": 23.976}))))

    assert "-c copy" in options
    assert "-video_track_timescale 24000 -movie_timescale 24000" in options
    assert join_list((("00000.mp4", 61), ("00001.mp4", 48)), Fraction(24000, 1001)) == (
        "ffconcat version 1.0\n"
        "file 00000.mp4\nduration 2.544208\n"
        "file 00001.mp4\nduration 2.002000\n"
    )


unit = st.floats(min_value=0, max_value=1).map(lambda x: round(x, 4))
SHAPES = [(1920, 1080), (1080, 1920), (1080, 1080), (1080, 1350)]


@given(st.integers(300, 8000), st.integers(300, 8000), unit, unit, st.sampled_from(SHAPES))
def test_a_crop_lies_around_its_focus_inside_the_picture_on_even_pixels(
    width: int, height: int, x: float, y: float, size: tuple[int, int]
) -> None:
    photo = replace(PHOTO, width=width, height=height)

    told = cover(photo, *size, Focus(x, y))

    if told.startswith("crop"):
        return
    left, top = cropped(told)
    assert left % 2 == top % 2 == 0
    for start, kept, length, wanted in zip((left, top), size, scaled(told), (x, y), strict=True):
        assert 0 <= start <= length - kept
        assert start <= wanted * length <= start + kept
        at_an_edge = start in (0, length - kept)
        assert at_an_edge or abs(start + kept / 2 - wanted * length) <= 1


def test_a_push_dissolves_around_its_middle_and_a_wipe_has_a_soft_edge() -> None:
    push, wipe = (meet(kind, 24, Fraction(30), (1920, 1080), "t") for kind in ("zoom", "wipe_left"))

    assert "fade=t=in:s=9:n=6:alpha=1" in push
    assert "255*(X-1920)/120" in wipe


def test_what_is_blurred_behind_a_picture_is_darker_and_of_the_same_colour() -> None:
    assert "lutyuv=y='(val-16)*2/3+16':u='(val-128)*2/3+128'" in blur(CLIP, 1080, 1920, "l0")


@given(unit, unit, st.sampled_from(["16:9", "9:16", "1:1", "4:5"]))
def test_a_preview_is_cropped_where_its_final_is(x: float, y: float, aspect: Aspect) -> None:
    looks = [kind(read_settings({}), Target(aspect=aspect)) for kind in (final, preview)]

    large, small = (
        [Fraction(part, side) for part, side in zip(cropped(told), (wide, high), strict=True)]
        for look in looks
        for told in [cover(PHOTO, look.width, look.height, Focus(x, y))]
        for wide, high in [scaled(told)]
    )

    for mine, other in zip(large, small, strict=True):
        assert abs(mine - other) < Fraction(2, 360)


def scaled(told: str) -> tuple[int, int]:
    """The size that a picture is scaled to."""
    found = re.search(r"scale=(\d+):(\d+)", told)
    assert found is not None
    return int(found[1]), int(found[2])


def cropped(told: str) -> tuple[int, int]:
    """Where it is cropped, across and down."""
    found = re.search(r"crop=\d+:\d+:(\d+):(\d+)", told)
    assert found is not None
    return int(found[1]), int(found[2])


zoom = st.floats(min_value=1, max_value=4).map(lambda x: round(x, 4))


@given(
    st.integers(min_value=2, max_value=8000),
    st.integers(min_value=2, max_value=8000),
    zoom,
    unit,
    unit,
)
def test_a_view_never_leaves_its_picture(
    width: int, height: int, zoomed: float, x: float, y: float
) -> None:
    box = view(Fraction(16, 9), width, height, zoomed, x, y)

    assert box.x >= 0 and box.y >= 0
    assert box.x + box.width <= width and box.y + box.height <= height
    assert box.width / box.height == Fraction(16, 9)


moves = st.builds(KenBurns, st.just(True), zoom, zoom, unit, unit, unit, unit)
sides = st.integers(min_value=64, max_value=8000)


@given(moves, sides, sides, st.sampled_from([(1920, 1080), (1080, 1920), (64, 64), (640, 360)]))
def test_a_camera_never_looks_past_the_edge_of_its_picture(
    move: KenBurns, width: int, height: int, size: tuple[int, int]
) -> None:
    grounds = [frame_ground(move, *size), source_ground(move, width, height, *size)]

    for ground in filter(None, grounds):
        shares = [Fraction(n, 7) for n in range(8)]
        told = way(ground, shares, [1, 1.25, 1.6, 1, 1, 1, 1.01, 1], size)

        for line in told.splitlines():
            _, x, y, _, zoomed, _ = map(float, line.split())
            step = 1 - zoomed / 100
            for side, shift, film in ((ground.width, x, size[0]), (ground.height, y, size[1])):
                first = side / 2 - shift - film / 2 * step
                last = first + (film - 1) * step
                assert first >= -0.001
                assert last <= side - 1 + 0.001


@pytest.mark.parametrize(("start", "end"), [(1.0, 4.0), (2.0, 1.0), (1.0, 1.12)])
def test_a_camera_comes_nearer_by_the_same_factor_every_frame(start: float, end: float) -> None:
    ground = source_ground(KenBurns(True, start, end, 0.5, 0.5, 0.9, 0.1), 4000, 3000, 1920, 1080)
    assert ground is not None

    told = way(ground, [Fraction(n, 9) for n in range(10)], [1.0] * 10, (1920, 1080))

    steps = [1 - float(line.split()[4]) / 100 for line in told.splitlines()]
    factors = [after / before for before, after in pairwise(steps)]
    assert max(factors) - min(factors) < 1e-5
    assert steps[0] / steps[-1] == pytest.approx(end / start)


@given(moves)
def test_the_middle_of_what_a_camera_moves_over_can_be_cut_out_without_moving_colours(
    move: KenBurns,
) -> None:
    ground = source_ground(move, 4000, 3000, 1920, 1080)

    assert ground is not None
    assert (ground.width - 1920) % 4 == (ground.height - 1080) % 4 == 0
    assert ground.width >= 1920 and ground.height >= 1080
    # Where one side is as long as the film's, nothing smaller would fill the frame.
    is_least = ground.width == 1920 or ground.height == 1080
    assert is_least or ground.width * ground.height <= 4.1 * 1920 * 1080


def test_a_zoom_in_keeps_the_pixels_that_it_comes_to() -> None:
    ground = source_ground(KenBurns(True, 1.0, 1.12), 4000, 2250, 1920, 1080)

    assert ground is not None
    assert 1.12 * 1920 <= ground.width < 1.13 * 1920


def test_a_long_zoom_is_prepared_for_a_quarter_of_it() -> None:
    ground = source_ground(KenBurns(True, 1.0, 1.6), 8000, 4500, 1920, 1080)

    assert ground is not None
    assert 1.25 * 1920 <= ground.width < 1.26 * 1920


def test_a_strip_without_room_to_move_stays_still() -> None:
    move = KenBurns(True, 1.0, 1.12, 0.5, 0.5, 0.62, 0.42)

    assert source_ground(move, 4096, 1, 320, 180) is None


@pytest.mark.parametrize(
    ("wanted", "size", "fit"),
    [
        ("auto", (1920, 1080), "cover"),
        ("auto", (4000, 3000), "cover"),
        ("auto", (1080, 1080), "cover"),
        ("auto", (3000, 4000), "blur"),
        ("auto", (1080, 1920), "blur"),
        ("cover", (1080, 1920), "cover"),
        ("contain", (1080, 1920), "contain"),
        ("blur", (1280, 720), "cover"),
    ],
)
def test_a_picture_that_would_lose_more_than_half_is_shown_whole(
    wanted: Fit, size: tuple[int, int], fit: Fit
) -> None:
    source = replace(PHOTO, width=size[0], height=size[1])

    assert fit_of(wanted, source, 1920, 1080) == fit


@pytest.mark.parametrize(
    ("aspect", "size"),
    [(Fraction(16, 9), (1920, 1080)), (Fraction(9, 16), (608, 1080)), (Fraction(4), (1920, 480))],
)
def test_the_largest_picture_inside_a_frame_is_even(
    aspect: Fraction, size: tuple[int, int]
) -> None:
    assert inside(aspect, 1920, 1080) == size
