"""The tidying itself. Everything here may be done twice."""

import random
from dataclasses import asdict
from datetime import timedelta

from beatstitch import queue
from beatstitch.db import audit, base, kept_answers, sessions
from beatstitch.db.jobs import Job
from beatstitch.inventory import age, incoming, partial, sweep
from beatstitch.jobs.maintenance.args import Ticket
from beatstitch.settings import settings
from beatstitch.storage.configured import configured

SWEEP_S = 2.0
"""The worker's one thread looks through the files itself, and its leases wait meanwhile. The order
is a new one each hour, so that in a large deployment all projects have their turn in the end."""


def prepare(job: Job) -> Ticket:
    """Remove what is old, in batches; then fold the write-ahead log into the database."""
    now = queue.now().stamp()
    here = settings()
    storage = configured()
    projects = sweep.projects(storage)
    random.SystemRandom().shuffle(projects)
    ticket = Ticket(
        jobs=queue.prune(now - timedelta(days=here.keep_jobs_days)),
        tokens=sessions.prune(now),
        deeds=audit.prune(now - timedelta(days=here.keep_audit_days)),
        answers=kept_answers.prune(now),
        uploads=incoming.sweep(now) + partial.sweep(now),
        aged=age.expire(storage, now, age.promise(now)),
        swept=sweep.sweep(storage, projects, now - sweep.LEFT_ALONE, SWEEP_S),
    )
    base.checkpoint()
    return ticket


def settle(job: Job, ticket: Ticket, result: None) -> dict[str, object]:
    """What was removed is the job's result."""
    return {name: value for name, value in asdict(ticket).items() if name != "inputs"}
