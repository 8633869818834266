"""A stream's packets, counted one by one: where it begins and ends, its keyframes and its gaps."""

from collections.abc import Iterable
from fractions import Fraction

import pytest

from beatstitch.ffmpeg.packets import Track

MS = Fraction(1, 1000)
FRAME = 40
Told = tuple[int | None, int | None, bool]


def counted(packets: Iterable[Told], *, ends_at_jump: bool = False) -> Track:
    """A stream of packets of 40 ms, each with the times of showing and decoding, and whether it is
    a keyframe."""
    track = Track(MS, ends_at_jump=ends_at_jump)
    for pts, dts, is_key in packets:
        track.add(pts, dts, FRAME, is_key)
    track.finish()
    return track


def steady(first: int, count: int) -> list[Told]:
    """Pictures one after another, the first of them a keyframe."""
    return [(first + FRAME * n, None, n == 0) for n in range(count)]


def test_a_stream_lasts_from_its_first_packet_to_the_end_of_its_last() -> None:
    track = counted(steady(1000, 50))

    assert (track.start_us, track.duration_us, track.count) == (1_000_000, 2_000_000, 50)
    assert (track.packet_rate, track.is_irregular) == (25, False)
    assert (track.longest_gop_us, track.longest_gap_us) == (2_000_000, 40_000)


@pytest.mark.parametrize(("pause", "is_over"), [(9_999, False), (10_001, True)])
def test_behind_a_jump_of_the_clock_nothing_is_found(pause: int, is_over: bool) -> None:
    packets = [*steady(0, 25), *steady(1000 + pause, 25)]

    assert counted(packets, ends_at_jump=True).count == (25 if is_over else 50)
    assert counted(packets).count == 50


def test_what_is_shown_before_the_first_keyframe_is_no_part_of_the_stream() -> None:
    leading: list[Told] = [(80, None, False), (0, None, False), (200, None, True)]
    track = counted([*leading, (160, None, False), *steady(240, 10)[1:]])

    assert (track.start_us, track.begins_us, track.count) == (200_000, 0, 10)


def test_pictures_that_change_places_are_put_back() -> None:
    shown = [0, 160, 80, 40, 120, 320, 240, 200, 280]
    track = counted((pts, FRAME * n - 80, n == 0) for n, pts in enumerate(shown))

    assert (track.duration_us, track.is_irregular) == (360_000, False)


def test_packets_without_a_time_of_showing_are_as_late_as_those_with_one_are_at_least() -> None:
    track = counted([(80, 0, True), (200, 40, False), (None, 80, False), (None, 120, False)])

    assert (track.start_us, track.duration_us) == (80_000, 160_000)


def test_keyframes_that_follow_closely_are_left_out() -> None:
    track = counted((FRAME * n, None, n in (0, 6, 7, 20)) for n in range(25))

    assert track.keyframes_us == (0, 280_000, 800_000)
    assert track.longest_gop_us == 520_000


@pytest.mark.parametrize(("gap", "is_irregular"), [(42, False), (43, False), (45, True)])
def test_a_stream_is_irregular_when_its_gaps_differ_by_more_than_a_tenth(
    gap: int, is_irregular: bool
) -> None:
    packets = [*steady(0, 25), (24 * FRAME + gap, None, False)]

    assert counted(packets).is_irregular == is_irregular
