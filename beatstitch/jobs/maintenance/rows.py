"""The tidying itself. Everything here may be done twice."""

from datetime import timedelta

from beatstitch import queue
from beatstitch.db import base, sessions
from beatstitch.db.jobs import Job
from beatstitch.jobs.maintenance.args import Ticket
from beatstitch.settings import settings


def prepare(job: Job) -> Ticket:
    """Remove what is old, in batches; then fold the write-ahead log into the database."""
    now = queue.now().stamp()
    ticket = Ticket(
        jobs=queue.prune(now - timedelta(days=settings().keep_jobs_days)),
        tokens=sessions.prune(now),
    )
    base.checkpoint()
    return ticket


def settle(job: Job, ticket: Ticket, result: None) -> dict[str, object]:
    """What was removed is the job's result."""
    return {"jobs": ticket.jobs, "tokens": ticket.tokens}
