"""Versions of a timeline say what made them: `generate`, an edit by its name, or `put`."""

from peewee import CharField, Database
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, _: Database) -> None:
    """Until now everything was generated."""
    migrator.migrate(
        migrator.add_column("timelines", "change", CharField(max_length=32, default="generate"))
    )
