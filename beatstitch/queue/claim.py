"""The worker's side: take the next job that one may have."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from peewee import Expression, ModelAlias, ModelSelect, fn

from beatstitch.db import base
from beatstitch.db.jobs import Job
from beatstitch.queue.clock import Instant
from beatstitch.queue.kind import Kind
from beatstitch.queue.lease import LEASE_MS, Lease


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that is ours, and the lease that says so."""

    job: Job
    lease: Lease


def claim(
    owner: str, kinds: Collection[Kind], at: Instant, fingerprint: str | None = None
) -> Claim | None:
    """Take the job of these kinds that is due first, or None when nothing may be taken now.

    A worker names only the kinds that it knows and has a free slot for, and the `fingerprint` of
    its FFmpeg: jobs that need another one are not for it.
    """
    shares = {kind.name: kind.per_user for kind in kinds if kind.per_user is not None}
    ready = _ready(kinds, at, fingerprint, shares)
    # An UPDATE that matches nothing would still take the write lock, and most looks find nothing.
    if not ready.exists():
        return None
    if base.is_shared():
        # What another worker is just taking is not waited for, but passed over.
        ready = ready.for_update(skip_locked=True)
    taken = (
        Job.update(
            status="running",
            attempt=Job.attempt + 1,
            lease_owner=owner,
            lease_boot=at.boot_id,
            lease_until_ms=at.boot_ms + LEASE_MS,
            started_at=fn.COALESCE(Job.started_at, at.wall_ms),
        )
        .where((Job.id == ready) & (Job.status == "queued"))
        .returning(Job)
    )
    # Who counts a user's jobs has to count alone; all else is true of each row by itself. A claim
    # that a power cut undoes leaves a queued job, which the boot would have made of it too.
    with base.passing_write(counts=bool(shares)):
        claimed: list[Job] = list(taken.execute())
    if not claimed:
        return None
    (job,) = claimed
    return Claim(job, Lease(job.id, job.attempt, owner, at.boot_ms + LEASE_MS))


def next_run_at_ms(kinds: Collection[Kind], at: Instant) -> int | None:
    """The wall time at which a job that waits for its retry may run, or None."""
    later = (Job.status == "queued") & Job.kind.in_(_names(kinds)) & (Job.run_at_ms > at.wall_ms)
    earliest: int | None = Job.select(fn.MIN(Job.run_at_ms)).where(later).scalar()
    return earliest


def _ready(
    kinds: Collection[Kind], at: Instant, fingerprint: str | None, shares: Mapping[str, int]
) -> "ModelSelect[Job]":
    ready = Job.alias()
    wanted = (
        (ready.status == "queued") & ready.kind.in_(_names(kinds)) & (ready.run_at_ms <= at.wall_ms)
    )
    fits = ready.fingerprint.is_null()
    wanted &= fits if fingerprint is None else fits | (ready.fingerprint == fingerprint)
    if shares:
        wanted &= _is_within_share(ready, list(shares), min(shares.values()))
    return ready.select(ready.id).where(wanted).order_by(ready.due_ms, ready.id).limit(1)


def _is_within_share(ready: "ModelAlias[Job]", kinds: list[str], share: int) -> Expression:
    """That the job's user has fewer than `share` jobs of these kinds under way.

    A job that has fanned out before has its place already and only comes back to join.
    """
    other = Job.alias()
    has_begun = other.status.in_(("running", "waiting")) | (
        (other.status == "queued") & (other.fan_outs > 0)
    )
    under_way = other.select(fn.COUNT(other.id)).where(
        (other.user_id == ready.user_id) & other.kind.in_(kinds) & has_begun
    )
    within: Expression = (
        ready.kind.not_in(kinds)
        | ready.user_id.is_null()
        | (ready.fan_outs > 0)
        | (under_way < share)
    )
    return within


def _names(kinds: Collection[Kind]) -> list[str]:
    return [kind.name for kind in kinds]
