"""The storage in a folder: what a full disk, a crash and another file system do to it."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from beatstitch.errors import NotFound
from beatstitch.storage import LocalStorage

MEMORY_DISK = Path("/dev/shm")  # noqa: S108 - a file system of its own on every Linux


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "store")


def test_a_file_from_another_file_system_is_copied_whole(
    storage: LocalStorage, tmp_path: Path
) -> None:
    shm = MEMORY_DISK / f"beatstitch-test-{tmp_path.name}"
    shm.write_bytes(b"film" * 1000)

    storage.put(shm, "a/b")

    assert storage.fetch("a/b").read_bytes() == b"film" * 1000
    assert not shm.exists()


def test_new_folders_are_on_the_disk_before_the_file_has_its_name(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_the_disk: list[Path] = []

    def sync(descriptor: int) -> None:
        on_the_disk.append(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr("os.fsync", sync)
    arriving = tmp_path / "arriving"
    arriving.write_bytes(b"song")
    root = storage.root

    storage.put(arriving, "uploads/p/song.wav")
    first, on_the_disk[:] = list(on_the_disk), []
    storage.link("uploads/p/song.wav", "uploads/p/again.wav")

    assert first == [tmp_path, root, root / "uploads", arriving, root / "uploads/p"]
    assert on_the_disk == [root / "uploads/p"]


def test_a_folder_in_the_place_of_a_file_is_no_file_and_gives_way(
    storage: LocalStorage, tmp_path: Path
) -> None:
    place = storage.root / "derived/p/chunk.mp4"
    (place / "inner").mkdir(parents=True)
    (place / "inner/left.txt").write_text("somebody's")
    made = tmp_path / "made"
    made.write_bytes(b"chunk")

    with pytest.raises(NotFound):
        storage.open("derived/p/chunk.mp4")
    storage.delete("derived/p/chunk.mp4")
    storage.put(made, "derived/p/chunk.mp4")

    assert storage.fetch("derived/p/chunk.mp4").read_bytes() == b"chunk"
    (left,) = [file.key for file in storage.list("derived/p") if file.key.endswith("left.txt")]
    assert storage.fetch(left).read_bytes() == b"somebody's"


def test_a_full_disk_is_said_so_and_leaves_nothing(tmp_path: Path) -> None:
    shm = MEMORY_DISK / f"beatstitch-test-full-{tmp_path.name}"
    shm.write_bytes(b"0" * 200_000)
    attempt = f"""
import resource
from pathlib import Path
from beatstitch.errors import InsufficientStorage
from beatstitch.storage import LocalStorage
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    LocalStorage(Path({str(tmp_path / "store")!r})).put(Path({str(shm)!r}), "a/b")
except InsufficientStorage as full:
    raise SystemExit(full.code)
"""

    ran = subprocess.run([sys.executable, "-c", attempt], capture_output=True, text=True)

    shm.unlink()
    assert ran.stderr.strip() == "disk_full"
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


def test_what_a_crash_left_unfinished_is_not_listed(storage: LocalStorage, tmp_path: Path) -> None:
    (tmp_path / "store" / "a").mkdir(parents=True)
    (tmp_path / "store" / "a" / ".unfinished-1").write_bytes(b"half")

    assert list(storage.list("a")) == []


def test_folders_go_when_they_have_been_empty_for_long(
    storage: LocalStorage, tmp_path: Path
) -> None:
    for key in ("derived/gone/chunks/ab/c", "derived/full/a"):
        (tmp_path / "made").write_bytes(b"x")
        storage.put(tmp_path / "made", key)
    storage.delete("derived/gone/chunks/ab/c")
    now = datetime.now(UTC)

    for before in (now - timedelta(hours=1), now + timedelta(hours=1)):
        left = set(storage.folders("derived"))
        storage.tidy("derived/gone", before)
        storage.tidy("derived/full", before)

    assert left == {"gone", "full"}
    assert set(storage.folders("derived")) == {"full"}
    assert storage.fetch("derived/full/a").exists()


@pytest.mark.parametrize("verb", ["put", "link"])
def test_a_folder_that_is_tidied_away_before_a_file_lies_in_it_is_made_anew(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    (tmp_path / "made").write_bytes(b"film")
    storage.put(tmp_path / "made", "a/film")
    (tmp_path / "next").write_bytes(b"film")
    name = {"put": "_move", "link": "_link"}[verb]
    bring: Callable[[Path, Path], None] = getattr(storage, name)
    tidied: list[int] = []

    def after_a_sweep(path: Path, target: Path) -> None:
        if not tidied:
            tidied.append(storage.tidy("b", datetime.now(UTC) + timedelta(hours=1)))
        bring(path, target)

    monkeypatch.setattr(storage, name, after_a_sweep)

    if verb == "put":
        storage.put(tmp_path / "next", "b/deep/film")
    else:
        storage.link("a/film", "b/deep/film")

    assert tidied == [0]
    assert storage.fetch("b/deep/film").read_bytes() == b"film"
