"""Databases for tests, empty or with their tables: a SQLite file each, or one of PostgreSQL's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from beatstitch.db import base, schema
from postgres import Cluster, cluster

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    """A PostgreSQL server for the whole session."""
    with cluster() as running:
        yield running


@pytest.fixture
def empty_database(tmp_path: Path) -> Iterator[Path]:
    """The process is connected to a new SQLite file without tables; gives the file."""
    file = tmp_path / "data" / "beatstitch.db"
    base.connect(f"sqlite:///{file}")
    yield file
    base.disconnect()


@pytest.fixture
def database(empty_database: Path) -> Path:
    """The process is connected to a new SQLite database with its tables; gives the file."""
    schema.upgrade()
    return empty_database


@pytest.fixture(params=BOTH)
def any_empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The process is connected to a new database without tables, of either kind; gives its URL."""
    yield from _connected(request, tmp_path, is_empty=True)


@pytest.fixture(params=BOTH)
def any_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The process is connected to a new database with its tables, of either kind; gives its URL."""
    yield from _connected(request, tmp_path, is_empty=False)


def _connected(request: pytest.FixtureRequest, folder: Path, *, is_empty: bool) -> Iterator[str]:
    if request.param == "sqlite":
        url = f"sqlite:///{folder}/data/beatstitch.db"
        base.connect(url)
        if not is_empty:
            schema.upgrade()
        yield url
        base.disconnect()
        return
    running: Cluster = request.getfixturevalue("server")
    url = running.new(is_empty=is_empty)
    base.connect(url, folder)
    yield url
    base.disconnect()
    running.drop(url)
