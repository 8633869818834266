"""An attempt whose lease can't be renewed ends itself in time, before anybody else may claim it.

Time is an argument here: the far side of the seam is a nursery that only remembers signals.
"""

import selectors
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from beatstitch.queue.lease import GIVE_UP_AFTER_MS, LEASE_MS
from beatstitch.storage import LocalStorage
from beatstitch.worker.attempt import KILL_AFTER_MS, Attempt, Ground
from beatstitch.worker.brood import Brood
from beatstitch.worker.hands import Hands
from moments import DICE, KINDS, PROBE, after, claimed, submitted


class Nursery:
    """Remembers which signals it was to send."""

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair()
        self.signals: list[int] = []

    def fileno(self) -> int:
        """For the selector."""
        return self._ours.fileno()

    def signal(self, name: str, number: int) -> None:
        """What the worker asks for."""
        self.signals.append(number)

    def close(self) -> None:
        """Both ends."""
        self._ours.close()
        self._theirs.close()


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def hands(database: Path, nursery: Nursery, tmp_path: Path) -> Iterator[Hands]:
    """A worker's hands with one attempt in them, begun at START."""
    selector = selectors.DefaultSelector()
    ground = Ground(LocalStorage(tmp_path), tmp_path / "attempts", KINDS)
    hands = Hands("worker-1", ground, DICE, selector, lambda: cast(Brood, nursery))
    submitted(PROBE)
    claim = claimed()
    channel, child = socket.socketpair()
    hands.attempts["one"] = Attempt(
        claim=claim,
        kind=PROBE,
        rows=PROBE.module("rows"),
        ticket=None,
        folder=tmp_path / "one",
        channel=channel,
        lease=claim.lease,
        began_ms=after(0).boot_ms,
        time_limit_s=3600,
        heard_ms=after(0).boot_ms,
    )
    yield hands
    channel.close()
    child.close()
    selector.close()


def test_an_attempt_whose_lease_is_renewed_goes_on(hands: Hands, nursery: Nursery) -> None:
    for seconds in range(0, 50, 5):
        hands.beat(after(seconds))
        hands.check(after(seconds + 4))

    assert nursery.signals == []
    assert hands.attempts["one"].ending is None


def test_an_attempt_that_can_not_be_renewed_is_ended_with_a_third_of_its_lease_left(
    hands: Hands, nursery: Nursery
) -> None:
    last = GIVE_UP_AFTER_MS / 1000

    hands.check(after(last - 0.001))
    before = list(nursery.signals)
    wakes_at = hands.next_check_ms()
    hands.check(after(last))
    hands.check(after(last + KILL_AFTER_MS / 1000))

    assert before == []
    assert wakes_at == after(last).boot_ms
    assert hands.attempts["one"].ending == "lost"
    assert nursery.signals == [signal.SIGTERM, signal.SIGKILL]
    assert last + KILL_AFTER_MS / 1000 < LEASE_MS / 1000
