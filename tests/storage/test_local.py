"""The storage in a folder: what a full disk, a crash and another file system do to it."""

import subprocess
import sys
from pathlib import Path

import pytest

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
