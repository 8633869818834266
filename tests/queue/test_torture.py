"""The short form of `tests/torture/claimers.py kills`, which is run long by hand."""

import random
from pathlib import Path

from torture.claimers import kills


def test_random_kills_and_freezes_lose_nothing_and_accept_nothing_twice(
    database: str, tmp_path: Path
) -> None:
    toll = kills(database, tmp_path, jobs=120, claimers=4, dice=random.Random(5))  # noqa: S311

    assert toll.kills + toll.freezes >= 5
    assert (toll.lost, toll.twice) == (0, 0)
    assert toll.again >= 1
