"""Both sets of walls, and eyes for what is left running."""

import uuid
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

from beatstitch.process import Mode, sandbox

WAIT_S = 10


class Marked:
    """Processes that carry a mark in their command line, wherever they run."""

    def __init__(self) -> None:
        self.mark = f"{uuid.uuid4().int % 10**9 + 10**9}.5"
        """A number of seconds for `sleep`, like no other."""

    def pids(self) -> list[int]:
        """Who carries the mark, launchers and daemons on their way to `sleep` included."""
        return [
            int(cmdline.parent.name)
            for cmdline in Path("/proc").glob("[0-9]*/cmdline")
            if self.mark.encode() in self._words(cmdline)
        ]

    def come_up(self) -> bool:
        """Wait until the `sleep` itself runs."""
        return self._comes_true(lambda: any(self._is_sleep(pid) for pid in self.pids()))

    def are_gone(self) -> bool:
        """Wait until nobody carries the mark."""
        return self._comes_true(lambda: not self.pids())

    def _is_sleep(self, pid: int) -> bool:
        return self._words(Path(f"/proc/{pid}/cmdline"))[0].endswith(b"sleep")

    def _words(self, cmdline: Path) -> list[bytes]:
        try:
            return cmdline.read_bytes().split(b"\0")
        except OSError:
            return [b""]

    def _comes_true(self, condition: Callable[[], bool]) -> bool:
        until = monotonic() + WAIT_S
        while not (is_true := condition()) and monotonic() < until:
            sleep(0.01)
        return is_true


@pytest.fixture
def marked() -> Marked:
    return Marked()


@pytest.fixture(params=["bubblewrap", "degraded"])
def walls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Mode:
    """Each of the two modes in turn; bubblewrap only where it works."""
    mode: Mode = request.param
    if mode == "bubblewrap" and sandbox() != "bubblewrap":
        pytest.skip("bubblewrap does not work here")
    monkeypatch.setattr("beatstitch.process.door.sandbox", lambda: mode)
    return mode


@pytest.fixture
def bubble() -> None:
    """For what only the sandbox can do."""
    if sandbox() != "bubblewrap":
        pytest.skip("bubblewrap does not work here")
