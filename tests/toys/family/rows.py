"""Fans out what has not been said yet, and joins what has."""

from beatstitch.db.jobs import Job
from beatstitch.queue import Child, FanOut
from toys.family.args import Args, Joined, Ticket
from toys.rows import Said, say


def prepare(job: Job) -> Ticket | FanOut:
    """The parts that are missing, or the ticket once all are there."""
    args = Args.model_validate(job.args)
    said = {row.text: row.job_id for row in Said.select()}
    missing = [part for part in args.parts if part not in said]
    if missing:
        children = [
            Child("echo", {"text": part, "source_key": args.source_key}, f"say:{part}")
            for part in missing
        ]
        return FanOut(children, done_weight=len(args.parts) - len(missing), stage="saying")
    inputs = tuple(f"derived/echo/{said[part]}.txt" for part in args.parts)
    return Ticket(inputs, f"outputs/family/{job.id}.txt")


def settle(job: Job, ticket: Ticket, result: Joined) -> dict[str, object]:
    """What was joined is a row now."""
    say(job, f"joined: {result.text}")
    return {"text": result.text}


def give_up(job: Job) -> None:
    """So is what was not."""
    say(job, f"gave up: {job.error_code}")
