"""A photo or clip can have a point that stays in view: one that was found, or the user's."""

from peewee import Database, JSONField
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, _: Database) -> None:
    """What was taken in before has none, and is shown around its middle."""
    migrator.migrate(
        migrator.add_column("media_assets", "focus", JSONField(null=True)),
        migrator.add_column("media_assets", "focus_found", JSONField(null=True)),
    )
