"""The attempts that this worker has in hand: begun, heard, kept alive, stopped, concluded."""

import logging
import random
import selectors
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from beatstitch import logs, queue
from beatstitch.db import base
from beatstitch.db.jobs import Job
from beatstitch.errors import BeatstitchError, Cancelled
from beatstitch.queue import Claim, Instant, LeaseLost
from beatstitch.queue.kind import Lane
from beatstitch.worker.attempt import Attempt, Ending, Ground, begin, ids
from beatstitch.worker.brood import Brood
from beatstitch.worker.conclude import conclude, fail, fault_of, stop
from beatstitch.worker.failpoint import failpoint

KILLED = -9
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Hands:
    """The attempts in hand, by name, and those whose child has ended but not been concluded.

    `new_brood` makes a nursery; it is called again when one dies, which takes all children along.
    """

    owner: str
    ground: Ground
    rng: random.Random
    selector: selectors.BaseSelector
    new_brood: Callable[[], Brood]
    brood: Brood = field(init=False)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.brood = self.new_brood()
        self.selector.register(self.brood, selectors.EVENT_READ)

    def used(self, lane: Lane) -> int:
        """How many slots of the lane are taken."""
        return sum(attempt.kind.lane == lane for attempt in self.attempts.values())

    def take(self, claim: Claim, at: Instant) -> None:
        """Begin the attempt that was claimed; whatever goes wrong on the way is the job's fault."""
        with logs.bind(**ids(claim)):
            log.info("job claimed", extra={"attempt": claim.lease.attempt})
            try:
                attempt = begin(claim, self.ground, self.brood, at)
            except LeaseLost:
                log.warning("the job was claimed again before it began")
            except Cancelled:
                stop(claim, at)
            except BeatstitchError as fault:
                fail(claim, fault_of(fault), at, self.rng, [])
            except Exception as fault:
                log.exception("the job cannot be prepared")
                fail(claim, fault_of(fault), at, self.rng, [])
            else:
                if attempt is not None:
                    self.attempts[attempt.name] = attempt
                    self.selector.register(attempt.channel, selectors.EVENT_READ, attempt)
                    failpoint("begun")

    def hear(self, attempt: Attempt, at: Instant) -> None:
        """Take in what a child has said."""
        try:
            attempt.hear(at)
        except EOFError:  # its end follows by way of the nursery
            self._listen_no_more(attempt)

    def hear_ends(self, at: Instant) -> None:
        """Take in which children have ended."""
        try:
            for end in self.brood.ends():
                self._has_ended(self.attempts[end.name], end.code, at)
        except EOFError:
            log.error("the nursery has died, and every child with it; starting another")
            self.selector.unregister(self.brood)
            self.brood.close()
            for name in self.attempts.keys() - self.ended.keys():
                self._has_ended(self.attempts[name], KILLED, at)
            self.brood = self.new_brood()
            self.selector.register(self.brood, selectors.EVENT_READ)

    def _has_ended(self, attempt: Attempt, code: int, at: Instant) -> None:
        self.hear(attempt, at)
        self._listen_no_more(attempt)
        self.ended[attempt.name] = code

    def _listen_no_more(self, attempt: Attempt) -> None:
        if attempt.channel in self.selector.get_map():
            self.selector.unregister(attempt.channel)

    def conclude(self, at: Instant) -> bool:
        """Write what ended attempts come to; whether there were any.

        Raises Unavailable while the database is locked: then the rest is still to be done.
        """
        names = list(self.ended)
        for name in names:
            attempt = self.attempts[name]
            with logs.bind(**attempt.ids()):
                conclude(attempt, self.ended[name], self.ground, at, self.rng)
            del self.ended[name], self.attempts[name]
            attempt.sweep()
        return bool(names)

    def check(self, at: Instant) -> None:
        """Stop what has taken too long, and kill what has not stopped."""
        for attempt in self._at_work():
            if attempt.ending is None and (why := attempt.check(at)) is not None:
                self._end(attempt, why, at)
            attempt.kill_late(self.brood, at)

    def next_check_ms(self) -> float:
        """The moment of the boot clock at which `check` has something to do."""
        return min((a.next_check_ms() for a in self._at_work()), default=float("inf"))

    def has_news(self) -> bool:
        """Whether some progress is not in its row yet."""
        return any(attempt.unwritten() is not None for attempt in self._at_work())

    def beat(self, at: Instant) -> None:
        """Renew all leases in one transaction, with progress and log; stop what has lost its own.

        Raises Unavailable while the database is locked.
        """
        if not self.attempts:
            return
        with base.passing_write():
            beaten = [(attempt, self._renewed(attempt, at)) for attempt in self.attempts.values()]
        for attempt, why in beaten:
            if why != "lost":
                attempt.lease = attempt.lease.renewed(at)
                attempt.written = attempt.progress
                attempt.lines.clear()
            if why is not None:
                self._end(attempt, why, at)

    def _renewed(self, attempt: Attempt, at: Instant) -> Ending | None:
        progress = attempt.unwritten()
        try:
            _, is_cancelled = queue.renew(
                attempt.lease, at, progress, is_joining=attempt.is_joining()
            )
        except LeaseLost:
            return "lost"
        queue.note(attempt.lease, attempt.lines)
        return "cancel" if is_cancelled else None

    def stop_cancelled(self, at: Instant) -> None:
        """Stop what somebody has just cancelled."""
        if not self.attempts:
            return
        ours = (Job.lease_owner == self.owner) & (Job.status == "running") & Job.cancel_requested
        cancelled = {row.id for row in Job.select(Job.id).where(ours)}
        for attempt in self._at_work():
            if attempt.claim.job.id in cancelled:
                self._end(attempt, "cancel", at)

    def stop_all(self, at: Instant) -> None:
        """Stop everything, to be given back."""
        for attempt in self._at_work():
            self._end(attempt, "leave", at)

    def _end(self, attempt: Attempt, why: Ending, at: Instant) -> None:
        if attempt.ending is None and attempt.name not in self.ended:
            with logs.bind(**attempt.ids()):
                log.info("stopping the attempt", extra={"why": why})
            attempt.end(why, self.brood, at)

    def _at_work(self) -> Iterable[Attempt]:
        return [a for name, a in self.attempts.items() if name not in self.ended]
