"""The rows of the tricks."""

from pathlib import Path

from beatstitch.db.jobs import Job
from beatstitch.errors import NotFound
from toys.naughty.args import Args, Ticket
from toys.rows import say


def prepare(job: Job) -> Ticket:
    """The ticket of a trick; one of them goes wrong already here."""
    args = Args.model_validate(job.args)
    if args.trick == "vanish":
        raise NotFound("not_found", "There is no such clip.")
    if args.trick == "stumble":
        raise ZeroDivisionError
    return Ticket(args.trick, Path(args.mark or "/nowhere"), args.media_s)


def settle(job: Job, ticket: Ticket, result: dict[str, object]) -> dict[str, object]:
    """What the child found is the job's result."""
    say(job, ticket.trick)
    if ticket.trick == "reject_late":
        raise NotFound("not_found", "The clip has been deleted meanwhile.")
    return result


def give_up(job: Job) -> None:
    """What was given up is a row too."""
    if job.args["trick"] == "vanish":
        raise NotFound("not_found", "There is no such clip.")
    say(job, f"gave up: {job.error_code}")
