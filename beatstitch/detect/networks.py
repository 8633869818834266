"""From sound to activations by madmom's networks, many at a time.

madmom runs eight networks in two directions one after another, each a loop over frames. Here the
sixteen share one loop, and what doesn't depend on the frame before is one product for a block of
frames: the same numbers (within 1e-4) for a tenth of the CPU.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from beatstitch.detect.decode import Activations
from beatstitch.detect.features import (
    HOP,
    RISES,
    Features,
    bass_rises,
    features,
    frame_count,
    pitch_classes,
    rises,
)
from beatstitch.detect.models import HIDDEN, NETWORKS, Array, Ensemble, Layer, ensemble
from beatstitch.detect.pcm import Song

_BLOCK = 256
# A song of more than ten minutes is heard in pieces, so that memory stays flat. Each hears twenty
# seconds of its neighbours; what the networks remember for longer is lost at the seams.
_PIECE = 60_000
_OVERLAP = 2_000
_LEAD = 10  # frames of samples that windows and rises reach back


@dataclass(frozen=True, slots=True)
class Impression:
    """What is known of each frame of a song, 100 a second.

    `activations` are the probabilities of a beat and of a downbeat, shape (frames, 2), `pitches`
    the amounts of the twelve pitch classes, shape (frames, 12), `bass` how much begins to sound
    in the bass, shape (frames,), `rises` how much louder five bands get, shape (frames, 5).
    """

    activations: Activations
    pitches: NDArray[np.float32]
    bass: NDArray[np.float32]
    rises: NDArray[np.float32]


def listen(song: Song, on_progress: Callable[[float], None]) -> Impression:
    """Hear a song through the networks.

    `on_progress` gets the share done, 0–1. Raises Unavailable where the networks aren't installed.
    """
    nets = ensemble()
    frames = frame_count(song.length)
    heard = np.empty((frames, 2), np.float32)
    pitches = np.empty((frames, 12), np.float32)
    bass = np.empty(frames, np.float32)
    struck = np.empty((frames, RISES), np.float32)
    blocks = sum(-(-(last - first) // _BLOCK) for _, _, first, last in _pieces(frames))
    ticks = count(1)

    def tick() -> None:
        on_progress(min(next(ticks) / (len(nets.layers) * blocks), 1.0))

    # More threads than one cost CPU and save no time on products as small as these.
    with threadpool_limits(limits=1, user_api="blas"):
        for start, stop, first, last in _pieces(frames):
            seen = _seen(song, first, last)
            own = seen[start - first : stop - first]
            pitches[start:stop], bass[start:stop] = pitch_classes(own), bass_rises(own)
            struck[start:stop] = rises(own)
            heard[start:stop] = _said(nets, seen, tick)[start - first : stop - first]
    return Impression(heard, pitches, bass, struck)


def remember(impression: Impression, place: Path) -> None:
    """Write an impression to a file: twenty 32-bit numbers a frame, 480 kB a minute."""
    with place.open("wb") as file:
        columns = (
            impression.activations,
            impression.pitches,
            impression.bass[:, None],
            impression.rises,
        )
        np.save(file, np.hstack(columns))


def recall(place: Path, song: Song) -> Impression | None:
    """The impression in a file, or None if it is torn or of a song of another length."""
    try:
        columns = np.load(place, allow_pickle=False)
    except (ValueError, EOFError):
        return None
    if columns.shape != (frame_count(song.length), 15 + RISES) or columns.dtype != np.float32:
        return None
    return Impression(columns[:, :2], columns[:, 2:14], columns[:, 14], columns[:, 15:])


def _pieces(frames: int) -> Iterator[tuple[int, int, int, int]]:
    """Frames [start, stop) of each piece and, wider, the frames [first, last) it is heard with."""
    for start in range(0, frames, _PIECE):
        stop = min(start + _PIECE, frames)
        yield start, stop, max(start - _OVERLAP, 0), min(stop + _OVERLAP, frames)


def _seen(song: Song, first: int, last: int) -> Features:
    origin = max(first - _LEAD, 0)
    samples = song.samples(origin * HOP, (last + _LEAD) * HOP)
    return features(samples, first - origin, last - origin)


def _said(nets: Ensemble, seen: Features, tick: Callable[[], None]) -> Activations:
    """What the networks say of each frame on average; their first class, no beat, is dropped."""
    flow = seen
    for layer in nets.layers:
        flow = _recur(layer, flow, tick)
    scores = np.matmul(flow, nets.weights) + nets.bias[:, None, :]
    scores -= scores.max(axis=2, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=2, keepdims=True)
    return np.asarray(scores.mean(axis=0)[:, 1:])


def _recur(layer: Layer, flow: Array, tick: Callable[[], None]) -> Array:
    """Run one layer over all frames: (frames, n) or (8, frames, 50) in, (8, frames, 50) out."""
    frames = flow.shape[-2]
    out = np.empty((NETWORKS, frames, 2 * HIDDEN), np.float32)
    state = np.zeros((2 * NETWORKS, HIDDEN), np.float32)
    said = np.zeros((2 * NETWORKS, HIDDEN), np.float32)
    for start in range(0, frames, _BLOCK):
        stop = min(start + _BLOCK, frames)
        block = _projected(layer, flow, start, stop)
        steps = np.empty((stop - start, 2 * NETWORKS, HIDDEN), np.float32)
        for i in range(stop - start):
            said, state = _step(layer, block[i], said, state)
            steps[i] = said
        forward, backward = steps[:, :NETWORKS], steps[::-1, NETWORKS:]
        out[:, start:stop, :HIDDEN] = forward.swapaxes(0, 1)
        out[:, frames - stop : frames - start, HIDDEN:] = backward.swapaxes(0, 1)
        tick()
    return out


def _projected(layer: Layer, flow: Array, start: int, stop: int) -> Array:
    """What frames start..stop in reading order give to the gates, shape (frames, 16, 100).

    The backward networks read from the end.
    """
    frames = flow.shape[-2]
    ahead = flow[..., start:stop, :]
    behind = flow[..., frames - stop : frames - start, :][..., ::-1, :]
    forward = np.matmul(ahead, layer.inputs[:NETWORKS])
    backward = np.matmul(behind, layer.inputs[NETWORKS:])
    given = np.concatenate((forward, backward)) + layer.bias[:, None, :]
    return np.ascontiguousarray(given.swapaxes(0, 1))


def _step(layer: Layer, given: Array, said: Array, state: Array) -> tuple[Array, Array]:
    """One frame: what is said and the cell's state after it, both (16, 25)."""
    gates = given + np.matmul(said[:, None, :], layer.recurrent)[:, 0, :]
    gates = gates.reshape(2 * NETWORKS, 4, HIDDEN)
    gates[:, :2] += state[:, None, :] * layer.peepholes[:, :2]
    let_in, forget = _sigmoid(gates[:, 0]), _sigmoid(gates[:, 1])
    state = np.tanh(gates[:, 2]) * let_in + state * forget
    let_out = _sigmoid(gates[:, 3] + state * layer.peepholes[:, 2])
    return np.tanh(state) * let_out, state


def _sigmoid(x: Array) -> Array:
    return np.asarray(0.5 * np.tanh(0.5 * x) + 0.5)
