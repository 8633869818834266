"""What a worker does for the house: jobs of the dead, the hour's work, failures told to rows."""

import logging
import threading
from collections.abc import Collection
from dataclasses import dataclass, field

from beatstitch import queue
from beatstitch.db import base
from beatstitch.db.jobs import Job
from beatstitch.errors import Unavailable
from beatstitch.queue import Instant, Kind, presence, wake
from beatstitch.queue.stranded import Strandings
from beatstitch.worker.conclude import settle_failures

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Rounds:
    """The rounds of one worker, which hears of the death of its peers."""

    owner: str
    kinds: Collection[Kind]
    _peers: set[str] = field(default_factory=set)
    _strangers: queue.Watch = field(default_factory=queue.Watch)
    _strandings: Strandings = field(default_factory=Strandings)

    def go(self, at: Instant) -> None:
        """Take back the jobs of dead peers, and tell rows of jobs that failed."""
        for owner in presence.dead():
            _said(queue.reap_owner(owner, at), "worker dead")
            presence.bury(owner)
        settle_failures(self.kinds)

    def go_slowly(self, at: Instant) -> None:
        """What may wait for seconds: leases that ended, the hour's work, new peers to listen to."""
        _said(queue.reap_expired(at, self._strangers), "lease ended")
        for job in self._strandings.end(at):
            log.warning(
                "nobody comes for this job", extra={"job_id": job.id, "code": job.error_code}
            )
        for name in queue.submit_recurring(self.kinds, at):
            log.info("recurring job queued", extra={"job_kind": name})
        for peer in set(presence.nearby()) - self._peers - {self.owner}:
            self._peers.add(peer)
            threading.Thread(target=_listen, args=(peer,), daemon=True, name=f"peer {peer}").start()


def _listen(peer: str) -> None:
    presence.wait_for_death(peer)
    try:
        wake.workers()
    except Unavailable:
        log.warning("nobody could be told that a worker has died; its leases will end")
    finally:
        base.disconnect()


def _said(jobs: list[Job], why: str) -> None:
    for job in jobs:
        log.warning("job taken back: %s", why, extra={"job_id": job.id, "status": job.status})
