"""Small copies and parts of films say what their files looked like from outside as well."""

from peewee import Database, TextField
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, _: Database) -> None:
    """Nobody knows of earlier ones; they are told by whether they are there."""
    migrator.migrate(
        migrator.add_column("media_assets", "proxy_stamp", TextField(null=True)),
        migrator.add_column("chunks", "stamp", TextField(null=True)),
    )
