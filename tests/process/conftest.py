"""Both sets of walls, and eyes for what is left running."""

import uuid
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
        return [
            int(cmdline.parent.name)
            for cmdline in Path("/proc").glob("[0-9]*/cmdline")
            if self._carries(cmdline)
        ]

    def come_up(self) -> bool:
        return self._become(True)

    def are_gone(self) -> bool:
        return self._become(False)

    def _carries(self, cmdline: Path) -> bool:
        try:
            words = cmdline.read_bytes().split(b"\0")
        except OSError:
            return False
        return words[0].endswith(b"sleep") and self.mark.encode() in words

    def _become(self, wanted: bool) -> bool:
        until = monotonic() + WAIT_S
        while bool(self.pids()) != wanted and monotonic() < until:
            sleep(0.01)
        return bool(self.pids()) == wanted


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
