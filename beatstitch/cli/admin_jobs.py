"""`flask --app beatstitch jobs …`: the queue, seen and helped by hand."""

import json
from datetime import datetime

import click

from beatstitch import queue
from beatstitch.cli import premises, witness
from beatstitch.cli.sentences import OneSentence
from beatstitch.db import jobs as rows
from beatstitch.db.jobs import ENDED, LIVE, Job, Status

STATUSES: tuple[Status, ...] = (*LIVE, *ENDED)
COLUMNS = "{:<36}  {:<16}  {:<9}  {:>4}  {:<19}  {}"


@click.group(cls=OneSentence)
def jobs() -> None:
    """Look at the queue, and help it."""
    premises.connected()


@jobs.command("list")
@click.option("--status", multiple=True, type=click.Choice(STATUSES), help="Only these.")
@click.option("--kind", help="Only this kind.")
@click.option("--parent", help="The parts of this job.")
@click.option("--limit", default=50, type=click.IntRange(1, 10_000), show_default=True)
def list_jobs(status: tuple[Status, ...], kind: str | None, parent: str | None, limit: int) -> None:
    """List jobs, the newest first; parts of others only with --parent."""
    click.echo(COLUMNS.format("id", "kind", "status", "%", "asked", "says"))
    for job in rows.page(limit, statuses=status, kind=kind, parent_id=parent):
        says = job.error_message if job.status == "failed" else job.progress_message
        stamp = job.created_at.strftime("%Y-%m-%d %H:%M:%S")
        click.echo(
            COLUMNS.format(
                job.id, job.kind, job.status, job.progress_percent, stamp, says or ""
            ).rstrip()
        )


@jobs.command()
@click.argument("job_id")
@click.option("--lines", default=20, type=click.IntRange(0, 1000), show_default=True)
def show(job_id: str, lines: int) -> None:
    """Show everything that is known of a job, and the end of its log."""
    job = rows.by_id(job_id)
    click.echo(json.dumps(_facts(job), indent=2))
    for line in rows.lines(job_id, lines):
        click.echo(f"{_shown(line.at)} {line.attempt} {line.level} {line.text}")


@jobs.command()
@click.argument("job_ids", nargs=-1, required=True)
def retry(job_ids: tuple[str, ...]) -> None:
    """Queue failed or cancelled jobs again."""
    for job_id in job_ids:
        queue.retry(job_id, queue.now())
        witness.note("jobs retry", job_id)
        click.echo(f"queued {job_id}")


@jobs.command()
@click.argument("job_ids", nargs=-1, required=True)
def cancel(job_ids: tuple[str, ...]) -> None:
    """Cancel jobs, with their parts; what runs is stopped within two seconds."""
    for job_id in job_ids:
        job = queue.cancel(job_id, queue.now())
        witness.note("jobs cancel", job_id)
        click.echo(f"{'stopping' if job.status == 'running' else 'cancelled'} {job_id}")


def _facts(job: Job) -> dict[str, object]:
    return {name: _shown(value) for name, value in job.__data__.items() if value is not None}


def _shown(value: object) -> object:
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value
