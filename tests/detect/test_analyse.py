import wave

import numpy as np
import pytest

from beatstitch.detect import analyse, models, pcm
from beatstitch.errors import Invalid, MediaRejected, Unavailable

RATE = 44_100


@pytest.mark.parametrize("detector", ["madmom", "librosa"])
def test_the_grid_names_its_analyser(hear, drums, detector):
    assert hear(drums(120, 6), detector=detector).analyzer == detector


def test_beats_and_bars_of_a_waltz_are_heard(hear, drums):
    grid = hear(drums(90, 20, metre=3))

    truth = [0.3 + i * 60 / 90 for i in range(30)]
    assert [beat.time_us / 1e6 for beat in grid.beats] == pytest.approx(truth, abs=0.03)
    assert grid.downbeat_source == "detected"
    assert grid.time_signature == "3/4"
    assert [beat.beat_number for beat in grid.beats[:6]] == [1, 2, 3, 1, 2, 3]


@pytest.mark.parametrize("detector", ["madmom", "librosa"])
@pytest.mark.parametrize("sound", ["silence", "noise"])
def test_a_song_without_a_beat_says_so_and_proposes_a_steady_grid(hear, detector, sound):
    noise = np.random.default_rng(7).standard_normal(10 * RATE)

    grid = hear(noise if sound == "noise" else np.zeros(10 * RATE), detector=detector)

    assert (grid.verdict, grid.downbeat_source) == ("no_beat", "derived")
    assert (grid.bpm_confidence, grid.downbeat_confidence) == (0.0, 0.0)
    assert 80 <= grid.bpm < 160
    gaps = np.diff([beat.time_us for beat in grid.beats])
    assert gaps == pytest.approx(60e6 / grid.bpm, abs=2)


@pytest.mark.parametrize("length_s", [0.02, 0.5, 1.2])
def test_a_song_shorter_than_a_bar_has_a_grid(hear, drums, length_s):
    grid = hear(drums(120, length_s, first_s=0.0))

    assert all(0 <= beat.time_us < grid.duration_us for beat in grid.beats)
    assert len(grid.beats) >= 1


def test_a_tempo_hint_settles_half_or_double(hear, drums):
    song = drums(120, 12)

    assert hear(song, bpm_hint=60).bpm == pytest.approx(60, abs=1)
    assert hear(song, bpm_hint=120).bpm == pytest.approx(120, abs=1)


@pytest.mark.parametrize("detector", ["madmom", "librosa"])
def test_a_metre_that_is_given_is_counted_in(hear, drums, detector):
    grid = hear(drums(120, 12, metre=3), detector=detector, metre=6)

    assert (grid.beats_per_bar, grid.time_signature) == (6, "6/4")
    assert grid.downbeat_source == ("detected" if detector == "madmom" else "derived")
    starts = [beat.time_us for beat in grid.beats if beat.is_downbeat]
    assert np.diff(starts) == pytest.approx(6 * 60e6 / grid.bpm, rel=0.02)


def test_a_steady_proposal_is_in_the_metre_that_is_given(hear):
    assert hear(np.zeros(10 * RATE), metre=3).time_signature == "3/4"


@pytest.mark.parametrize("metre", [1, 13])
def test_an_impossible_metre_is_refused(hear, drums, metre):
    with pytest.raises(Invalid, match="only of 2 to 12"):
        hear(drums(120, 1), metre=metre)


def test_an_impossible_hint_is_refused(hear, drums):
    with pytest.raises(Invalid, match="20 and 400"):
        hear(drums(120, 1), bpm_hint=1000)


def test_asking_for_madmom_where_it_is_missing_says_so(hear, drums, monkeypatch):
    monkeypatch.setattr("beatstitch.detect.models._files", list)
    models.ensemble.cache_clear()

    with pytest.raises(Unavailable, match="choose librosa"):
        hear(drums(120, 1), detector="madmom")


def test_a_file_that_is_no_pcm_is_refused(hear, drums, write_song, tmp_path):
    text = tmp_path / "notes.wav"
    text.write_text("not a song")
    with pytest.raises(MediaRejected, match="16-bit"):
        pcm.opened(text)


def test_a_file_without_samples_is_refused(tmp_path):
    path = tmp_path / "empty.wav"
    with wave.open(str(path), "wb") as song:
        song.setparams((2, 2, RATE, 0, "NONE", ""))
    with pytest.raises(MediaRejected, match="not one sample"):
        pcm.opened(path)


@pytest.mark.parametrize("detector", ["madmom", "librosa"])
def test_beats_of_drums_lie_where_the_drums_were_put(hear, drums, detector):
    grid = hear(drums(107, 20), detector=detector)

    truth = 0.3 + np.arange(40) * 60 / 107
    errors = [np.min(np.abs(truth - b.time_us / 1e6)) * 1_000 for b in grid.beats]
    signed = [
        1_000 * (b.time_us / 1e6 - truth[np.argmin(np.abs(truth - b.time_us / 1e6))])
        for b in grid.beats
    ]
    assert abs(np.median(signed)) < 10
    assert np.median(errors) < 12


def test_a_song_that_is_known_is_heard_the_same_without_asking_the_networks_again(
    write_song, drums, tmp_path
):
    song = write_song(drums(120, 8))
    files = [tmp_path / name for name in ("once.npy", "twice.npy")]

    def heard(known, learned, bpm_hint=None):
        return analyse(
            song,
            duration_us=8_000_000,
            checksum="sha256:00",
            detector="madmom",
            bpm_hint=bpm_hint,
            known=known,
            learned=learned,
            on_progress=lambda percent, message: None,
        )

    asked = heard(None, files[0])
    recalled = heard(files[0], files[1])

    assert recalled == asked
    assert heard(files[0], files[1], bpm_hint=60) == heard(None, None, bpm_hint=60)
    assert not files[1].exists()
