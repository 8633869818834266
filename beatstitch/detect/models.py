"""madmom's trained networks, read from its files as arrays, without running madmom.

The eight networks are files of the installed package (their licence is CC BY-NC-SA 4.0: not for
commercial use). Importing madmom costs a second of CPU; the files hold pickled objects of its
classes, and only their numbers are wanted. Nothing but arrays can be made from them here.
"""

import importlib.util
import io
import pickle
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beatstitch.errors import Unavailable

NETWORKS = 8
HIDDEN = 25
_LAYERS = 3

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Layer:
    """One recurrent layer of every network in both directions.

    The first axis counts 16 directed networks: eight forward, then the same eight backward. The
    last axis of `inputs` (16, inputs, 100), `bias` (16, 100) and `recurrent` (16, 25, 100) holds
    the input gate, forget gate, cell and output gate, 25 each. `peepholes` is (16, 3, 25): from the
    cell's state to the three gates.
    """

    inputs: Array
    bias: Array
    recurrent: Array
    peepholes: Array


@dataclass(frozen=True, slots=True)
class Ensemble:
    """The networks: recurrent layers, then weights (8, 50, 3) and bias (8, 3) of what they say."""

    layers: tuple[Layer, ...]
    weights: Array
    bias: Array


def has_models() -> bool:
    """Whether madmom's network files are installed."""
    return len(_files()) == NETWORKS


@lru_cache(maxsize=1)
def ensemble() -> Ensemble:
    """The networks, read once per process. Raises Unavailable where they aren't installed."""
    if not has_models():
        raise Unavailable(
            "detector_missing",
            "The beat detector madmom isn't installed here; install it or choose librosa.",
        )
    networks = [
        _Weights(io.BytesIO(path.read_bytes()), encoding="latin1").load() for path in _files()
    ]
    return Ensemble(
        layers=tuple(_layer([net.layers[i] for net in networks]) for i in range(_LAYERS)),
        weights=_stacked([net.layers[_LAYERS].weights for net in networks]),
        bias=_stacked([net.layers[_LAYERS].bias for net in networks]),
    )


def _files() -> list[Path]:
    found = importlib.util.find_spec("madmom")
    if found is None or found.origin is None:
        return []
    return sorted(
        (Path(found.origin).parent / "models/downbeats/2016").glob("downbeats_blstm_*.pkl")
    )


def _layer(layers: list[Any]) -> Layer:
    directed = [layer.fwd_layer for layer in layers] + [layer.bwd_layer for layer in layers]
    gates = [(lstm.input_gate, lstm.forget_gate, lstm.cell, lstm.output_gate) for lstm in directed]
    return Layer(
        inputs=_stacked([np.hstack([gate.weights for gate in four]) for four in gates]),
        bias=_stacked([np.hstack([gate.bias for gate in four]) for four in gates]),
        recurrent=_stacked(
            [np.hstack([gate.recurrent_weights for gate in four]) for four in gates]
        ),
        peepholes=_stacked(
            [
                [gate.peephole_weights for gate in four if gate.peephole_weights is not None]
                for four in gates
            ]
        ),
    )


def _stacked(arrays: list[Any]) -> Array:
    return np.ascontiguousarray(np.stack([np.asarray(array) for array in arrays]), dtype=np.float32)


class _Named:
    """Stands for any object of madmom: a bag of what was pickled with it."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


class _Weights(pickle.Unpickler):
    """Makes arrays and empty bags; any other name in a file is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] == "madmom":
            return _Named
        if (module, name) == ("numpy.core.multiarray", "_reconstruct"):
            return np._core.multiarray._reconstruct  # type: ignore[attr-defined]
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of weights")
