"""Media have proxies for previews, filmstrips, and a word on how they look."""

from peewee import BigIntegerField, Database, JSONField, TextField
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, _: Database) -> None:
    """What was taken in before has none until a preview asks for it."""
    migrator.migrate(
        migrator.add_column("media_assets", "proxy", JSONField(null=True)),
        migrator.add_column("media_assets", "proxy_used_at", BigIntegerField(null=True)),
        migrator.add_column("media_assets", "filmstrip_key", TextField(null=True)),
        migrator.add_column("media_assets", "looks", JSONField(null=True)),
    )
