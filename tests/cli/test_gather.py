"""Which files of a folder are meant, and in which order."""

import subprocess
from pathlib import Path

from beatstitch.cli.gather import files


def test_the_files_of_folders_come_in_the_order_in_which_a_person_reads(tmp_path: Path) -> None:
    names = ("IMG_10.jpg", "IMG_9.jpg", "img_9.jpg", "day 2/1.jpg", "Day 10/1.jpg", "day 2/.x.jpg")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    found = files((tmp_path / "IMG_9.jpg", tmp_path))

    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        "IMG_9.jpg",
        "day 2/1.jpg",
        "Day 10/1.jpg",
        "img_9.jpg",
        "IMG_10.jpg",
    ]


def test_digits_that_make_no_number_are_letters(tmp_path: Path) -> None:
    names = ["5²10.jpg", "5²9.jpg", "٣.jpg"]
    for name in names:
        (tmp_path / name).touch()

    assert {path.name for path in files((tmp_path,))} == set(names)


def test_folders_may_be_nested_as_deep_as_the_system_takes(tmp_path: Path) -> None:
    # By programs, for Python's own ways of making and removing them call themselves for each.
    deepest = tmp_path / "/".join("d" * 1200)
    subprocess.run(["mkdir", "-p", deepest], check=True)
    (deepest / "photo.jpg").touch()

    try:
        assert files((tmp_path,)) == (deepest / "photo.jpg",)
    finally:
        subprocess.run(["rm", "-r", tmp_path / "d"], check=True)
