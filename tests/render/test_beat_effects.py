"""Pulses and flashes lie on the beat, go on from piece to piece, and never flash too often."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatstitch.beats.steady import steady_grid
from beatstitch.render.beat_effects import Flashes, felt, pulse
from beatstitch.render.chunk import Piece
from beatstitch.render.plan import plan
from beatstitch.render.profile import final
from beatstitch.render.source import Source
from beatstitch.timeline.build import build
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.settings import read_settings

RATE = Fraction(30)
PHOTO = Source("p", "p.jpg", "aa", "image", "jpeg_pipe", 640, 360)


def pieces(bpm: float, **settings: object) -> list[Piece]:
    """The pieces of a film of ten seconds of one photo."""
    edl = build(
        steady_grid(bpm, 0, 10_000_000),
        [Medium("p", "image")],
        read_settings(settings),
        audio_duration_us=10_000_000,
        project_id="test",
    )
    film = plan(edl, {"p": PHOTO}, final(edl.settings))
    return [piece for chunk in film.chunks for piece in chunk.pieces]


def test_a_pulse_is_strongest_on_its_beat_and_gone_when_it_has_lasted() -> None:
    closer = [pulse(0.1, (3, 15), frame, RATE) for frame in range(24)]

    assert closer[:3] == [1, 1, 1]
    assert closer[3] == closer[15] == 1.1
    assert closer[4] < closer[3] and closer[12:15] == [1, 1, 1]
    # It lasts nine frames; after three of them the square of two thirds is left.
    assert closer[6] == pytest.approx(1 + 0.1 * 4 / 9)


def test_a_pulse_goes_on_through_transitions_as_if_it_were_one_piece() -> None:
    whole = [
        (piece.first_frame + frame, pulse(0.1, layer.beat_frames, frame, RATE))
        for piece in pieces(120, pulse=0.1, transition_type="crossfade", beats_per_cut=1)
        for layer in piece.layers
        for frame in range(piece.frames)
    ]

    assert set(whole) == {
        (frame, pulse(0.1, (frame // 15 * 15,), frame, RATE)) for frame, _ in whole
    }


def test_what_began_before_a_piece_is_felt_as_long_as_it_lasts() -> None:
    assert felt((0, 20), 8, 12, 9) == (-8,)
    assert felt((0, 20), 9, 12, 9) == (11,)


def test_nothing_moves_or_flashes_that_was_not_asked_for() -> None:
    assert not any(piece.flashes for piece in pieces(120))
    assert not any(layer.beat_frames for piece in pieces(120) for layer in piece.layers)


def test_flashes_lie_on_the_cuts_and_not_where_the_film_begins() -> None:
    flashing = {
        piece.first_frame + flash.frame
        for piece in pieces(120, flash=0.5)
        for flash in piece.flashes
    }

    assert flashing == {60, 120, 180, 240}


def test_a_flash_waits_for_a_third_of_a_second_after_the_last() -> None:
    cuts = [(0, 0, 0.5), (10, 333_333, 0.5), (11, 366_667, 0.5), (20, 666_667, 0.5)]

    assert [flash.frame for flash in Flashes(cuts).seen(0, 30, RATE)] == [0, 11]


@given(st.lists(st.integers(min_value=1, max_value=500_000), min_size=1, max_size=60))
def test_there_are_never_more_than_three_flashes_in_a_second(steps_us: list[int]) -> None:
    times_us = [sum(steps_us[: n + 1]) for n in range(len(steps_us))]
    cuts = [(time_us * 30 // 1_000_000, time_us, 0.5) for time_us in times_us]

    frames = [flash.frame for flash in Flashes(cuts).seen(0, 10_000, RATE)]

    for frame in frames:
        assert sum(frame <= other < frame + 29 for other in frames) <= 3
