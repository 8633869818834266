"""A photo or clip says what its file looked like from outside, so that a changed one is noticed."""

from peewee import Database, TextField
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, _: Database) -> None:
    """Nobody knows of earlier ones; they are told by their size alone."""
    migrator.migrate(migrator.add_column("media_assets", "stamp", TextField(null=True)))
