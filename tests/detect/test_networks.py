import numpy as np
import pytest

from beatstitch.detect import networks, pcm, reference


@pytest.fixture
def song(drums, write_song) -> pcm.Song:
    sound = drums(97, 21.003) + 0.02 * np.random.default_rng(5).standard_normal(
        round(21.003 * 44_100)
    )
    return pcm.opened(write_song(sound))


def test_activations_are_those_of_madmoms_own_classes(song):
    ours = networks.listen(song, lambda share: None).activations

    theirs = reference.activations(song)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-4


def test_progress_rises_to_one(song):
    shares: list[float] = []

    networks.listen(song, shares.append)

    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_song_heard_in_pieces_has_all_its_frames(song, monkeypatch):
    whole = networks.listen(song, lambda share: None).activations
    monkeypatch.setattr(networks, "_PIECE", 800)

    pieces = networks.listen(song, lambda share: None).activations

    # Each piece heard the whole song here, for the overlap is longer than it.
    assert np.array_equal(pieces, whole)


def test_what_was_heard_is_remembered_as_it_was(write_song, drums, tmp_path):
    song = pcm.opened(write_song(drums(120, 4)))
    heard = networks.listen(song, lambda share: None)

    networks.remember(heard, tmp_path / "heard.npy")

    again = networks.recall(tmp_path / "heard.npy", song)
    assert np.array_equal(again.activations, heard.activations)
    assert np.array_equal(again.pitches, heard.pitches)
    assert np.array_equal(again.bass, heard.bass)


def test_what_begins_in_the_bass_is_told_from_what_begins_above(write_song):
    seconds = np.arange(3 * 44_100) / 44_100
    # Without a soft attack any tone is a click, which sounds everywhere.
    low, high = (
        np.sin(2 * np.pi * hz * seconds)
        * np.clip((seconds - start) / 0.05, 0, 1)
        * np.clip((start + 0.5 - seconds) / 0.05, 0, 1)
        for hz, start in ((80, 1.0), (900, 2.0))
    )

    bass = networks.listen(pcm.opened(write_song(0.5 * (low + high))), lambda share: None).bass

    assert bass[90:120].max() > 5 * bass[190:220].max()
    assert abs(int(bass.argmax()) - 100) <= 5


def test_a_torn_memory_or_one_of_another_song_is_none(write_song, drums, tmp_path):
    long = pcm.opened(write_song(drums(120, 6)))
    networks.remember(networks.listen(long, lambda share: None), tmp_path / "long.npy")
    short = pcm.opened(write_song(drums(120, 4)))
    (tmp_path / "torn.npy").write_bytes((tmp_path / "long.npy").read_bytes()[:1000])
    (tmp_path / "empty.npy").touch()

    for name in ("long", "torn", "empty"):
        assert networks.recall(tmp_path / f"{name}.npy", short) is None
