"""Where a new job stands in the queue: its virtual deadline.

The natural place is the time of asking plus the band's step. From there, users take turns. The jobs
of one user stand SPACING_MS apart, and whoever comes new begins beside the job that others are
served next, not behind all that they have asked for. So two users' films go on side by side,
however many chunks each has and however late the queue is, and the order of claims stays one range
of an index.
"""

from peewee import Expression

from beatstitch.db.jobs import Job
from beatstitch.queue.kind import BATCH_STEP_MS, Kind

SPACING_MS = 10_000
"""About what a chunk takes on a slow machine. The chunks of the longest film, some 900, still lie
within the step between the bands."""


def place(kind: Kind, user_id: str | None, asked_ms: int) -> int:
    """The due time of a job asked for by itself at this wall time."""
    natural_ms = kind.due_ms(asked_ms)
    if user_id is None:
        return natural_ms
    alike = (Job.status == "queued") & (Job.kind == kind.name) & Job.parent.is_null()
    return _beside(alike, user_id, natural_ms)


def place_of_children(parent: Job) -> int:
    """The due time of the first child that this parent fans out; the next stand SPACING_MS apart.

    It is the parent's own, but for turns with other parents of its kind.
    """
    if parent.user_id is None:
        return parent.due_ms
    other = Job.alias()
    parents = other.select(other.id).where(
        (other.kind == parent.kind) & (other.status == "waiting") & (other.id != parent.id)
    )
    return _beside(
        (Job.status == "queued") & Job.parent.in_(parents), parent.user_id, parent.due_ms
    )


def _beside(alike: Expression, user_id: str, natural_ms: int) -> int:
    """Beside what stands first of others' jobs, behind what stands last of one's own.

    What a clock ahead of its time has put far away is nobody's measure.
    """
    near = alike & (Job.due_ms < natural_ms + BATCH_STEP_MS)
    of_others = Job.select(Job.due_ms).where(near & (Job.user_id != user_id))
    own = Job.select(Job.due_ms).where(near & (Job.user_id == user_id))
    next_ms: int | None = of_others.order_by(Job.due_ms).limit(1).scalar()
    last_ms: int | None = own.order_by(Job.due_ms.desc()).limit(1).scalar()
    place_ms = natural_ms if next_ms is None else min(natural_ms, next_ms)
    return place_ms if last_ms is None else max(place_ms, last_ms + SPACING_MS)
