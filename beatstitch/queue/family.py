"""A parent that waits for children, and what a child's end means to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from peewee import Case, ModelSelect, fn

from beatstitch.db import base
from beatstitch.db.jobs import LIVE, Job, JobWait
from beatstitch.errors import Cancelled, Conflict
from beatstitch.queue import order, wake
from beatstitch.queue.clock import Instant
from beatstitch.queue.kind import Kind
from beatstitch.queue.lease import Lease, LeaseLost
from beatstitch.queue.renew import CHILDREN_SHARE_PERCENT

MAX_FAN_OUTS = 5  # a part may be swept between its making and the join, but not each time


@dataclass(frozen=True, slots=True)
class Child:
    """A job that the parent needs done. With a `unique_key` it joins the same work under way."""

    kind: str
    args: Mapping[str, object]
    unique_key: str | None = None
    weight: int = 1


@dataclass(frozen=True, slots=True)
class FanOut:
    """What a parent's `prepare` gives instead of a ticket: children first, then prepare again.

    `done_weight` counts what needs no child any more (pieces that are cached). All weights are of
    one unit, for instance frames; progress is the share that is done. With a `fingerprint`, only
    workers whose FFmpeg has the same one make the children, and the parent of them.
    """

    children: Sequence[Child]
    done_weight: int = 0
    stage: str = "rendering"
    fingerprint: str | None = None


def fan_out(lease: Lease, wish: FanOut, kinds: Mapping[str, Kind], at: Instant) -> None:
    """Put the children into the queue and the parent to wait, in one transaction.

    Children take the parent's place in the order, in turns with those of others. Raises LeaseLost,
    Cancelled when somebody has asked the parent to stop, and Conflict for a parent whose parts go
    missing again and again.
    """
    if not wish.children:
        raise ValueError("a fan-out without children would wait for ever")
    with base.transaction():
        parent = Job.get_or_none(lease.is_held())
        if parent is None:
            raise LeaseLost(lease)
        if parent.cancel_requested:
            raise Cancelled("cancelled", "The job was cancelled.")
        if parent.fan_outs >= MAX_FAN_OUTS:
            raise Conflict("parts_missing", "Parts of this job were made and are missing again.")
        JobWait.delete().where(JobWait.parent == parent.id).execute()
        parent.fingerprint = wish.fingerprint
        first_ms = order.place_of_children(parent)
        ids = dict.fromkeys(
            _put(child, parent, kinds[child.kind], first_ms + i * order.SPACING_MS, at)
            for i, child in enumerate(wish.children)
        )
        JobWait.insert_many([{"parent": parent.id, "child": child} for child in ids]).execute()
        total = wish.done_weight + sum(child.weight for child in wish.children)
        Job.update(
            status="waiting",
            lease_owner=None,
            lease_boot=None,
            lease_until_ms=None,
            fan_outs=Job.fan_outs + 1,
            fingerprint=wish.fingerprint,
            stage=wish.stage,
            done_weight=wish.done_weight,
            total_weight=total,
            **_progress_columns(wish.done_weight, total, 0, len(ids)),
        ).where(lease.is_held()).execute()
        wake.workers()


def _put(child: Child, parent: Job, kind: Kind, due_ms: int, at: Instant) -> str:
    """Queue one child, or join the live job with its key, which then hurries as its first parent.

    Gives the id of the row.
    """
    existing = (
        Job.get_or_none((Job.unique_key == child.unique_key) & Job.status.in_(LIVE))
        if child.unique_key is not None
        else None
    )
    if existing is not None:
        later = (Job.id == existing.id) & (Job.due_ms > due_ms)
        Job.update(due_ms=due_ms).where(later).execute()
        return existing.id
    made = Job.create(
        kind=kind.name,
        args=kind.check(child.args),
        user_id=parent.user_id,
        project_id=parent.project_id,
        parent=parent.id,
        unique_key=child.unique_key,
        request_id=parent.request_id,
        fingerprint=parent.fingerprint,
        run_at_ms=0,
        due_ms=due_ms,
        max_attempts=kind.max_attempts,
        weight=child.weight,
        created_at=at.stamp(),
    )
    return made.id


def part_done(child_id: str) -> None:
    """A child is done: its parents come further, and those that wait for nothing else go on."""
    for parent in waiting_for(child_id):
        done, left, weight = _tally(parent.id)
        columns = _progress_columns(
            parent.done_weight + weight, parent.total_weight, done, done + left
        )
        if left == 0:
            columns |= {"status": "queued", "run_at_ms": 0}
            wake.workers()
        Job.update(columns).where((Job.id == parent.id) & (Job.status == "waiting")).execute()


def waiting_for(child_id: str) -> list[Job]:
    """The parents that wait for this child: their ids and weights. It is asked at every end of a
    job, and all columns would take four times as long to put into words."""
    return list(
        Job.select(Job.id, Job.done_weight, Job.total_weight)
        .join(JobWait, on=(JobWait.parent == Job.id))
        .where((JobWait.child == child_id) & (Job.status == "waiting"))
    )


def children_of_nobody_else(parent_id: str) -> "ModelSelect[JobWait]":
    """The children that only this parent asked for, among parents that have not ended."""
    other = Job.alias()
    shared = JobWait.alias()
    wanted_elsewhere = (
        shared.select(shared.child)
        .join(other, on=(shared.parent == other.id))
        .where((other.id != parent_id) & other.status.in_(LIVE))
    )
    return JobWait.select(JobWait.child).where(
        (JobWait.parent == parent_id) & JobWait.child.not_in(wanted_elsewhere)
    )


def _tally(parent_id: str) -> tuple[int, int, int]:
    """How many children are done, how many are not yet, and the weight of those that are."""
    done = Job.status == "complete"
    rows = (
        Job.select(
            fn.SUM(Case(None, [(done, 1)], 0)),
            fn.SUM(Case(None, [(Job.status.in_(LIVE), 1)], 0)),
            fn.SUM(Case(None, [(done, Job.weight)], 0)),
        )
        .join(JobWait, on=(JobWait.child == Job.id))
        .where(JobWait.parent == parent_id)
        .tuples()
    )
    ((complete, live, weight),) = cast(list[tuple[int | None, int | None, int | None]], list(rows))
    return int(complete or 0), int(live or 0), int(weight or 0)


def _progress_columns(done_weight: int, total: int, done: int, count: int) -> dict[str, object]:
    return {
        "progress_percent": CHILDREN_SHARE_PERCENT * done_weight // max(total, 1),
        "progress_message": f"{done} of {count} parts are done",
    }
