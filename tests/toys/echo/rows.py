"""The rows of an echo."""

from beatstitch.db.jobs import Job
from toys.echo.args import Args, Echo, Ticket
from toys.rows import say


def prepare(job: Job) -> Ticket:
    """The ticket of an echo."""
    args = Args.model_validate(job.args)
    inputs = (args.source_key,) if args.source_key else ()
    return Ticket(args.text, args.times, f"derived/echo/{job.id}.txt", inputs)


def settle(job: Job, ticket: Ticket, result: Echo) -> dict[str, object]:
    """What was said is a row now."""
    say(job, ticket.text)
    return {"size": result.size, "pid": result.pid, "began_ms": result.began_ms}


def give_up(job: Job) -> None:
    """What could not be said is a row too."""
    say(job, f"gave up: {job.status}")
