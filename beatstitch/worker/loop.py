"""The worker itself: one thread that waits for something to happen and does what is due."""

import logging
import random
import selectors
import shutil
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType

from beatstitch import queue
from beatstitch.db import base
from beatstitch.errors import InsufficientStorage, Unavailable
from beatstitch.queue import Instant, presence, wake
from beatstitch.queue.claim import next_run_at_ms
from beatstitch.queue.kind import Kind, Lane
from beatstitch.queue.lease import LEASE_MS, RENEW_EVERY_MS
from beatstitch.queue.presence import Tools
from beatstitch.systemd import Systemd
from beatstitch.worker.attempt import Attempt, Ground
from beatstitch.worker.brood import Brood
from beatstitch.worker.failpoint import failpoint
from beatstitch.worker.hands import Hands
from beatstitch.worker.rounds import Rounds

POLL_MS = 5_000
NEWS_EVERY_MS = 1_000
SLOW_ROUND_MS = LEASE_MS // 4
ABANDON_MS = 5_000  # for rows that can't be written when all is stopped; systemd waits 30 s in all
NEVER = float("inf")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Due:
    """When each regular thing is next to be done, by the boot clock in ms; 0 is at once."""

    look: float = 0
    poll: float = 0
    beat: float = 0
    news: float = 0
    slow_round: float = 0
    rows: float = 0  # nothing with rows before then: the database was out of reach
    leave: float = NEVER
    abandon: float = NEVER


