import pytest

from beatstitch.beats import tempo
from beatstitch.errors import Invalid


def test_the_tempo_is_exact_though_each_beat_is_rounded_to_ten_milliseconds():
    times = [round(i * 60 / 116 * 100) * 10_000 for i in range(64)]

    assert tempo.bpm(times) == pytest.approx(116, rel=0.001)


def test_a_few_wrong_beats_do_not_move_the_tempo():
    times = [i * 500_000 + (70_000 if i in (20, 41) else 0) for i in range(64)]

    assert tempo.bpm(times) == 120


def test_a_song_of_two_beats_has_a_tempo():
    assert tempo.bpm([100_000, 700_000]) == 100


def test_a_single_beat_has_none():
    with pytest.raises(Invalid, match="two beats"):
        tempo.bpm([100_000])


@pytest.mark.parametrize(
    ("bpm", "offered"),
    [(100.0, (100.0, 200.0, 50.0)), (150.0, (150.0, 75.0)), (60.0, (60.0, 120.0))],
)
def test_half_and_double_are_offered_where_people_tap(bpm, offered):
    assert tempo.candidates(bpm) == offered
