"""The databases and the dice of this room's tests."""

import random

import pytest

from databases import any_database as database

__all__ = ["database"]


@pytest.fixture
def rng() -> random.Random:
    """Dice that fall the same way each time."""
    return random.Random(1)  # noqa: S311 - no secret hangs on it
