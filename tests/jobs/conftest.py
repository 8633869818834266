"""A workspace for handlers, as the worker or the command line would give them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from beatstitch.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Callable[..., Workspace]:
    """Makes a workspace over inputs by key."""

    def make(**inputs: Path) -> Workspace:
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        return Workspace(scratch, inputs, lambda *_: None)

    return make
