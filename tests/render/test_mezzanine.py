"""When a clip is coded anew before it is shown, and which parts of it."""

from dataclasses import replace

import pytest

from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.mezzanine import Part, mezzanines, standing_in
from beatstitch.render.order import ChunkOrder
from beatstitch.render.profile import final
from beatstitch.render.source import Source
from beatstitch.timeline.settings import read_settings

LOOK = final(read_settings({"output_fps": 30}))
LONG = Source(
    "c", "c.mp4", "cc", "video", "mov", 1280, 720, duration_ms=600_000, gop_us=600_000_000
)


def shown(source: Source, *starts_s: float) -> list[ChunkOrder]:
    """Chunks of two seconds that begin there in the clip."""
    return [
        ChunkOrder(
            Chunk((Piece(60 * n, 60, (Layer(source, start_us=int(start_s * 1e6)),)),)),
            LOOK, f"film/chunks/{n}.mp4", f"film/chunks/{n}.json",
        )
        for n, start_s in enumerate(starts_s)
    ]  # fmt: skip


def made(chunks: list[ChunkOrder]) -> tuple[Part, ...]:
    """The parts that are coded anew."""
    orders = mezzanines(chunks, fingerprint="f", prefix="film").values()
    return tuple(part for order in orders for part in order.parts)


def test_what_is_shown_often_from_far_behind_a_keyframe_is_coded_anew_in_parts() -> None:
    chunks = shown(LONG, 300, 100, 101, 500)

    assert made(chunks) == (
        Part(99_900_000, 103_600_000),
        Part(299_900_000, 302_600_000),
        Part(499_900_000, 502_600_000),
    )


@pytest.mark.parametrize(
    ("source", "starts_s"),
    [
        (LONG, (300,)),
        (LONG, (0, 2, 4, 6, 8)),
        (replace(LONG, gop_us=1_000_000), (100, 200, 300, 400)),
        (replace(LONG, is_interlaced=True), (100, 200, 300, 400)),
        (replace(LONG, keyframes_ms=(0, 99_500, 199_900, 300_000)), (100, 200, 300, 301)),
    ],
)
def test_nothing_is_coded_anew_that_costs_more_than_it_saves(
    source: Source, starts_s: tuple[float, ...]
) -> None:
    assert made(shown(source, *starts_s)) == ()


def test_to_code_a_second_is_held_to_cost_what_it_costs_to_decode_two() -> None:
    # The ways, against 39.6 s to the last moment and twice 5.4 s that are coded: 55 s, and 50.
    assert made(shown(LONG, 18, 37)) != ()
    assert made(shown(LONG, 13, 37)) == ()


def test_of_the_way_between_two_keyframes_half_is_decoded() -> None:
    often = replace(LONG, gop_us=12_000_000)

    assert made(shown(often, *(2.8 * n for n in range(5, 25)))) == ()


def test_a_chunk_from_a_mezzanine_shows_the_same_moment_under_the_same_name() -> None:
    late = replace(LONG, start_us=1_500_000, sound=1)
    chunks = shown(late, 101.5, 201.5, 301.5)
    orders = mezzanines(chunks, fingerprint="f", prefix="film")

    other = standing_in(chunks[0], orders)

    (layer,) = other.chunk.pieces[0].layers
    assert (layer.start_us, layer.source.start_us, layer.source.sound) == (100_000_000, 0, None)
    assert other.inputs == (orders["c.mp4"].key,)
    assert (other.film_key, other.chunk.frames) == (chunks[0].film_key, chunks[0].chunk.frames)
