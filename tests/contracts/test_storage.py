"""The promises of the storage, on every backend."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from beatstitch.errors import NotFound
from beatstitch.storage import LocalStorage, Storage

BACKENDS: dict[str, Callable[[Path], Storage]] = {
    "local": lambda folder: LocalStorage(folder / "store"),
}


@pytest.fixture(params=BACKENDS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return BACKENDS[request.param](tmp_path)


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "made.bin"
    path.write_bytes(content)
    return path


def test_what_was_put_is_fetched_and_opened(storage: Storage, tmp_path: Path) -> None:
    storage.put(_file(tmp_path, b"film"), "outputs/p1/final/o1.mp4")

    assert storage.fetch("outputs/p1/final/o1.mp4").read_bytes() == b"film"
    with storage.open("outputs/p1/final/o1.mp4") as stream:
        stream.seek(2)
        assert stream.read() == b"lm"


def test_put_takes_the_file(storage: Storage, tmp_path: Path) -> None:
    path = _file(tmp_path, b"film")

    storage.put(path, "a/b.mp4")

    assert not path.exists()


def test_putting_again_replaces(storage: Storage, tmp_path: Path) -> None:
    storage.put(_file(tmp_path, b"first"), "a/b")

    storage.put(_file(tmp_path, b"second"), "a/b")

    assert storage.fetch("a/b").read_bytes() == b"second"


def test_a_stamp_stays_until_somebody_writes(storage: Storage, tmp_path: Path) -> None:
    storage.put(_file(tmp_path, b"first"), "a/b")
    stamp = storage.stamp("a/b")
    storage.link("a/b", "a/c")
    assert storage.stamp("a/b") == stamp

    storage.put(_file(tmp_path, b"other"), "a/b")

    assert storage.stamp("a/b") != stamp


@pytest.mark.parametrize("verb", ["fetch", "open", "stamp"])
def test_a_key_without_a_file_is_not_found(storage: Storage, verb: str) -> None:
    with pytest.raises(NotFound):
        getattr(storage, verb)("uploads/none.jpg")


def test_deleting_twice_is_no_error(storage: Storage, tmp_path: Path) -> None:
    storage.put(_file(tmp_path, b"x"), "a/b")

    storage.delete("a/b")
    storage.delete("a/b")

    with pytest.raises(NotFound):
        storage.fetch("a/b")


def test_who_has_a_file_open_reads_on_after_its_deletion(storage: Storage, tmp_path: Path) -> None:
    storage.put(_file(tmp_path, b"film"), "a/b")

    with storage.open("a/b") as stream:
        storage.delete("a/b")

        assert stream.read() == b"film"


def test_list_shows_what_lies_under_a_folder_and_no_more(storage: Storage, tmp_path: Path) -> None:
    for key in ("uploads/p1/a.jpg", "uploads/p1/deep/b.jpg", "uploads/p10/c.jpg"):
        storage.put(_file(tmp_path, b"12345"), key)

    listed = {(stored.key, stored.size_bytes) for stored in storage.list("uploads/p1")}

    assert listed == {("uploads/p1/a.jpg", 5), ("uploads/p1/deep/b.jpg", 5)}
    assert list(storage.list("derived")) == []


def test_a_link_lives_on_when_its_source_goes(storage: Storage, tmp_path: Path) -> None:
    storage.put(_file(tmp_path, b"film"), "a/source")

    storage.link("a/source", "b/copy")
    storage.link("a/source", "b/copy")
    storage.delete("a/source")

    assert storage.fetch("b/copy").read_bytes() == b"film"
    assert [stored.key for stored in storage.list("b")] == ["b/copy"]


def test_linking_what_is_not_there_is_not_found(storage: Storage) -> None:
    with pytest.raises(NotFound):
        storage.link("a/none", "b/copy")


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "../x", "a/../b", "a//b", ".hidden", "a/.b", "a b", "a\\b", "a/"],
)
def test_what_is_no_key_is_refused_by_every_verb(
    storage: Storage, tmp_path: Path, key: str
) -> None:
    for attempt in (
        lambda: storage.put(_file(tmp_path, b"x"), key),
        lambda: storage.fetch(key),
        lambda: storage.open(key),
        lambda: storage.delete(key),
        lambda: list(storage.list(key)),
        lambda: storage.link("a/b", key),
    ):
        with pytest.raises((ValueError, NotFound)):
            attempt()
    assert not (tmp_path / "x").exists()


def test_what_came_under_a_key_since_a_moment_is_not_deleted_by_it(
    storage: Storage, tmp_path: Path
) -> None:
    storage.put(_file(tmp_path, b"x"), "a/b")
    (file,) = storage.list("a")

    storage.delete("a/b", stored_before=file.stored_at)
    assert storage.fetch("a/b").exists()
    storage.delete("a/b", stored_before=file.stored_at + timedelta(seconds=1))

    assert list(storage.list("a")) == []


def test_a_link_is_as_young_as_its_making(storage: Storage, tmp_path: Path) -> None:
    storage.put(_file(tmp_path, b"x"), "a/old")
    os.utime(storage.fetch("a/old"), (0, 0))
    before = datetime.now(UTC) - timedelta(seconds=1)

    storage.link("a/old", "b/new")

    (file,) = storage.list("b")
    assert file.stored_at > before


def test_folders_are_the_names_right_below(storage: Storage, tmp_path: Path) -> None:
    for key in ("uploads/p1/a.jpg", "uploads/p1/deep/b.jpg", "uploads/p2/c.jpg", "uploads/d.jpg"):
        storage.put(_file(tmp_path, b"12345"), key)

    assert set(storage.folders("uploads")) == {"p1", "p2"}
    assert list(storage.folders("derived")) == []


def test_tidying_touches_nothing_that_has_a_key(storage: Storage, tmp_path: Path) -> None:
    storage.put(_file(tmp_path, b"x"), "a/b")

    assert storage.tidy("a", datetime.now(UTC) + timedelta(days=1)) == 0
    assert storage.fetch("a/b").exists()
