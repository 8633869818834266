"""A guess at what a film takes, as far as it follows from the film."""

from fractions import Fraction

import pytest

from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.estimate import ENCODE_S, JOIN_S, Estimate, estimate
from beatstitch.render.order import ChunkOrder, FilmOrder, SongOrder
from beatstitch.render.plan import Plan
from beatstitch.render.profile import ENCODERS, final
from beatstitch.render.sound import sound_of
from beatstitch.render.source import Source
from beatstitch.render.target import Target
from beatstitch.timeline.edl import KenBurns
from beatstitch.timeline.settings import read_settings

CLIP = Source("c", "c.mp4", "bb", "video", "mov", 1920, 1080, duration_ms=10_000)
PHOTO = Source("p", "p.jpg", "aa", "image", "jpeg_pipe", 4000, 3000)


def film_of(*layers: Layer, target: Target | None = None) -> FilmOrder:
    """Two seconds of each layer."""
    profile = final(read_settings({}), target or Target())
    chunks = tuple(
        ChunkOrder(Chunk((Piece(60 * n, 60, (layer,)),)), profile, f"{n}.mp4", f"{n}.json")
        for n, layer in enumerate(layers)
    )
    plan = Plan(profile, tuple(order.chunk for order in chunks), (), 0)
    song = SongOrder(sound_of(plan, "song.wav", fade_out_ms=0), "song.mp4")
    return FilmOrder(plan, chunks, song, "")


def of(*layers: Layer, target: Target | None = None, **kept: int) -> Estimate:
    """The guess, with parts of these sizes kept."""
    return estimate(
        film_of(*layers, target=target), {k.removeprefix("_"): v for k, v in kept.items()}
    )


def test_every_way_to_encode_has_its_rate() -> None:
    assert set(ENCODE_S) == {(codec, preset) for (codec, _), (preset, _) in ENCODERS.items()}


def test_what_is_kept_takes_no_time_and_is_as_large_as_it_is() -> None:
    found = of(Layer(CLIP), Layer(PHOTO), _0=5_000_000, _1=2_000_000, song=90_000)

    assert found == Estimate(JOIN_S, 7_090_000)


def test_what_is_missing_is_guessed_to_weigh_as_much_a_frame_as_what_is_kept() -> None:
    assert of(Layer(CLIP), Layer(PHOTO), _0=5_000_000, song=90_000).film_bytes == 10_090_000


def test_footage_weighs_at_medium_what_was_measured_and_half_as_much_six_crf_further() -> None:
    medium, draft = (
        of(Layer(CLIP), song=0),
        of(Layer(CLIP), target=Target(quality="draft"), song=0),
    )

    assert medium.film_bytes == pytest.approx(2 * 8.8e6 / 8, rel=0.02)
    assert draft.film_bytes == pytest.approx(medium.film_bytes / 2, rel=1e-3)


def test_a_capped_film_is_no_larger_than_its_cap() -> None:
    capped = of(Layer(CLIP), target=Target("tiktok", quality="high"), song=0)

    assert capped.film_bytes <= 2 * 20e6 / 8


def test_decoding_more_and_moving_a_camera_cost_more() -> None:
    still, moved = Layer(PHOTO), Layer(PHOTO, ken_burns=KenBurns(True, 1.0, 1.1))
    once, twice = Layer(CLIP), Layer(CLIP, speed=Fraction(2))

    costs = [of(layer).cpu_s for layer in (still, once, twice)]

    assert costs == sorted(set(costs))
    assert of(moved).cpu_s > of(still).cpu_s
    assert of(Layer(CLIP, speed=Fraction(1, 2))).cpu_s == of(once).cpu_s
