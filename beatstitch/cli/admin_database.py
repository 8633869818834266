"""`flask --app beatstitch database …`: the schema, and backups."""

from pathlib import Path

import click

from beatstitch import queue
from beatstitch.cli.sentences import OneSentence
from beatstitch.db import base, schema, snapshot
from beatstitch.errors import PreconditionFailed
from beatstitch.inventory.backup import back_up
from beatstitch.inventory.manifest import Manifest
from beatstitch.inventory.restore import restore as bring_back
from beatstitch.settings import settings
from beatstitch.storage.configured import configured

BACKUPS = "backups"
SHOWN = ("users", "projects", "media_assets", "jobs")


@click.group(cls=OneSentence)
def database() -> None:
    """Look after the database."""
    base.connect(settings().database())


@database.command()
@click.option("--no-backup", is_flag=True, help="Don't copy the database first.")
def upgrade(no_backup: bool) -> None:
    """Bring the schema up to this version of BeatStitch; the database is copied first."""
    waiting = schema.pending()
    if waiting and not no_backup and base.database.get_tables():
        click.echo(f"The database as it was: {_copied(waiting[0])}")
    applied = schema.upgrade()
    for name in applied:
        click.echo(f"applied {name}")
    click.echo("The database is up to date." if not applied else f"{len(applied)} applied.")


def _copied(migration: str) -> Path:
    """Copy the database aside; gives the copy."""
    source = snapshot.file()
    if source is None:
        raise PreconditionFailed(
            "precondition_failed",
            "This database is a server's: make a backup with pg_dump, then add --no-backup.",
        )
    folder = source.parent / BACKUPS
    folder.mkdir(mode=0o700, exist_ok=True)
    copy = folder / f"{base.utc_now():%Y%m%dT%H%M%S}-before-{migration}.db"
    snapshot.take(source, copy)
    return copy


@database.command()
def status() -> None:
    """Say which migrations are still to be applied."""
    waiting = schema.pending()
    for name in waiting:
        click.echo(f"pending {name}")
    if not waiting:
        click.echo("The database is up to date.")


@database.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--files", "with_files", is_flag=True, help="Copy the files into it, too.")
def backup(folder: Path, with_files: bool) -> None:
    """Write a backup into FOLDER while everything runs: the database as of one moment, and a list
    of the files that it names, with their sizes and checksums."""
    schema.prepare()
    made = back_up(configured(), folder, with_files=with_files)
    click.echo(f"{folder} holds {_told(made)}.")
    if not made.has_files:
        click.echo("The files themselves are not in it; --files copies them.")
    for key in made.missing:
        click.echo(f"{key} is not there")
    if made.database_sha256 is None:
        click.echo("The database is a server's: add it with pg_dump (docs/operations.md).")


@database.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--replace", is_flag=True, help="Also over a database that has accounts in it.")
def restore(folder: Path, replace: bool) -> None:
    """Bring back the backup in FOLDER, while nothing runs. Jobs that ran are queued again.

    Ends with 1 when files are missing or are not what they were.
    """
    back = bring_back(configured(), folder, queue.now(), replace=replace)
    click.echo(f"Restored {_told(back.manifest)}.")
    if back.kept is not None:
        click.echo(f"The database that was there: {back.kept}")
    click.echo(
        f"{back.requeued} jobs that ran are queued again; {back.copied:,} files were laid back; "
        f"{back.forgotten_chunks:,} parts of films will be made anew."
    )
    for key in back.wrong:
        click.echo(f"{key} is missing or not what it was")
    if back.wrong:
        raise SystemExit(1)
    click.echo(f"All {len(back.manifest.files):,} files are there.")


def _told(made: Manifest) -> str:
    rows = ", ".join(f"{made.rows[name]:,} {name}" for name in SHOWN if name in made.rows)
    return (
        f"the database of {made.made_at:%Y-%m-%d %H:%M:%S} UTC ({rows or 'elsewhere'}) and "
        f"{len(made.files):,} files of {made.bytes:,} bytes"
    )
