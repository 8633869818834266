"""API keys, answers kept for repeats, the audit log, presets, and what each user has stored.

What users have stored so far is counted here once; from now on every change counts itself.
"""

from peewee import (
    BigIntegerField,
    CharField,
    CompositeKey,
    Database,
    ForeignKeyField,
    JSONField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator

ADDED = (
    "bytes_used BIGINT NOT NULL DEFAULT 0",
    "max_projects INTEGER",
    "max_media INTEGER",
    "max_bytes BIGINT",
)
COUNT = """UPDATE users SET bytes_used = (
    SELECT COALESCE(SUM(sizes.file_size), 0) FROM projects JOIN (
        SELECT project_id, file_size FROM media_assets
        UNION ALL SELECT project_id, file_size FROM audio_tracks
        UNION ALL SELECT project_id, file_size FROM outputs WHERE removed_at IS NULL
    ) AS sizes ON sizes.project_id = projects.id
    WHERE projects.user_id = users.id
)"""


def up(_: SchemaMigrator, db: Database) -> None:
    """Add the columns, count, and make the tables with their indexes."""
    for column in ADDED:
        db.execute_sql(f"ALTER TABLE users ADD COLUMN {column}")  # type: ignore[no-untyped-call]
    db.execute_sql(COUNT)  # type: ignore[no-untyped-call]
    tables = _tables()
    with db.bind_ctx(tables, bind_refs=False, bind_backrefs=False):
        db.create_tables(tables)


def _tables() -> tuple[type[Model], ...]:
    class User(Model):
        id = CharField(primary_key=True, max_length=36)

        class Meta:
            table_name = "users"

    class ApiKey(Model):
        id = CharField(primary_key=True, max_length=36)
        user = ForeignKeyField(User, on_delete="CASCADE")
        name = CharField(max_length=100)
        prefix = CharField(max_length=16, unique=True)
        secret_hash = CharField(max_length=64)
        scopes = JSONField()
        rates = JSONField(default=dict)
        created_at = BigIntegerField()
        expires_at = BigIntegerField(null=True)
        last_used_at = BigIntegerField(null=True)

        class Meta:
            table_name = "api_keys"

    class KeptAnswer(Model):
        user = ForeignKeyField(User, on_delete="CASCADE", index=False)
        key = CharField(max_length=255)
        fingerprint = CharField(max_length=64)
        claim = CharField(max_length=36)
        answer = JSONField(null=True)
        created_at = BigIntegerField(index=True)

        class Meta:
            table_name = "kept_answers"
            primary_key = CompositeKey("user", "key")

    class AuditEvent(Model):
        id = CharField(primary_key=True, max_length=36)
        action = TextField()
        user_id = CharField(max_length=36, null=True)
        actor = TextField()
        subject = TextField(null=True)
        address = TextField(null=True)
        request_id = TextField(null=True)
        at = BigIntegerField(index=True)

        class Meta:
            table_name = "audit_events"

    class Preset(Model):
        id = CharField(primary_key=True, max_length=36)
        user = ForeignKeyField(User, on_delete="CASCADE")
        name = CharField(max_length=100)
        settings = JSONField()
        created_at = BigIntegerField()

        class Meta:
            table_name = "presets"

    AuditEvent.add_index(AuditEvent.index(AuditEvent.user_id, AuditEvent.id))
    Preset.add_index(Preset.index(Preset.user, Preset.name, unique=True))
    return ApiKey, KeptAnswer, AuditEvent, Preset
