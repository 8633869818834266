"""What systemd hears of a server and a worker that it starts with Type=notify and WatchdogSec=."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from beatstitch.systemd import Systemd
from daemons import House, wait_for
from servers import deployed


class Manager:
    """The far side: a socket like systemd's, and what was said to it."""

    def __init__(self, address: Path) -> None:
        self.address = str(address)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address)
        self.socket.setblocking(False)
        self.words: list[str] = []

    def has_heard(self, words: str) -> bool:
        """Whether this was ever said."""
        while True:
            try:
                self.words += self.socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return words in self.words


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.socket.close()


def test_a_worker_says_when_it_is_ready_that_it_lives_and_that_it_leaves(
    house: House, manager: Manager
) -> None:
    worker = house.worker({"NOTIFY_SOCKET": manager.address})

    wait_for(lambda: manager.has_heard("READY=1"))
    wait_for(lambda: manager.has_heard("STATUS=working, 0 of 2 light jobs, 0 of 2 heavy jobs"))
    worker.send_signal(signal.SIGTERM)
    worker.wait(20)

    assert manager.has_heard("STOPPING=1")
    first = manager.words.index("READY=1")
    assert first < manager.words.index("WATCHDOG=1") < manager.words.index("STOPPING=1")


def test_a_worker_that_is_not_asked_tells_nobody(house: House) -> None:
    house.worker()

    assert house.ended(house.submit()).status == "complete"


def test_a_manager_that_has_gone_does_not_stop_the_worker(house: House, tmp_path: Path) -> None:
    house.worker({"NOTIFY_SOCKET": str(tmp_path / "nobody")})

    assert house.ended(house.submit()).status == "complete"


def test_a_server_says_the_same(manager: Manager, tmp_path: Path) -> None:
    with deployed(tmp_path / "here", NOTIFY_SOCKET=manager.address) as place:
        server = place.serve()
        wait_for(lambda: manager.has_heard("READY=1"))
        wait_for(lambda: manager.has_heard("WATCHDOG=1"))
        server.send_signal(signal.SIGTERM)
        server.wait(20)

    assert manager.has_heard("STOPPING=1")


def test_a_name_without_a_place_in_the_file_system_is_understood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        there.bind("\0beatstitch-test-notify")
        monkeypatch.setenv("NOTIFY_SOCKET", "@beatstitch-test-notify")

        Systemd().ready()

        assert there.recv(100) == b"READY=1"


def test_a_loop_that_turns_quickly_does_not_flood(manager: Manager) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NOTIFY_SOCKET", manager.address)
        systemd = Systemd()

    for _ in range(1000):
        systemd.alive("working")
    manager.has_heard("")

    assert len([word for word in manager.words if word == "WATCHDOG=1"]) < 100
