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
