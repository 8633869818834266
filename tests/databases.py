"""Databases for tests: a real SQLite file each, empty or with its tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from beatstitch.db import base, schema


@pytest.fixture
def empty_database(tmp_path: Path) -> Iterator[Path]:
    """The process is connected to a new file without tables; gives the file."""
    file = tmp_path / "data" / "beatstitch.db"
    base.connect(f"sqlite:///{file}")
    yield file
    base.disconnect()


@pytest.fixture
def database(empty_database: Path) -> Path:
    """The process is connected to a new database with its tables; gives the file."""
    schema.upgrade()
    return empty_database
