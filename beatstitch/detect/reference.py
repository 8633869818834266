"""madmom's own classes from samples to activations: slow, and what `networks` is held against."""

import warnings

import numpy as np

from beatstitch.detect.decode import Activations
from beatstitch.detect.installed import load_madmom
from beatstitch.detect.pcm import SAMPLE_RATE, Samples


def activations(samples: Samples) -> Activations:
    """Probabilities of a beat and of a downbeat, shape (frames, 2), 100 frames a second.

    Raises Unavailable where madmom is missing.
    """
    load_madmom()
    from madmom.audio.signal import Signal
    from madmom.features.downbeats import RNNDownBeatProcessor

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        heard = RNNDownBeatProcessor()(Signal(samples, sample_rate=SAMPLE_RATE, num_channels=1))
    return np.asarray(heard, dtype=np.float32)
