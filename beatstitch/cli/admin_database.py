"""`flask --app beatstitch database …`: the schema."""

import click

from beatstitch.cli.sentences import OneSentence
from beatstitch.db import base, schema
from beatstitch.settings import settings


@click.group(cls=OneSentence)
def database() -> None:
    """Look after the database."""
    base.connect(settings().database())


@database.command()
def upgrade() -> None:
    """Bring the schema up to this version of BeatStitch."""
    applied = schema.upgrade()
    for name in applied:
        click.echo(f"applied {name}")
    click.echo("The database is up to date." if not applied else f"{len(applied)} applied.")


@database.command()
def status() -> None:
    """Say which migrations are still to be applied."""
    waiting = schema.pending()
    for name in waiting:
        click.echo(f"pending {name}")
    if not waiting:
        click.echo("The database is up to date.")
