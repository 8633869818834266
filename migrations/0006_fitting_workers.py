"""Jobs that only some workers fit: those whose FFmpeg is the one that their parts are made with."""

from peewee import Database, TextField
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, _: Database) -> None:
    """Add the column; jobs that are there already fit every worker."""
    migrator.migrate(migrator.add_column("jobs", "fingerprint", TextField(null=True)))
