"""`flask --app beatstitch storage …`: whether the files are there that should be, and no others."""

from datetime import timedelta

import click

from beatstitch.cli import premises
from beatstitch.cli.sentences import OneSentence
from beatstitch.db.base import utc_now
from beatstitch.inventory import sweep as sweeping
from beatstitch.inventory import verify as verifying
from beatstitch.storage.configured import configured

SAYS = {
    "missing": "is not there",
    "size": "has another size than its row says",
    "checksum": "has other bytes than its row says",
}
LEFT_ALONE_H = sweeping.LEFT_ALONE / timedelta(hours=1)


@click.group(cls=OneSentence)
def storage() -> None:
    """Look after the files."""
    premises.connected()


@storage.command()
@click.option("--quick", is_flag=True, help="Look at sizes only, without reading every file.")
def verify(quick: bool) -> None:
    """Hold every file that a row names against it, and list the files that no row names.

    Ends with 1 when a file is missing or is not what its row says.
    """
    place = configured()
    count = wrong = 0
    for checked in verifying.check(place, reads_all=not quick):
        count += 1
        if checked.wrong is not None:
            wrong += 1
            click.echo(f"{checked.file.key} {SAYS[checked.wrong]} ({checked.file.column})")
    nobodys = 0
    for project_id in sweeping.projects(place):
        for file in sweeping.unnamed(place, project_id, utc_now()):
            nobodys += 1
            click.echo(f"{file.key} is named by no row ({file.size_bytes:,} bytes)")
    click.echo(f"{count:,} files are named by rows; {wrong:,} are wrong, {nobodys:,} are nobody's.")
    if wrong:
        raise SystemExit(1)


@storage.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option(
    "--older-than",
    "hours",
    type=click.FloatRange(min=0),
    default=LEFT_ALONE_H,
    show_default=True,
    help="Leave files alone that are younger than so many hours: their rows may still come. "
    "Less only while no server and no worker runs.",
)
def sweep(dry_run: bool, hours: float) -> None:
    """Remove the files that no row names. Projects with jobs under way are left alone."""
    place = configured()
    before = utc_now() - timedelta(hours=hours)
    everyone = sweeping.projects(place)
    if dry_run:
        files = [f for each in everyone for f in sweeping.leftovers(place, each, before)]
        for file in files:
            click.echo(f"{file.key} ({file.size_bytes:,} bytes)")
        click.echo(f"{len(files):,} files of {sum(f.size_bytes for f in files):,} bytes would go.")
        return
    swept = sweeping.sweep(place, everyone, before)
    click.echo(f"{swept.files:,} files of {swept.bytes:,} bytes have gone.")
