"""Requests that stay: an answer that waits for a job's end, and a stream of its progress.

Each holds a thread of the server, so together they may hold half of them and three a user; beyond
that, who only waits is answered at once, and who wants a stream is told to come back.
"""

import hashlib
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from flask import Response, current_app

from beatstitch.db import base, jobs
from beatstitch.db.jobs import ENDED, Job
from beatstitch.errors import NotFound, Unavailable
from beatstitch.web.problems import RETRY_AFTER_S
from beatstitch.web.shapes.jobs import JobShown

POLL_S = 0.2
HEARTBEAT_S = 15.0
LIFETIME_S = 600.0
PER_USER = 3
DEFAULT_SEATS = 4
EXTENSION = "beatstitch.seats"
UNSEEN = timedelta(seconds=10)
"""An end is stamped before it is committed, by another clock perhaps: so long ago is looked at."""
MOST_TOLD = 200
"""So many live jobs, and so many ends, are told at a time."""


class Seats:
    """How many requests may stay at a time."""

    def __init__(self, count: int, per_user: int = PER_USER) -> None:
        self._count = count
        self._per_user = per_user
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.closing = threading.Event()

    def take(self, user_id: str) -> bool:
        """Sit down; False when there is no seat."""
        with self._lock:
            full = self._taken.total() >= self._count or self._taken[user_id] >= self._per_user
            if full or self.closing.is_set():
                return False
            self._taken[user_id] += 1
            return True

    def leave(self, user_id: str) -> None:
        """Stand up again."""
        with self._lock:
            self._taken[user_id] -= 1


def seats() -> Seats:
    """The seats of the app in hand."""
    here: Seats = current_app.extensions[EXTENSION]
    return here


def until_end(job: Job, user_id: str, wait_s: float) -> Job:
    """The job as it is at its end, or after `wait_s`, or at once when every seat is taken."""
    if job.status in ENDED:
        return job
    until(lambda: jobs.by_id(job.id).status in ENDED, user_id, wait_s)
    return jobs.by_id(job.id)


def until(is_so: Callable[[], bool], user_id: str, wait_s: float) -> None:
    """Come back when something in the database has become so, or after `wait_s`, or at once when
    every seat is taken."""
    room = seats()
    if wait_s <= 0 or not room.take(user_id):
        return
    try:
        for _ in _changes(room, time.monotonic() + wait_s):
            if is_so():
                return
    finally:
        room.leave(user_id)


def stream(job: Job, user_id: str, last_seen: str | None) -> Response:
    """The job's progress as Server-Sent Events, from now to its end or LIFETIME_S.

    Every event is the whole job, and its id a hash of it, so a client that reconnects and has seen
    it already is not told again. Raises Unavailable when every seat is taken.
    """
    return _seated(user_id, lambda room: _events(room, job.id, last_seen))


def stream_of_user(user_id: str, last_seen: str | None) -> Response:
    """The progress of all jobs of a user as Server-Sent Events, for LIFETIME_S.

    It begins with the jobs that have not ended and, for a client that comes back, those that have
    ended since the event it saw last: an end is told once at least. Raises Unavailable when every
    seat is taken.
    """
    return _seated(user_id, lambda room: _events_of_user(room, user_id, last_seen))


def _seated(user_id: str, events: Callable[[Seats], Iterator[str]]) -> Response:
    room = seats()
    if not room.take(user_id):
        raise Unavailable(
            "too_many_streams",
            "Too many streams are open; close one, or ask with ?wait= instead.",
            retry_after_seconds=RETRY_AFTER_S,
        )
    response = Response(events(room), mimetype="text/event-stream")
    # Not in the generator: one that was never begun doesn't run to its finally.
    response.call_on_close(lambda: room.leave(user_id))
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _events_of_user(room: Seats, user_id: str, last_seen: str | None) -> Iterator[str]:
    yield "retry: 2000\n\n"
    told: dict[str, str] = {}
    since = _moment(last_seen)
    for is_news in _changes(room, time.monotonic() + LIFETIME_S, beats=True):
        now = base.utc_now()
        news = []
        for job in jobs.live_or_ended_since(user_id, since - UNSEEN, MOST_TOLD):
            said = JobShown.of(job).model_dump_json()
            if told.get(job.id) != said:
                told[job.id] = said
                news.append(("end" if job.status in ENDED else "progress", said))
        # Only the last event of a batch moves the place from where a client that was cut off in
        # the middle of it goes on.
        for place, (kind, said) in enumerate(news, 1):
            seen = now if place == len(news) else since
            yield f"event: {kind}\nid: {int(seen.timestamp() * 1000)}\ndata: {said}\n\n"
        if not news and not is_news:
            yield ": still here\n\n"
        since = now


def _moment(last_seen: str | None) -> datetime:
    """The moment that an event's id names, or now for what is none of ours."""
    now = base.utc_now()
    if last_seen is None or not re.fullmatch(r"\d{13}", last_seen):
        return now
    return min(now, datetime.fromtimestamp(int(last_seen) / 1000, UTC))


def _events(room: Seats, job_id: str, last_seen: str | None) -> Iterator[str]:
    yield "retry: 2000\n\n"  # at once, so that the client knows it is connected
    for is_news in _changes(room, time.monotonic() + LIFETIME_S, beats=True):
        try:
            job = jobs.by_id(job_id)
        except NotFound:  # cleaned away
            return
        said = JobShown.of(job).model_dump_json()
        tag = hashlib.sha256(said.encode()).hexdigest()[:16]
        if tag != last_seen:
            kind = "end" if job.status in ENDED else "progress"
            yield f"event: {kind}\nid: {tag}\ndata: {said}\n\n"
        elif not is_news:
            yield ": still here\n\n"
        last_seen = tag
        if job.status in ENDED:
            return


def _changes(room: Seats, deadline: float, *, beats: bool = False) -> Iterator[bool]:
    """True now and whenever the database has changed, until the deadline or the server's end.

    A server that is ending still says how things stand to whom it has let in.
    With `beats` also False every HEARTBEAT_S, so that a dead connection is noticed by writing.
    """
    seen, last_at = None, 0.0
    while True:
        version, now_s = base.data_version(), time.monotonic()
        if version != seen or (beats and now_s - last_at > HEARTBEAT_S):
            is_news = version != seen
            seen, last_at = version, now_s
            yield is_news
        if room.closing.wait(POLL_S) or time.monotonic() >= deadline:
            return
