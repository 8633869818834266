"""The parts of films that are kept say what they are, so that a damaged one is made anew."""

from peewee import CharField, Database
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, _: Database) -> None:
    """Nobody knows of earlier ones; they are told by their size alone."""
    migrator.migrate(
        migrator.add_column("chunks", "sha256", CharField(max_length=64, null=True)),
    )
