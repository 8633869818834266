"""A database server that restarts, or throws everybody out, under a worker at work."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from beatstitch.db import jobs
from beatstitch.errors import Unavailable
from cable import Cable
from daemons import House, opened, wait_for
from postgres import Cluster


@pytest.fixture
def house(server: Cluster, tmp_path: Path) -> Iterator[House]:
    """An empty house on PostgreSQL."""
    house = House(tmp_path, server.new(is_empty=True))
    yield from opened(house)
    server.drop(house.url)


def _holding(house: House, mark: Path) -> str:
    """A job that runs until the mark says "go"; gives its id."""
    job = house.submit("naughty", trick="wait_for_mark", mark=str(mark))
    wait_for(lambda: mark.exists() and mark.read_text().strip() != "")
    return job.id


@pytest.mark.parametrize("way", ["restart", "cut"])
def test_a_job_outlives_what_befalls_the_database(
    house: House, server: Cluster, tmp_path: Path, way: str
) -> None:
    worker = house.worker()
    running = jobs.by_id(_holding(house, tmp_path / "mark"))

    if way == "cut":
        assert server.cut(house.url) >= 3  # ours, the worker's, and what it listens on
    else:
        with server.away():
            pass
    (tmp_path / "mark").write_text("go")
    ended = house.ended(running)
    after = house.ended(house.submit(text="after"))

    assert (ended.status, ended.attempt, ended.faults) == ("complete", 1, 0)
    assert house.said(running) == ["wait_for_mark"]
    assert after.status == "complete"
    assert worker.poll() is None


@pytest.fixture
def cable(server: Cluster) -> Iterator[Cable]:
    """The only way to the server, for who takes it."""
    folder = Path(tempfile.mkdtemp(prefix="cable"))  # short, as the address of a socket has to be
    cable = Cable(folder / ".s.PGSQL.5432", server.folder / ".s.PGSQL.5432")
    yield cable
    cable.close()
    folder.rmdir()


def test_a_job_outlives_a_cable_that_was_pulled(
    server: Cluster, cable: Cable, tmp_path: Path
) -> None:
    straight = server.new(is_empty=True)
    house = House(tmp_path, server.url(straight.partition("@/")[2].partition("?")[0], cable.end))
    for there in opened(house):
        there.worker()
        running = jobs.by_id(_holding(there, tmp_path / "mark"))
        wait_for(lambda: cable.connections >= 3)  # ours, the worker's, and what it listens on

        with cable.pulled(), pytest.raises(Unavailable):
            there.submit(text="meanwhile")
        (tmp_path / "mark").write_text("go")
        ended = there.ended(running)
        after = there.ended(there.submit(text="after"))

        assert (ended.status, ended.attempt, ended.faults) == ("complete", 1, 0)
        assert after.status == "complete"
        assert jobs.count() == 2
    server.drop(straight)


def test_who_asks_while_it_is_away_is_told_so_and_loses_nothing(
    house: House, server: Cluster
) -> None:
    house.worker()
    before = house.ended(house.submit(text="before"))

    with server.away(), pytest.raises(Unavailable):
        house.submit(text="meanwhile")
    after = house.ended(house.submit(text="after"))

    assert [before.status, after.status] == ["complete", "complete"]
    assert jobs.count() == 2
