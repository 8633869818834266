"""The right of one attempt to write on a job, for a while."""

from dataclasses import dataclass, replace

from peewee import Expression

from beatstitch.db.jobs import Job
from beatstitch.errors import BeatstitchError
from beatstitch.queue.clock import Instant

LEASE_MS = 30_000
RENEW_EVERY_MS = 5_000  # at most a third of a lease, or a late beat looks like a death
GIVE_UP_AFTER_MS = LEASE_MS * 2 // 3


@dataclass(frozen=True, slots=True)
class Lease:
    """Attempt `attempt` of the job is `owner`'s until `until_ms` of the boot clock."""

    job_id: str
    attempt: int
    owner: str
    until_ms: int

    def is_held(self) -> Expression:
        """What every write on the job asks first: that nobody else has claimed it since."""
        return (
            (Job.id == self.job_id)
            & (Job.attempt == self.attempt)
            & (Job.lease_owner == self.owner)
            & (Job.status == "running")
        )

    def left_ms(self, at: Instant) -> int:
        """How long the lease still runs; negative when it has ended."""
        return self.until_ms - at.boot_ms

    def renewed(self, at: Instant) -> "Lease":
        """The same lease, from this moment on."""
        return replace(self, until_ms=at.boot_ms + LEASE_MS)


class LeaseLost(BeatstitchError):
    """The job has been claimed again, taken away or removed since: nothing was written."""

    def __init__(self, lease: Lease) -> None:
        super().__init__(
            "lease_lost",
            f"Attempt {lease.attempt} no longer holds this job.",
            job_id=lease.job_id,
            attempt=lease.attempt,
            owner=lease.owner,
        )
