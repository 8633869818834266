"""`flask --app beatstitch jobs …`: the queue, seen and helped by hand."""

import json
import time
from collections.abc import Sequence
from datetime import datetime

import click

from beatstitch import queue
from beatstitch.cli import premises, witness
from beatstitch.cli.sentences import OneSentence
from beatstitch.db import base
from beatstitch.db import job_figures as figures
from beatstitch.db import jobs as rows
from beatstitch.db.job_figures import Figures
from beatstitch.db.jobs import ENDED, LIVE, Job, JobLine, Status
from beatstitch.jobs.kinds import KINDS

STATUSES: tuple[Status, ...] = (*LIVE, *ENDED)
STATS = "{:<18}" + "{:>10}" * 9
LOOK_EVERY_S = 0.5
AT_ONCE = 1_000
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
@click.argument("job_id", required=False)
@click.option("--lines", default=20, type=click.IntRange(0, 1000), show_default=True)
@click.option("--once", is_flag=True, help="Don't wait for more.")
def tail(job_id: str | None, lines: int, once: bool) -> None:
    """Show the last lines of the jobs' logs and go on as they come, until Ctrl-C; of one job and
    its parts only, until it has ended, if it is named."""
    if job_id is not None:
        rows.by_id(job_id)
    last = _told(figures.newest_lines(lines, job_id), 0)
    while not once:
        has_ended = job_id is not None and rows.by_id(job_id).status in ENDED
        last = _told(figures.lines_after(last, AT_ONCE, job_id), last)
        if has_ended:
            return
        time.sleep(LOOK_EVERY_S)


def _told(lines: Sequence[JobLine], last: int) -> int:
    """Print the lines; gives the id of the last one."""
    for line in lines:
        click.echo(f"{_shown(line.at)} {line.job_id} {line.attempt} {line.level} {line.text}")
        last = line.id
    return last


@jobs.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def stats(as_json: bool) -> None:
    """Show how deep the queue is, how long the oldest job has waited, and how long jobs take."""
    oldest = figures.oldest_queued()
    waited_s = max(0.0, (base.utc_now() - oldest).total_seconds()) if oldest else 0.0
    kinds = figures.by_kind()
    if as_json:
        click.echo(json.dumps({"oldest_s": waited_s, "kinds": [_figures(each) for each in kinds]}))
        return
    depth = sum(each.live.get("queued", 0) for each in kinds)
    click.echo(f"{depth} queued, the oldest for {waited_s:.0f} s")
    click.echo(STATS.format("kind", *STATUSES, "p50 s", "p95 s", "max s"))
    for each in kinds:
        facts = _figures(each)
        click.echo(STATS.format(*("-" if value is None else value for value in facts.values())))


def _figures(each: Figures) -> dict[str, object]:
    counts: dict[str, object] = {
        status: {**each.live, **each.ended}.get(status, 0) for status in STATUSES
    }
    shares = {"p50_s": each.at(0.5), "p95_s": each.at(0.95), "max_s": each.at(1)}
    return {"kind": each.kind, **counts, **shares}


@jobs.command()
@click.argument("job_ids", nargs=-1, required=True)
def retry(job_ids: tuple[str, ...]) -> None:
    """Queue failed or cancelled jobs again."""
    for job_id in job_ids:
        queue.retry(job_id, KINDS, queue.now())
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
