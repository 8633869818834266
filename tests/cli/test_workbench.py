"""What a run works with stays there until its end, whatever other runs do to the cache."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from beatstitch.cli.cache import Cache
from beatstitch.cli.gather import given
from beatstitch.cli.song import decode
from beatstitch.cli.workbench import Workbench
from beatstitch.errors import Conflict, MediaRejected, Unavailable
from beatstitch.jobs.beat_analysis import handler
from beatstitch.process.faults import ProcessKilled
from beatstitch.workspace import Workspace
from songs import Song

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

    assert small_cache.find(MADE) is None

    assert bench.run(read, Ticket((MADE,))) == "made"


def test_a_run_that_fails_leaves_the_cache_no_larger_than_it_may_be(small_cache: Cache) -> None:
    with (
        suppress(MediaRejected),
        small_cache.scratch() as scratch,
        Workbench(small_cache, scratch, 1) as bench,
    ):
        bench.run(write, Ticket())
        raise MediaRejected("corrupt_media", "It is broken.")

    assert small_cache.find(MADE) is None


@pytest.mark.parametrize("damage", [b"", b"mad", b"made?", b"MADE"])
def test_a_file_of_the_cache_that_was_changed_is_as_good_as_none(
    tmp_path: Path, damage: bytes
) -> None:
    cache = Cache(tmp_path / "cache", 1000)
    with cache.scratch() as scratch, Workbench(cache, scratch, 1) as earlier:
        earlier.run(write, Ticket())
    (tmp_path / "cache" / MADE).write_bytes(damage)

    with cache.scratch() as scratch, Workbench(cache, scratch, 1) as later:
        assert later.hold(MADE) is None
        later.run(write, Ticket())
        assert later.run(read, Ticket((MADE,))) == "made"

    assert cache.spoiled == {MADE}
    assert cache.find(MADE) is not None


@pytest.mark.parametrize("place", [MADE, f"{MADE}.sha256"])
def test_a_folder_in_the_place_of_a_file_of_the_cache_is_as_good_as_none(
    tmp_path: Path, place: str
) -> None:
    cache = Cache(tmp_path / "cache", 1000)
    with cache.scratch() as scratch, Workbench(cache, scratch, 1) as bench:
        bench.run(write, Ticket())
    (tmp_path / "cache" / place).unlink()
    (tmp_path / "cache" / place / "in it").mkdir(parents=True)

    with cache.scratch() as scratch, Workbench(cache, scratch, 1) as bench:
        assert bench.hold(MADE) is None
        bench.run(write, Ticket())

    assert cache.spoiled == {MADE}
    assert cache.find(MADE) is not None


def test_a_hash_in_the_cache_that_is_no_text_is_as_good_as_none(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", 1000)
    with cache.scratch() as scratch, Workbench(cache, scratch, 1) as bench:
        bench.run(write, Ticket())
    kept = cache.find(MADE)
    assert kept is not None
    kept.with_name(f"{kept.name}.sha256").write_bytes(b"\xff\xfe")

    assert cache.find(MADE) is None


@pytest.mark.parametrize("change", [lambda p: p.write_text("xxxxx"), Path.unlink])
@pytest.mark.parametrize("is_fault", [False, True])
def test_what_is_made_of_a_file_that_changes_meanwhile_is_not_kept(
    bench: Workbench, small_cache: Cache, tmp_path: Path,
    change: Callable[[Path], object], is_fault: bool,
) -> None:  # fmt: skip
    source = tmp_path / "beach.mp4"
    source.write_text("waves")

    def read_while_it_changes(ticket: Ticket, workspace: Workspace) -> None:
        change(workspace.fetch("given/1"))
        if is_fault:
            workspace.fetch("what is no input")
        write(ticket, workspace)

    with pytest.raises(Conflict, match=r"beach\.mp4 was changed, moved or removed while"):
        bench.run(read_while_it_changes, Ticket(("given/1",)), {"given/1": given(source)})

    assert small_cache.find(MADE) is None


def test_a_handler_whose_tool_was_killed_is_tried_once_more(bench: Workbench) -> None:
    tried = []

    def unlucky(ticket: Ticket, workspace: Workspace) -> None:
        tried.append(workspace.scratch)
        if len(tried) == 1:
            raise ProcessKilled
        write(ticket, workspace)

    bench.run(unlucky, Ticket())

    assert len(set(tried)) == 2
    assert bench.read(MADE) == b"made"


def test_what_was_made_again_takes_the_place_of_the_old(
    bench: Workbench, small_cache: Cache
) -> None:
    bench.keep_bytes(b"old", MADE)

    bench.keep_bytes(b"new", MADE)

    kept = small_cache.find(MADE)
    assert kept is not None
    assert kept.read_bytes() == bench.read(MADE) == b"new"


def test_a_cache_where_no_file_can_have_two_names_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(first: str, second: str) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", first, None, second)

    monkeypatch.setattr(os, "link", link)

    with pytest.raises(Unavailable, match=r"gives no file a second name\. Name another"):
        Cache(tmp_path / "usb", 1000)


def test_a_run_may_end_while_another_is_just_ending(
    small_cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [tmp_path / "cache" / "a", tmp_path / "cache" / "scratch" / "other"]
    for folder in folders:
        folder.mkdir()
    scan = os.scandir

    def scan_while_another_tidies(place: Path | str) -> object:
        if Path(place) in folders:
            Path(place).rmdir()
        return scan(place)

    monkeypatch.setattr(os, "scandir", scan_while_another_tidies)
    small_cache.prune()

    assert not folders[0].exists()


def test_a_run_that_begins_does_not_sweep_one_that_is_just_ending(
    small_cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidy = shutil.rmtree

    def tidy_when_another_has_begun(folder: Path) -> None:
        monkeypatch.setattr(shutil, "rmtree", tidy)
        with small_cache.scratch():
            tidy(folder)

    with small_cache.scratch() as scratch:
        monkeypatch.setattr(shutil, "rmtree", tidy_when_another_has_begun)

    assert not scratch.exists()


def test_a_run_that_begins_sweeps_nobody_who_is_at_work(
    bench: Workbench, small_cache: Cache
) -> None:
    with small_cache.scratch() as other:
        assert bench.scratch.is_dir()
        assert other.is_dir()

    assert bench.scratch.is_dir()
    assert not other.exists()


def test_a_song_is_decoded_once_however_its_beats_are_found(
    tmp_path: Path, short_song: Song, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, song = Cache(tmp_path / "cache", 10**9), given(short_song.path)
    with cache.scratch() as scratch, Workbench(cache, scratch, 1) as bench:
        first = decode(song, bench, lambda *_: None)

    monkeypatch.setattr(handler, "run", None)
    with cache.scratch() as scratch, Workbench(cache, scratch, 1) as bench:
        second = decode(song, bench, lambda *_: None)

    assert second == first
