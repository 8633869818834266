"""What is made of activations: tempo octave, metre, confidence. Activations are drawn by hand."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from beatstitch.detect.heard import Heard
from beatstitch.detect.networks import Impression
from beatstitch.detect.trained import follow


def drawn(
    bpm: float, beats: Sequence[float], downbeats: Sequence[float], frames: int = 4_000
) -> NDArray[np.float32]:
    """Peaks at a tempo whose heights repeat: one height for each pulse of the pattern."""
    activations = np.full((frames, 2), 0.001, np.float32)
    for i in range(int(frames * bpm / 6_000)):
        frame = round(i * 6_000 / bpm) + 5
        place = i % len(beats)
        activations[frame - 1 : frame + 2] = np.outer(
            (0.5, 1.0, 0.5), (beats[place], downbeats[place])
        )[: frames - frame + 1]
    return activations


def found(
    activations: NDArray[np.float32],
    hint: float | None = None,
    pitches: NDArray[np.float32] | None = None,
    metre: int | None = None,
    bass: NDArray[np.float32] | None = None,
) -> Heard:
    silent = np.zeros((len(activations), 13), np.float32)
    heard = Impression(
        activations,
        silent[:, :12] if pitches is None else pitches,
        silent[:, 12] if bass is None else bass,
        rises=np.repeat(activations.sum(axis=1, keepdims=True), 5, axis=1),
    )
    return follow(heard, hint, metre)


def bpm_of(activations: NDArray[np.float32], hint: float | None = None) -> float:
    times = [beat.time_us for beat in found(activations, hint).beats]
    return 60e6 / float(np.median(np.diff(times)))


def test_eighth_notes_of_a_slow_song_are_not_its_beats():
    # Pulse 1 of eight is the downbeat; the bar's middle is as strong a beat, but no downbeat.
    slow = drawn(
        140,
        beats=(0.1, 0.4, 0.7, 0.4, 0.7, 0.4, 0.7, 0.4),
        downbeats=(0.8, 0.0, 0.0, 0.0, 0.05, 0.0, 0.0, 0.0),
    )

    assert bpm_of(slow) == pytest.approx(70, rel=0.02)


def test_a_fast_song_with_a_backbeat_keeps_its_tempo():
    fast = drawn(140, beats=(0.2, 0.8, 0.5, 0.8), downbeats=(0.7, 0.0, 0.2, 0.0))

    assert bpm_of(fast) == pytest.approx(140, rel=0.02)


def test_a_hint_overrules_what_the_beats_suggest():
    slow = drawn(
        140,
        beats=(0.1, 0.4, 0.7, 0.4, 0.7, 0.4, 0.7, 0.4),
        downbeats=(0.8, 0.0, 0.0, 0.0, 0.05, 0.0, 0.0, 0.0),
    )

    assert bpm_of(slow, hint=140) == pytest.approx(140, rel=0.02)


def test_slow_bars_that_might_be_two_or_four_are_four():
    heard = found(drawn(72, beats=(0.1, 0.8, 0.5, 0.8), downbeats=(0.7, 0.0, 0.35, 0.0)))

    assert heard.beats_per_bar == 4


def test_a_slow_song_heard_in_eighths_has_no_bars_of_two():
    slow = drawn(120, beats=(0.1, 0.3, 0.8, 0.3), downbeats=(0.7, 0.0, 0.0, 0.0))

    assert bpm_of(slow) == pytest.approx(60, rel=0.02)
    assert found(slow).beats_per_bar == 4


def test_slow_bars_of_two_that_win_clearly_stay():
    assert found(drawn(72, beats=(0.1, 0.8), downbeats=(0.8, 0.0))).beats_per_bar == 2


def test_bars_of_three_with_a_beat_in_their_middle_are_bars_of_two():
    # Six eighths a bar, 260 a minute.
    jig = drawn(
        260, beats=(0.1, 0.4, 0.65, 0.75, 0.65, 0.4), downbeats=(0.85, 0.0, 0.0, 0.0, 0.0, 0.0)
    )

    assert found(jig).beats_per_bar == 2
    assert bpm_of(jig) == pytest.approx(260 / 3, rel=0.02)


def test_a_waltz_in_eighths_stays_in_three():
    waltz = drawn(
        260, beats=(0.1, 0.4, 0.75, 0.4, 0.75, 0.4), downbeats=(0.85, 0.0, 0.0, 0.0, 0.0, 0.0)
    )

    assert found(waltz).beats_per_bar == 3
    assert bpm_of(waltz) == pytest.approx(130, rel=0.02)


def progression(pulse_bpm: float, pulses: int) -> NDArray[np.float32]:
    """Four chords again and again, each for so many pulses."""
    pitches = np.zeros((4_000, 12), np.float32)
    for change in range(1 + 4_000 // round(pulses * 6_000 / pulse_bpm)):
        start, stop = (round(i * pulses * 6_000 / pulse_bpm) + 5 for i in (change, change + 1))
        root = (0, 9, 5, 7)[change % 4]
        pitches[start:stop, [root, (root + 4) % 12, (root + 7) % 12]] = 1.0
    return pitches


def slow_eighths() -> NDArray[np.float32]:
    return drawn(
        186, beats=(0.1, 0.4, 0.3, 0.6, 0.4, 0.3), downbeats=(0.85, 0.0, 0.05, 0.3, 0.0, 0.05)
    )


def test_slow_bars_of_twelve_eighths_are_told_from_six_by_chords_and_bass():
    def bars_of(pulses: int) -> int:
        bass = np.zeros(4_000, np.float32)
        bass[[round(i * 6_000 / 186) + 5 for i in range(0, 120, pulses)]] = 2.0
        chords = progression(186, pulses)
        return found(slow_eighths(), pitches=chords, bass=bass).beats_per_bar

    assert (bars_of(6), bars_of(12)) == (2, 4)


def test_slow_bars_of_six_eighths_are_heard_as_two_beats():
    heard = found(slow_eighths(), pitches=progression(186, pulses=6))

    assert heard.beats_per_bar == 2
    assert 60e6 / (heard.beats[9].time_us - heard.beats[8].time_us) == pytest.approx(62, rel=0.02)


def test_the_bars_of_a_fast_waltz_are_no_beats():
    waltz = drawn(186, beats=(0.1, 0.6, 0.6), downbeats=(0.85, 0.0, 0.0))

    heard = found(waltz, pitches=progression(186, pulses=3))

    assert heard.beats_per_bar == 3
    assert 60e6 / (heard.beats[9].time_us - heard.beats[8].time_us) == pytest.approx(186, rel=0.02)


def divided(first_third: float) -> NDArray[np.float32]:
    """Bars of four at 110 BPM with something on the thirds of each beat."""
    thirds = (first_third, 0.25)
    return drawn(
        330,
        beats=(0.1, *thirds, 0.8, *thirds, 0.5, *thirds, 0.8, *thirds),
        downbeats=(0.7, *5 * (0.0,), 0.3, *5 * (0.0,)),
    )


def test_fast_bars_of_four_beats_in_thirds_are_two_bars_of_a_jig():
    jig = divided(first_third=0.2)

    assert found(jig).beats_per_bar == 2
    assert bpm_of(jig) == pytest.approx(110, rel=0.02)


def test_a_swung_song_stays_in_four():
    assert found(divided(first_third=0.0)).beats_per_bar == 4


def test_strong_peaks_give_trust_and_weak_ones_little():
    pattern = (0.6, 0.0, 0.1, 0.0)

    clear = found(drawn(120, (0.2, 0.8, 0.7, 0.8), pattern))
    faint = found(drawn(120, (0.1, 0.3, 0.3, 0.3), pattern))

    assert clear.bpm_confidence > 0.9
    assert faint.bpm_confidence < 0.5


def test_each_beat_carries_how_strongly_it_was_heard():
    heard = found(drawn(120, (0.1, 0.8, 0.4, 0.8), (0.6, 0.0, 0.1, 0.0)))

    strengths = [beat.confidence for beat in heard.beats]
    assert strengths[:4] == pytest.approx([0.7, 0.8, 0.5, 0.8], abs=0.02)


def test_a_peak_between_two_frames_is_placed_between_them():
    activations = drawn(120, (0.1, 0.8, 0.5, 0.8), (0.6, 0.0, 0.1, 0.0))
    later = activations.copy()
    later[1:] = np.maximum(later[1:], 0.8 * activations[:-1])

    even = found(activations).beats[10].time_us
    assert even < found(later).beats[10].time_us < even + 10_000


def chords(changing_at: int) -> NDArray[np.float32]:
    """A new chord every two seconds, the first change at a frame."""
    pitches = np.zeros((4_000, 12), np.float32)
    for bar, start in enumerate(range(changing_at - 200, 4_000, 200)):
        pitches[max(start, 0) : start + 200, [5 * bar % 12, (5 * bar + 4) % 12]] = 1.0
    return pitches


def test_a_bar_begins_where_the_chords_change():
    ambiguous = drawn(120, (0.1, 0.8, 0.4, 0.8), (0.5, 0.0, 0.2, 0.0))

    by_ear = found(ambiguous).beats[:4]
    by_chords = found(ambiguous, pitches=chords(changing_at=105)).beats[:4]

    assert [beat.beat_number for beat in by_ear] == [1, 2, 3, 4]
    assert [beat.beat_number for beat in by_chords] == [3, 4, 1, 2]


def test_a_bar_begins_where_the_bass_is_struck():
    ambiguous = drawn(120, (0.1, 0.8, 0.4, 0.8), (0.5, 0.0, 0.2, 0.0))
    bass = np.zeros(4_000, np.float32)
    bass[105::200] = 2.0

    beats = found(ambiguous, bass=bass).beats[:4]

    assert [beat.beat_number for beat in beats] == [3, 4, 1, 2]


def test_a_clear_downbeat_outweighs_the_bass():
    clear = drawn(120, (0.0, 0.8, 0.7, 0.8), (0.9, 0.0, 0.0, 0.0))
    bass = np.zeros(4_000, np.float32)
    bass[105::200] = 2.0

    beats = found(clear, bass=bass).beats[:4]

    assert [beat.beat_number for beat in beats] == [1, 2, 3, 4]


def test_a_clear_downbeat_outweighs_the_chords():
    clear = drawn(120, (0.0, 0.8, 0.7, 0.8), (0.9, 0.0, 0.0, 0.0))

    beats = found(clear, pitches=chords(changing_at=105)).beats[:4]

    assert [beat.beat_number for beat in beats] == [1, 2, 3, 4]


def test_a_metre_that_is_given_is_counted_from_the_strongest_start():
    five = drawn(120, (0.1, 0.8, 0.8, 0.8, 0.8), (0.8, 0.0, 0.0, 0.0, 0.0))

    heard = found(five, metre=5)

    assert heard.beats_per_bar == 5
    assert [beat.beat_number for beat in heard.beats[:6]] == [1, 2, 3, 4, 5, 1]
    assert heard.downbeat_confidence > 0.5


def test_bars_of_a_metre_that_begin_nowhere_clearly_are_not_trusted():
    unclear = drawn(120, (0.8,), (0.05,))

    assert found(unclear, metre=7).downbeat_confidence < 0.1


def test_bars_are_as_long_as_chords_last_where_beats_do_not_say():
    plain = (0.7,), (0.1,)

    waltz = found(drawn(90, *plain), pitches=chords(changing_at=205))
    song = found(drawn(120, *plain), pitches=chords(changing_at=205))

    assert (waltz.beats_per_bar, song.beats_per_bar) == (3, 4)


def test_chords_that_last_two_bars_leave_a_jig_in_two():
    jig = drawn(120, (0.1, 0.75), (0.85, 0.0))

    assert found(jig, pitches=chords(changing_at=205)).beats_per_bar == 2


@pytest.mark.parametrize("metre", [5, 7])
def test_bars_of_five_and_seven_are_counted_where_they_are_clear(metre):
    odd = drawn(120, (0.1, *(metre - 1) * (0.8,)), (0.8, *(metre - 1) * (0.05,)))

    heard = found(odd)

    assert heard.beats_per_bar == metre
    assert heard.beats[0].beat_number == 1


def test_faint_beats_that_come_again_and_again_are_a_beat():
    quiet = found(drawn(100, (0.05, 0.2), (0.15, 0.0)))

    assert quiet.has_beat
    assert quiet.bpm_confidence == 0


def test_faint_peaks_that_come_at_any_time_are_no_beat():
    activations = np.full((4_000, 2), 0.001, np.float32)
    chance = np.random.default_rng(2)
    activations[chance.integers(0, 4_000, 130), 0] = chance.uniform(0.1, 0.38, 130)

    assert not found(activations).has_beat
