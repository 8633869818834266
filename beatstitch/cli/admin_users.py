"""`flask --app beatstitch users …`: accounts looked after by hand."""

import click
from pydantic import ValidationError

from beatstitch.cli import premises, witness
from beatstitch.cli.sentences import OneSentence, printable
from beatstitch.db import audit as deeds
from beatstitch.db import projects, quotas, usage
from beatstitch.db import users as rows
from beatstitch.web import intake
from beatstitch.web.passwords import Passwords
from beatstitch.web.shapes.account import Registration

ACCOUNTS = "{:<36}  {:<19}  {:>8}  {}"
DEEDS = "{:<19}  {:<16}  {:<18}  {:<36}  {:<15}  {}"
MINUTES = "%Y-%m-%d %H:%M:%S"


@click.group(cls=OneSentence)
def users() -> None:
    """Look after accounts."""
    premises.connected()


_new_password = click.option(
    "--password",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    envvar="BEATSTITCH_NEW_PASSWORD",
    help="Asked for if not given; a command line can be read by others.",
)


@users.command()
@click.argument("username")
@_new_password
def add(username: str, password: str) -> None:
    """Make an account."""
    wanted = _checked(username, password)
    user = rows.create(wanted.username, Passwords().hashed(wanted.password))
    witness.note("users add", user.username, user.id)
    click.echo(f"{user.id}  {user.username}")


@users.command("list")
@click.option("--limit", default=100, type=click.IntRange(1, 10_000), show_default=True)
def list_users(limit: int) -> None:
    """List accounts, the newest first."""
    click.echo(ACCOUNTS.format("id", "made", "projects", "name"))
    for user in rows.page(limit):
        count = projects.count_of_user(user.id)
        click.echo(
            ACCOUNTS.format(user.id, user.created_at.strftime(MINUTES), count, user.username)
        )


@users.command()
@click.argument("username")
@_new_password
def password(username: str, password: str) -> None:
    """Give an account another password; every login so far is void."""
    user = rows.named(username)
    wanted = _checked(user.username, password)
    rows.set_password(user.id, Passwords().hashed(wanted.password))
    witness.note("users password", user.username, user.id)
    click.echo(f"changed {user.username}")


@users.command()
@click.argument("username")
def logout(username: str) -> None:
    """Void every login of an account; its API keys stay."""
    user = rows.named(username)
    rows.void_tokens(user.id)
    witness.note("users logout", user.username, user.id)
    click.echo(f"logged out {user.username}")


@users.command()
@click.argument("username")
@click.confirmation_option(prompt="The account goes with every project and file. Go on?")
def remove(username: str) -> None:
    """Remove an account with its projects and files."""
    user = rows.named(username)
    while owned := projects.page(user.id, 100):
        for project in owned:
            intake.drop_project(project)
    rows.delete(user.id)
    witness.note("users remove", user.username, user.id)
    click.echo(f"removed {user.username}")


@users.command()
@click.argument("username")
@click.option("--projects", "max_projects", type=click.IntRange(0), help="Projects.")
@click.option("--media", "max_media", type=click.IntRange(0), help="Photos and clips in all.")
@click.option("--bytes", "max_bytes", type=click.IntRange(0), help="Bytes of uploads and films.")
@click.option("--reset", is_flag=True, help="Back to the deployment's own limits first.")
def limits(username: str, reset: bool, **given: int | None) -> None:
    """Show how much a user has and may have; change what is given."""
    user = rows.named(username)
    changes: dict[str, int | None] = dict.fromkeys(given) if reset else {}
    changes |= {name: most for name, most in given.items() if most is not None}
    if changes:
        rows.set_limits(user.id, changes)
        witness.note("users limits", f"{user.username} {changes}", user.id)
        user = rows.by_id(user.id)
    most = quotas.allowance(user)
    click.echo(f"projects  {projects.count_of_user(user.id)} of {most.projects}")
    click.echo(f"media     {usage.media_of_user(user.id)} of {most.media}")
    click.echo(f"bytes     {user.bytes_used} of {most.bytes}")


@users.command()
@click.argument("usernames", nargs=-1, required=True)
def recount(usernames: tuple[str, ...]) -> None:
    """Count the bytes of users anew, from their uploads and films."""
    for username in usernames:
        user = rows.named(username)
        difference = usage.recount(user.id)
        witness.note("users recount", f"{user.username} {difference:+d}", user.id)
        click.echo(f"{user.username}: {difference:+d} bytes")


@users.command()
@click.option("--user", "username", help="Only what this account did.")
@click.option("--action", help="Only this, for instance login_failed.")
@click.option("--limit", default=50, type=click.IntRange(1, 10_000), show_default=True)
def audit(username: str | None, action: str | None, limit: int) -> None:
    """Show who let themselves in and changed what, the newest first."""
    user_id = rows.named(username).id if username else None
    click.echo(DEEDS.format("when", "what", "how", "who", "from", "on"))
    for deed in deeds.page(limit, user_id=user_id, action=action):
        click.echo(
            DEEDS.format(
                deed.at.strftime(MINUTES),
                deed.action,
                deed.actor,
                deed.user_id or "",
                deed.address or "",
                printable(deed.subject or ""),
            ).rstrip()
        )


def _checked(username: str, password: str) -> Registration:
    try:
        return Registration(username=username, password=password)
    except ValidationError as refused:
        first = refused.errors(include_input=False, include_url=False)[0]
        raise click.BadParameter(f"{first['loc'][0]}: {first['msg']}.") from refused
