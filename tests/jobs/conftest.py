"""A workspace for handlers, as the worker or the command line would give them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from beatstitch.workspace import Workspace


@pytest.fixture
def reports() -> list[tuple[int, str, str]]:
    """What handlers have said of their progress."""
    return []


@pytest.fixture
def workspace(tmp_path: Path, reports: list[tuple[int, str, str]]) -> Callable[..., Workspace]:
    """Makes a workspace over inputs by key."""

    def make(**inputs: Path) -> Workspace:
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        return Workspace(scratch, inputs, lambda *said: reports.append(said))

    return make
