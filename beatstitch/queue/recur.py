"""Jobs that come back by the clock: one for each slot of time, whichever worker sees it first."""

from collections.abc import Iterable

from beatstitch.db import base
from beatstitch.db.jobs import Recurring
from beatstitch.errors import Conflict
from beatstitch.queue.clock import Instant
from beatstitch.queue.kind import Kind
from beatstitch.queue.submit import submit


def submit_recurring(kinds: Iterable[Kind], at: Instant) -> list[str]:
    """Queue what has come due since its last slot; gives the names. A missed slot is not made up.

    The slot is taken in the transaction of the insert: a unique key alone would let the slot's
    job in again after it has ended.
    """
    queued = []
    for kind in kinds:
        if kind.every_s is None:
            continue
        slot = at.wall_ms // (kind.every_s * 1000)
        if _is_taken(kind.name, slot):
            continue
        with base.transaction():
            if _take(kind.name, slot) and _submit(kind, at):
                queued.append(kind.name)
    return queued


def _is_taken(name: str, slot: int) -> bool:
    this = (Recurring.name == name) & (Recurring.last_slot == slot)
    return Recurring.select().where(this).exists()


def _take(name: str, slot: int) -> bool:
    # Any other slot counts, not only a later one: after the clock was set back, work goes on.
    taken = (
        Recurring.insert(name=name, last_slot=slot)
        .on_conflict(
            conflict_target=[Recurring.name],
            update={Recurring.last_slot: slot},
            where=Recurring.last_slot != slot,
        )
        .returning(Recurring.name)
    )
    return bool(list(taken.execute()))


def _submit(kind: Kind, at: Instant) -> bool:
    try:
        submit(kind, {}, at=at, unique_key=f"recurring:{kind.name}")
    except Conflict:  # the last one still runs: this slot is its
        return False
    return True
