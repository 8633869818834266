"""The tempo behind taps, some of which are wrong."""

import random

import pytest

from beatstitch.beats import taps
from beatstitch.errors import Invalid

BEAT_US = 500_000


def tapped(count: int, *, spread_us: int = 0, seed: int = 1) -> list[int]:
    """Taps at 120 BPM from one second on, each off by up to `spread_us`."""
    chance = random.Random(seed)  # noqa: S311 — nothing is secret here
    return [1_000_000 + i * BEAT_US + chance.randint(-spread_us, spread_us) for i in range(count)]


def test_even_taps_give_their_tempo_and_the_first_beat():
    assert taps.fit(tapped(4)) == taps.Pulse(120, 1_000_000)


def test_missed_taps_are_forgiven():
    all_of_them = tapped(16)
    del all_of_them[9], all_of_them[4:6]

    pulse = taps.fit(all_of_them)

    assert pulse.bpm == pytest.approx(120, rel=1e-9)
    assert pulse.start_us == 1_000_000


@pytest.mark.parametrize("stray_us", [160_000, 230_000, 250_000, 270_000, 340_000])
@pytest.mark.parametrize("at", [0, 1, 7, 15])
def test_a_stray_tap_between_beats_is_forgiven(stray_us, at):
    pulse = taps.fit([*tapped(16), 1_000_000 + at * BEAT_US + stray_us])

    assert pulse.bpm == pytest.approx(120, rel=1e-6)
    assert (pulse.start_us - 1_000_000) % BEAT_US == pytest.approx(0, abs=1)


def test_a_finger_that_bounces_is_forgiven():
    once = tapped(12)

    assert taps.fit([*once, once[3] + 30_000, once[8] + 40_000]).bpm == pytest.approx(120, rel=0.01)


@pytest.mark.parametrize("seed", range(10))
def test_a_hand_that_trembles_is_within_a_percent_after_eight_bars(seed):
    shaky = tapped(32, spread_us=40_000, seed=seed)
    shaky[5] += 200_000
    del shaky[20]

    pulse = taps.fit(shaky)

    assert pulse.bpm == pytest.approx(120, rel=0.01)
    off_us = (pulse.start_us - 1_000_000 + BEAT_US // 2) % BEAT_US - BEAT_US // 2
    assert abs(off_us) <= 40_000


def test_one_bad_tap_of_four_is_forgiven():
    pulse = taps.fit([0, 500_000, 1_000_000, 1_800_000])

    assert pulse.bpm == pytest.approx(120, rel=0.02)


def test_taps_may_come_in_any_order_and_twice():
    assert taps.fit([*reversed(tapped(6)), *tapped(2)]) == taps.fit(tapped(6))


def test_taps_of_no_tempo_are_refused():
    with pytest.raises(Invalid, match="no one tempo"):
        taps.fit([0, 310_000, 900_000, 1_050_000, 1_900_000, 2_120_000, 3_010_000, 4_360_000])


def test_taps_faster_than_any_music_are_refused():
    with pytest.raises(Invalid, match="taps 600 BPM"):
        taps.fit([i * 100_000 for i in range(8)])
