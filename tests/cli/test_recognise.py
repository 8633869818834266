"""A source is read once, and again as soon as it may be another."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from beatstitch.cli import recognise
from beatstitch.cli.cache import Cache
from beatstitch.cli.recognise import SETTLED_NS, recognised
from beatstitch.cli.workbench import Workbench
from beatstitch.errors import Conflict, NotFound


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """A bench over an empty cache."""
    cache = Cache(tmp_path / "cache", 10**9)
    with cache.scratch() as scratch, Workbench(cache, scratch, 1) as bench:
        yield bench


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file that was just written."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"one")
    return path


def later() -> int:
    """A while after everything that the test wrote."""
    return time.time_ns() + 2 * SETTLED_NS


def is_read(path: Path, bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the file is read to be recognised."""
    read: list[Path] = []
    take = recognise.given

    def given(path: Path) -> object:
        read.append(path)
        return take(path)

    monkeypatch.setattr(recognise, "given", given)
    recognised(path, bench, later)
    return bool(read)


def test_a_file_that_is_as_it_was_is_not_read_again(
    source: Path, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = recognised(source, bench, later)

    assert not is_read(source, bench, monkeypatch)
    assert recognised(source, bench, later) == first


def test_a_file_that_was_changed_is_read_though_its_size_and_time_were_set_back(
    source: Path, bench: Workbench
) -> None:
    first, then = recognised(source, bench, later), source.stat()

    source.write_bytes(b"two")
    os.utime(source, ns=(then.st_atime_ns, then.st_mtime_ns))
    # The kernel's clock has ticks of milliseconds, which a test can be within.
    while source.stat().st_ctime_ns == then.st_ctime_ns:
        os.utime(source, ns=(then.st_atime_ns, then.st_mtime_ns))

    assert recognised(source, bench, later).sha256 != first.sha256


def test_a_file_that_was_touched_just_before_is_read_again_the_next_time(
    source: Path, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognised(source, bench, lambda: source.stat().st_mtime_ns + SETTLED_NS)

    assert is_read(source, bench, monkeypatch)


def test_another_file_in_its_place_is_read(
    source: Path, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognised(source, bench, later)
    other = source.with_name("other")
    other.write_bytes(b"two")
    other.replace(source)

    assert is_read(source, bench, monkeypatch)


def test_a_file_that_vanishes_while_it_is_read_is_what_was_read(
    source: Path, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = recognise.given

    def given(path: Path) -> object:
        read = take(path)
        path.unlink()
        return read

    monkeypatch.setattr(recognise, "given", given)

    file = recognised(source, bench, later)

    with pytest.raises(Conflict, match=r"clip\.mp4 was changed, moved or removed"):
        file.require_same()


def test_a_file_that_is_gone_is_named(source: Path, bench: Workbench) -> None:
    recognised(source, bench, later)
    source.unlink()

    with pytest.raises(NotFound, match=r"clip\.mp4"):
        recognised(source, bench, later)
