"""The wheel is whole: installed where nothing of ours is, it makes a film."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from footage import read_codes
from songs import Song

ROOT = Path(__file__).parents[2]


def _run(*argv: str | Path, cwd: Path, **environment: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "BEATSTITCH_"))}
    done = subprocess.run(
        [str(word) for word in argv],
        cwd=cwd,
        env=clean | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _files(package: Path) -> set[str]:
    """Every file of a package by its place in it; os.walk, for a folder may be a symbolic link."""
    return {
        str((Path(folder) / name).relative_to(package))
        for folder, _, names in os.walk(package, followlinks=True)
        for name in names
        if not name.endswith(".pyc")
    }


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a venv that holds our wheel and, by reference, what it depends on.

    The dependencies are those of this venv, lent by a .pth line: to install them again would take
    minutes and prove nothing about our wheel. Python doesn't follow .pth files in a folder that
    was itself named by one, so the editable install beside them stays out of sight.
    """
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    for name in ("beatstitch", "migrations"):
        shutil.copytree(ROOT / name, tree / name, symlinks=True)
    for name in ("pyproject.toml", "setup.cfg", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    _run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, tree),
        cwd=folder,
    )
    _run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    (wheel,) = folder.glob("*.whl")
    _run(python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel, cwd=folder)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "venv")}))
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


def test_the_installed_package_is_the_one_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    where = _run(
        installed / "python", "-c", "import beatstitch; print(beatstitch.__file__)", cwd=tmp_path
    )

    assert Path(where).is_relative_to(installed.parent)


def test_the_wheel_leaves_nothing_out(installed: Path) -> None:
    package = (
        Path(sysconfig.get_path("purelib", vars={"base": str(installed.parent)})) / "beatstitch"
    )

    assert _files(package) == _files(ROOT / "beatstitch")


def test_the_installed_command_makes_a_film(
    installed: Path, short_song: Song, photos: tuple[Path, ...], tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"

    _run(
        *(installed / "beatstitch", "make", short_song.path, *photos[:2], "-o", film),
        *("--size", "320x180", "--detector", "librosa", "--bpm", "120"),
        cwd=tmp_path,
        XDG_CACHE_HOME=str(tmp_path / "cache"),
    )

    seen = {code.clip_id for code in read_codes(film) if code is not None}
    assert seen == {11, 12}
