"""`flask --app beatstitch users …`: accounts made by hand, where registration is closed."""

import click
from pydantic import ValidationError

from beatstitch.cli import premises
from beatstitch.cli.sentences import OneSentence
from beatstitch.db import users as rows
from beatstitch.web.passwords import Passwords
from beatstitch.web.shapes.account import Registration


@click.group(cls=OneSentence)
def users() -> None:
    """Look after accounts."""
    premises.connected()


@users.command()
@click.argument("username")
@click.option(
    "--password",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    envvar="BEATSTITCH_NEW_PASSWORD",
    help="Asked for if not given; a command line can be read by others.",
)
def add(username: str, password: str) -> None:
    """Make an account."""
    try:
        wanted = Registration(username=username, password=password)
    except ValidationError as refused:
        first = refused.errors(include_input=False, include_url=False)[0]
        raise click.BadParameter(f"{first['loc'][0]}: {first['msg']}.") from refused
    user = rows.create(wanted.username, Passwords().hashed(wanted.password))
    click.echo(f"{user.id}  {user.username}")
