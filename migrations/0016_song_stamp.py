"""A song says what its PCM looked like from outside, so that a changed one is noticed."""

from peewee import Database, TextField
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, _: Database) -> None:
    """Nobody knows of earlier ones; each is decoded once more before the next film of it."""
    migrator.migrate(migrator.add_column("audio_tracks", "pcm_stamp", TextField(null=True)))
