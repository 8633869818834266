"""The outline of a song: what it shows, that it is small, and that no sample gets lost."""

import json
from pathlib import Path

import numpy as np
import pytest

from beatstitch.detect import pcm, waveform
from songs import drum_song, write_wav


def test_every_level_shows_the_least_and_the_greatest_of_its_stretches(tmp_path: Path) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, 3_000_000) * np.linspace(0, 1, 3_000_000)
    write_wav(tmp_path / "song.wav", sound)
    song = pcm.opened(tmp_path / "song.wav")
    samples = song.samples()

    for level in waveform.outline(song):
        at = np.arange(0, song.length, level.stretch)
        assert np.array_equal(level.least, np.minimum.reduceat(samples, at) >> 8)
        assert np.array_equal(level.most, np.maximum.reduceat(samples, at) >> 8)


def test_full_scale_is_the_whole_range(tmp_path: Path) -> None:
    write_wav(tmp_path / "song.wav", np.tile([1.0, -1.0], 10_000))

    finest = waveform.outline(pcm.opened(tmp_path / "song.wav"))[0]

    assert (int(finest.least[0]), int(finest.most[0])) == (-128, 127)


@pytest.mark.parametrize("length", [1, 511, 512, 513, 32_769])
def test_the_last_stretch_may_be_short(tmp_path: Path, length: int) -> None:
    write_wav(tmp_path / "song.wav", np.full(length, 0.5))

    levels = waveform.outline(pcm.opened(tmp_path / "song.wav"))

    assert [level.most.size for level in levels] == [-(-length // s) for s in waveform.STRETCHES]
    assert all(level.most[-1] == 63 for level in levels)


def test_an_outline_is_small(tmp_path: Path) -> None:
    song = drum_song(tmp_path / "song.wav", bars=30)

    text = waveform.dumps(pcm.opened(song.path))

    told = json.loads(text)
    assert len(text) < 50_000 * song.duration_us / 60e6
    assert [level["samples_per_point"] for level in told["levels"]] == [512, 2048, 8192, 32768]


def test_two_channels_are_heard_as_their_mean_rounded_towards_0(tmp_path: Path) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, (50_000, 2))
    write_wav(tmp_path / "song.wav", sound)

    heard = pcm.opened(tmp_path / "song.wav").samples()

    both = (np.clip(sound, -1, 1) * 32767).astype("<i2")
    assert np.array_equal(heard, both.mean(axis=1).astype(np.int16))
