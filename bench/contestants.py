"""The queues that `bench/queues.py` sets side by side, each as a process meets it."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from beatstitch import queue
from beatstitch.db import base, schema
from beatstitch.db.jobs import Job
from beatstitch.errors import Unavailable
from beatstitch.queue import Kind, Lease, LeaseLost, presence
from postgres import cluster

NOOP = Kind("noop", "toys.echo", "interactive", "light", 20, 1_000_000)


class Contestant(Protocol):
    """A queue as it is met by a process: a job is a number."""

    def enter(self) -> None:
        """Be at home in this process."""

    def leave(self) -> None:
        """Close what is open here."""

    def fill(self, jobs: int) -> None:
        """Ask for the jobs 0 to `jobs`."""

    def put(self, number: int) -> None:
        """Ask for a job; it has been asked for when this comes back."""

    def take(self) -> tuple[int, Any] | None:
        """The next job and what completes it, or None."""

    def done(self, taken: Any) -> None:
        """The job is complete."""

    def left(self) -> int:
        """How many jobs are still to be taken, by what the queue itself says."""


class Ours:
    """BeatStitch's queue, on either database."""

    def __init__(self, url: str, place: Path) -> None:
        self._url, self._place = url, place
        base.connect(url, place)
        schema.upgrade()
        base.disconnect()

    def enter(self) -> None:
        """Connect, and be seen."""
        base.connect(self._url, self._place)
        self._owner = presence.new_owner()
        self._here = presence.Presence(self._owner)
        self._next_reap_s = 0.0

    def leave(self) -> None:
        """Disconnect."""
        self._here.close()
        base.disconnect()

    def fill(self, jobs: int) -> None:
        """Submit them together."""
        with base.transaction():
            for number in range(jobs):
                self.put(number)

    def put(self, number: int) -> None:
        """Submit."""
        queue.submit(NOOP, {"text": str(number)}, at=queue.now())

    def take(self) -> tuple[int, Lease] | None:
        """Claim; now and then look after those who died, as every worker does."""
        try:
            if time.monotonic() > self._next_reap_s:
                self._next_reap_s = time.monotonic() + 0.25
                for dead in presence.dead():
                    queue.reap_owner(dead, queue.now())
                    presence.bury(dead)
            claim = queue.claim(self._owner, (NOOP,), queue.now())
        except Unavailable:
            return None
        return None if claim is None else (int(str(claim.job.args["text"])), claim.lease)

    def done(self, taken: Lease) -> None:
        """Finish."""
        try:
            queue.finish(taken, None, queue.now())
        except (LeaseLost, Unavailable):
            return

    def left(self) -> int:
        """What is not complete."""
        return int(Job.select().where(Job.status.in_(("queued", "running"))).count())


class Huey:
    """SqliteHuey as it comes: taking a job deletes it, and there is no record of its end."""

    def __init__(self, folder: Path) -> None:
        self._file = str(folder / "huey.db")

    def enter(self) -> None:
        """Open the file."""
        self._storage = import_module("huey").SqliteHuey(filename=self._file).storage

    def leave(self) -> None:
        """Close it."""
        self._storage.close()

    def fill(self, jobs: int) -> None:
        """All at once, by its own statement."""
        rows = [(self._storage.name, str(number).encode(), 0) for number in range(jobs)]
        with self._storage.db(commit=True) as cursor:
            cursor.executemany("insert into task (queue, data, priority) values (?, ?, ?)", rows)

    def put(self, number: int) -> None:
        """Enqueue; a writer may be told that the file is locked, and has to try again."""
        while not _got_through(lambda: self._storage.enqueue(str(number).encode()) or True):
            time.sleep(0)

    def take(self) -> tuple[int, None] | None:
        """Dequeue."""
        data = _got_through(self._storage.dequeue)
        return None if data is None else (int(bytes(data)), None)

    def done(self, taken: None) -> None:
        """Nothing is to be said."""

    def left(self) -> int:
        """The size of its queue."""
        return int(self._storage.queue_size())


class Lite:
    """litequeue as it comes: a taken job is locked, and nothing unlocks what nobody finished."""

    def __init__(self, folder: Path) -> None:
        self._file = str(folder / "litequeue.db")

    def enter(self) -> None:
        """Open the file."""
        self._queue = import_module("litequeue").LiteQueue(self._file)

    def leave(self) -> None:
        """Close it."""
        self._queue.close()

    def fill(self, jobs: int) -> None:
        """All at once."""
        with self._queue.transaction():
            for number in range(jobs):
                self.put(number)

    def put(self, number: int) -> None:
        """Put; a writer may be told that the file is locked, and has to try again."""
        while not _got_through(lambda: self._queue.put(str(number))):
            time.sleep(0)

    def take(self) -> tuple[int, str] | None:
        """Pop."""
        message = _got_through(self._queue.pop)
        return None if message is None else (int(message.data), message.message_id)

    def done(self, taken: str) -> None:
        """Done."""
        _got_through(lambda: self._queue.done(taken))

    def left(self) -> int:
        """What is ready."""
        return 0 if self._queue.peek() is None else 1 + int(self._queue.qsize())


def _got_through(act: Callable[[], Any]) -> Any:
    """What the act gives, or None when the file was locked for all of sqlite3's patience."""
    try:
        return act()
    except sqlite3.OperationalError:
        return None


def contestants(house: ExitStack) -> Iterator[tuple[str, Callable[[Path], Contestant]]]:
    """Each with the name that the table calls it by; the server lives as long as `house`."""
    yield "ours, SQLite", lambda folder: Ours(f"sqlite:///{folder}/x.db", folder)
    server = house.enter_context(cluster(is_durable=True))
    yield "ours, PostgreSQL", lambda folder: Ours(server.new(is_empty=True), folder)
    yield "SqliteHuey", Huey
    yield "litequeue", Lite
