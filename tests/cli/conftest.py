"""Running the command line as a person does: a process of its own, with a cache of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from running import Run, Said

# A suite that a shell runs in the background ignores SIGINT, one under nohup SIGHUP, and so would
# its children.
LISTENS_TO_CTRL_C = ("env", "--default-signal=INT,HUP")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """The cache of the test's commands."""
    return tmp_path / "cache"


@pytest.fixture
def command(cache: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `beatstitch` with arguments, in a folder of the test's own unless one is named."""

    started: list[subprocess.Popen[str]] = []

    def start(
        *arguments: str | Path, folder: Path = tmp_path, **environment: str
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*LISTENS_TO_CTRL_C, sys.executable, "-m", "beatstitch", *map(str, arguments)],
            cwd=folder,
            env={**os.environ, "BEATSTITCH_CACHE": str(cache), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.kill()


@pytest.fixture
def beatstitch(command: Callable[..., subprocess.Popen[str]]) -> Run:
    """Runs `beatstitch` with arguments to its end."""

    def run(*arguments: str | Path, **options: str | Path) -> Said:
        process = command(*arguments, **options)
        out, err = process.communicate(timeout=300)
        return Said(process.returncode, out, err)

    return run
