"""A deployment of the test's own, whose processes are there to be killed, starved and held up."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemons import house
from servers import Deployment, deployed

__all__ = ["house", "place"]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    """Settings and a data folder; no process yet."""
    with deployed(tmp_path / "here") as deployment:
        yield deployment
