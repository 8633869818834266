"""What a run works with stays there until its end, whatever other runs do to the cache."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from beatstitch.cli.cache import Cache
from beatstitch.cli.workbench import Workbench
from beatstitch.workspace import Workspace

MADE = "a/made.txt"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Names what a handler reads."""

    inputs: tuple[str, ...] = ()


@pytest.fixture
def small_cache(tmp_path: Path) -> Cache:
    """A cache in which nothing stays."""
    return Cache(tmp_path / "cache", 0)


@pytest.fixture
def bench(small_cache: Cache) -> Iterator[Workbench]:
    """A run on that cache."""
    with small_cache.scratch() as scratch, Workbench(small_cache, scratch, 2) as bench:
        yield bench


def write(_: Ticket, workspace: Workspace) -> None:
    """A handler that makes a file."""
    path = workspace.scratch / "made.txt"
    path.write_text("made")
    workspace.keep(path, MADE)


def read(_: Ticket, workspace: Workspace) -> str:
    """A handler that reads it."""
    return workspace.fetch(MADE).read_text()


def test_what_a_run_made_is_there_though_another_run_prunes(
    bench: Workbench, small_cache: Cache
) -> None:
    bench.run(write, Ticket())

    small_cache.prune()

    assert small_cache.find(MADE) is None
    assert bench.run(read, Ticket((MADE,))) == "made"


def test_what_a_run_found_is_there_though_another_run_prunes(
    bench: Workbench, small_cache: Cache
) -> None:
    with small_cache.scratch() as scratch, Workbench(small_cache, scratch, 1) as earlier:
        earlier.run(write, Ticket())
    assert bench.hold(MADE)

    small_cache.prune()

    assert bench.run(read, Ticket((MADE,))) == "made"


def test_what_was_made_again_takes_the_place_of_the_old(
    bench: Workbench, small_cache: Cache
) -> None:
    bench.keep_bytes(b"old", MADE)

    bench.keep_bytes(b"new", MADE)

    kept = small_cache.find(MADE)
    assert kept is not None
    assert kept.read_bytes() == bench.read(MADE) == b"new"


def test_a_run_that_begins_sweeps_nobody_who_is_at_work(
    bench: Workbench, small_cache: Cache
) -> None:
    with small_cache.scratch() as other:
        assert bench.scratch.is_dir()
        assert other.is_dir()

    assert bench.scratch.is_dir()
    assert not other.exists()
