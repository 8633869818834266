"""`flask --app beatstitch keys …`: API keys by hand; one with the scope admin comes from here."""

import re
from datetime import UTC, datetime

import click

from beatstitch.cli import premises, witness
from beatstitch.cli.sentences import OneSentence
from beatstitch.db import api_keys, users
from beatstitch.settings import RATE
from beatstitch.web import keys as texts
from beatstitch.web.rates import CATEGORIES

COLUMNS = "{:<36}  {:<13}  {:<26}  {:<16}  {:<16}  {}"


@click.group(cls=OneSentence)
def keys() -> None:
    """Look after API keys."""
    premises.connected()


def _rate(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    rates = dict(pair.partition("=")[::2] for pair in given)
    for category, rate in rates.items():
        if category not in CATEGORIES or not re.fullmatch(RATE, rate):
            raise click.BadParameter(
                f"{category}={rate}: use CATEGORY=COUNT/SECONDS; "
                f"the categories are {', '.join(CATEGORIES)}."
            )
    return rates


@keys.command()
@click.argument("username")
@click.option("--name", required=True, help="What the key is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(texts.SCOPES),
    default=("read",),
    show_default=True,
    help="What it may; more than once for more.",
)
@click.option("--days", type=click.IntRange(1, 3660), help="When it ends; without: never.")
@click.option(
    "--rate",
    "rates",
    multiple=True,
    callback=_rate,
    metavar="CATEGORY=COUNT/SECONDS",
    help="A rate of its own, for a program that is trusted.",
)
def issue(
    username: str,
    name: str,
    scopes: tuple[api_keys.Scope, ...],
    days: int | None,
    rates: dict[str, str],
) -> None:
    """Make a key for a user and show it, this once."""
    user = users.named(username)
    key, text = texts.issue(
        user.id,
        name=name,
        scopes=scopes,
        now=datetime.now(UTC),
        expires_in_days=days,
        rates=rates,
    )
    witness.note("keys issue", f"bs_{key.prefix} may {' '.join(key.scopes)}", user.id)
    click.echo(text)


@keys.command("list")
@click.argument("username")
def list_keys(username: str) -> None:
    """List a user's keys, the newest first."""
    user = users.named(username)
    click.echo(COLUMNS.format("id", "begins", "may", "ends", "used", "name"))
    for key in api_keys.page(user.id, limit=1000):
        click.echo(
            COLUMNS.format(
                key.id,
                f"bs_{key.prefix}",
                " ".join(key.scopes),
                _shown(key.expires_at),
                _shown(key.last_used_at),
                key.name,
            )
        )


@keys.command()
@click.argument("key_id")
def rotate(key_id: str) -> None:
    """Give a key another secret and show it, this once; the one before is void."""
    key, text = texts.rotate(key_id)
    witness.note("keys rotate", f"bs_{key.prefix}", key.user_id)
    click.echo(text)


@keys.command()
@click.argument("key_ids", nargs=-1, required=True)
def revoke(key_ids: tuple[str, ...]) -> None:
    """Take keys away; they open nothing any more."""
    for key_id in key_ids:
        key = api_keys.by_id(key_id)
        api_keys.delete(key_id)
        witness.note("keys revoke", f"bs_{key.prefix}", key.user_id)
        click.echo(f"revoked {key_id}")


def _shown(moment: datetime | None) -> str:
    return "never" if moment is None else moment.strftime("%Y-%m-%d %H:%M")
