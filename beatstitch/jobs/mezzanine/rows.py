"""The rows around a mezzanine: it is kept with the parts of the project's films."""

from pydantic import TypeAdapter

from beatstitch.db import chunks
from beatstitch.db.jobs import Job
from beatstitch.documents import read
from beatstitch.inventory.sources import require_unchanged
from beatstitch.jobs.mezzanine.args import Args, Made
from beatstitch.render.mezzanine import MezzanineOrder
from beatstitch.storage.configured import configured

_ARGS: TypeAdapter[Args] = TypeAdapter(Args)


def prepare(job: Job) -> MezzanineOrder:
    """The order, as it was placed. Raises Conflict when the clip's file has been written to."""
    order = _args(job).order
    require_unchanged(order.shown)
    return order


def settle(job: Job, ticket: MezzanineOrder, result: Made) -> None:
    """The chunks that wait for it can be made from it. Raises Conflict, and keeps nothing, when it
    may be of something else."""
    require_unchanged(ticket.shown)
    chunks.keep(
        _args(job).project_id,
        ticket.name,
        ticket.key,
        result.size_bytes,
        result.sha256,
        configured().stamp(ticket.key),
    )


def _args(job: Job) -> Args:
    return read(_ARGS, job.args, "bad_job_args")
