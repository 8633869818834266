"""Films say how they were delivered, and where it is written down what they came from."""

from peewee import Database, JSONField, TextField
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, _: Database) -> None:
    """Earlier films were as their timelines said, and nobody wrote down more."""
    migrator.migrate(
        migrator.add_column("outputs", "provenance_key", TextField(null=True)),
        migrator.add_column("outputs", "target", JSONField(null=True)),
    )