class Worker:
    """Claims jobs of `ground.kinds` into `slots` and sees each attempt to its end."""

    def __init__(
        self,
        ground: Ground,
        slots: Mapping[Lane, int],
        *,
        grace_s: float = 20.0,
        log_level: str = "INFO",
        clock: Callable[[], Instant] = queue.now,
        rng: random.Random | None = None,
        tools: Tools | None = None,
    ) -> None:
        self._tools = tools or Tools()
        self.owner = presence.new_owner(self._tools.ffmpeg)
        self._ground = ground
        self._kinds = tuple(ground.kinds.values())
        self._slots = slots
        self._grace_s = grace_s
        self._log_level = log_level
        self._clock = clock
        self._rng = rng or random.SystemRandom()
        self._selector = selectors.DefaultSelector()
        self._due = _Due()
        self._rounds = Rounds(self.owner, self._kinds)
        self._seen_version: object = None
        self._has_knocked = False
        self._is_leaving = False
        self._systemd = Systemd()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; gives back when every attempt is concluded."""
        with ExitStack() as house:
            house.callback(self._selector.close)
            alive = presence.Presence(self.owner, self._tools)
            house.callback(alive.close)
            self._bell = wake.bell(self.owner)
            house.callback(self._bell.close)
            self._selector.register(self._bell, selectors.EVENT_READ)
            self._sweep_scratch()
            self._hands = Hands(
                self.owner, self._ground, self._rng, self._selector, self._new_brood
            )
            house.callback(lambda: self._hands.brood.close())
            house.enter_context(self._heard_signals())
            log.info("worker ready", extra={"owner": self.owner, "slots": dict(self._slots)})
            self._systemd.ready()
            wake.workers()  # so that peers listen for our death
            try:
                while not self._may_go():
                    self._turn()
            finally:
                if jobs := len(self._hands.attempts):
                    log.warning("jobs are left to others", extra={"jobs": jobs})
                    alive.drop()
        log.info("worker has left", extra={"owner": self.owner})

    def _turn(self) -> None:
        """Wait until something happens or is due, take it in, do what is due."""
        ready = self._selector.select(max(0.0, self._wait_ms() / 1000))
        at = self._clock()
        for key, _ in ready:
            if isinstance(key.data, Attempt):
                self._hands.hear(key.data, at)
            elif isinstance(key.fileobj, socket.socket):
                self._hear_signal(key.fileobj, at)
            elif isinstance(key.fileobj, Brood):
                self._hands.hear_ends(at)
            else:
                self._hear_bell()
        self._hands.check(at)
        if at.boot_ms >= self._due.leave:
            self._hands.stop_all(at)
            self._due.leave, self._due.abandon = NEVER, at.boot_ms + ABANDON_MS
        if at.boot_ms >= self._due.rows:
            try:
                self._do_what_is_due(at)
            except (Unavailable, InsufficientStorage) as trouble:
                log.warning("the database is out of reach: %s", trouble.message)
                # All that is due stays due, and would have the loop run hot.
                self._due.rows = at.boot_ms + NEWS_EVERY_MS
        self._systemd.alive(self._status())

    def _status(self) -> str:
        """What the worker is doing, in a line for the operator."""
        hands = (f"{self._hands.used(lane)} of {n} {lane} jobs" for lane, n in self._slots.items())
        return f"{'leaving' if self._is_leaving else 'working'}, {', '.join(hands)}"

    def _wait_ms(self) -> float:
        due = self._due
        moments = [due.poll, due.slow_round]
        if not self._is_leaving:
            moments.append(due.look)
        if self._hands.attempts:
            moments.append(due.news if self._hands.has_news() else due.beat)
        if self._hands.ended:
            moments.append(due.news)
        of_rows = max(due.rows, min(moments))
        soonest = min(of_rows, self._hands.next_check_ms(), due.leave, due.abandon)
        return soonest - self._clock().boot_ms

    def _may_go(self) -> bool:
        """Whether the worker has nothing left to see to, or can't see to it any longer."""
        is_given_up = self._clock().boot_ms >= self._due.abandon
        return self._is_leaving and (is_given_up or not self._hands.attempts)

    def _do_what_is_due(self, at: Instant) -> None:
        due = self._due
        if self._has_knocked:
            self._hands.stop_cancelled(at)
            self._has_knocked = False
        if self._hands.ended:
            due.news = at.boot_ms + NEWS_EVERY_MS  # when to try again, if this does not succeed
            self._hands.conclude(at)
            due.look = 0
        if at.boot_ms >= due.beat or (self._hands.has_news() and at.boot_ms >= due.news):
            self._hands.beat(at)
            due.beat, due.news = at.boot_ms + RENEW_EVERY_MS, at.boot_ms + NEWS_EVERY_MS
        if at.boot_ms >= due.poll:
            self._poll(at)
        if at.boot_ms >= due.slow_round:
            due.slow_round = at.boot_ms + SLOW_ROUND_MS
            self._rounds.go_slowly(at)
        if at.boot_ms >= due.look and not self._is_leaving:
            self._look(at)

    def _poll(self, at: Instant) -> None:
        """The safety net under lost knocks: look when the database has changed since last time."""
        self._due.poll = at.boot_ms + POLL_MS
        version = base.data_version()
        if version != self._seen_version:
            self._seen_version = version
            self._due.look = 0

    def _look(self, at: Instant) -> None:
        """Claim while there is a job and a free slot for it, then look after the house."""
        while free := self._free_kinds():
            claim = queue.claim(self.owner, free, at, self._tools.ffmpeg)
            if claim is None:
                break
            failpoint("claimed")
            self._hands.take(claim, at)
            at = self._clock()
        self._rounds.go(at)
        later_ms = next_run_at_ms(self._kinds, at)
        wait_ms = NEVER if later_ms is None else later_ms - at.wall_ms
        self._due.look = at.boot_ms + wait_ms

    def _free_kinds(self) -> list[Kind]:
        free = {lane for lane, slots in self._slots.items() if self._hands.used(lane) < slots}
        return [kind for kind in self._kinds if kind.lane in free]

    def _hear_bell(self) -> None:
        self._bell.hush()
        self._due.look = 0
        self._has_knocked = True

    def _hear_signal(self, signals: socket.socket, at: Instant) -> None:
        """The first signal lets jobs finish for a while, the second gives them back at once."""
        numbers = signals.recv(64)
        if not any(number in (signal.SIGTERM, signal.SIGINT) for number in numbers):
            return
        wait_s = 0 if self._is_leaving else self._grace_s
        self._due.leave = at.boot_ms + wait_s * 1000
        self._is_leaving = True
        self._systemd.leaving()
        log.info("worker leaves", extra={"jobs": len(self._hands.attempts), "within_s": wait_s})

    @contextmanager
    def _heard_signals(self) -> Iterator[None]:
        """Signals arrive as bytes on a socket that the selector watches."""
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = [signal.signal(number, _leave_to_the_loop) for number in numbers]
        fd_before = signal.set_wakeup_fd(theirs.fileno())
        self._selector.register(ours, selectors.EVENT_READ)
        try:
            yield
        finally:
            signal.set_wakeup_fd(fd_before)
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)
            self._selector.unregister(ours)
            ours.close()
            theirs.close()

    def _new_brood(self) -> Brood:
        return Brood(self._log_level, self._kinds)

    def _sweep_scratch(self) -> None:
        """Remove what dead workers left of their attempts."""
        alive = set(presence.living())
        root = self._ground.scratch
        root.mkdir(parents=True, exist_ok=True)
        for folder in root.iterdir():
            if folder.name not in alive:
                shutil.rmtree(folder, ignore_errors=True)


def _leave_to_the_loop(number: int, frame: FrameType | None) -> None:
    """Python calls this late; the loop has read the number from its socket."""
