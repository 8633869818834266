"""The tables of the first release.

A migration is a frozen copy: it says what the tables were on its day, whatever the models have
become since, and is never edited once released.
"""

from peewee import (
    AutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    CompositeKey,
    Database,
    FloatField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator

LIVE = ("queued", "running", "waiting")


def up(_: SchemaMigrator, db: Database) -> None:
    """Make every table with its indexes."""

    class User(Model):
        id = CharField(primary_key=True, max_length=36)
        username = CharField(max_length=50)
        username_folded = CharField(unique=True, max_length=50)
        password_hash = TextField()
        token_version = IntegerField(default=0)
        created_at = BigIntegerField()

        class Meta:
            table_name = "users"

    class Project(Model):
        id = CharField(primary_key=True, max_length=36)
        user = ForeignKeyField(User, on_delete="CASCADE")
        name = CharField(max_length=100)
        description = TextField(default="")
        settings = JSONField(default=dict)
        version = IntegerField(default=1)
        created_at = BigIntegerField()
        updated_at = BigIntegerField()

        class Meta:
            table_name = "projects"

    class AudioTrack(Model):
        id = CharField(primary_key=True, max_length=36)
        project = ForeignKeyField(Project, unique=True, on_delete="CASCADE")
        filename = TextField()
        duration_ms = IntegerField(null=True)
        sample_rate = IntegerField(null=True)
        file_size = BigIntegerField()
        checksum = CharField(max_length=64)
        analysis_status = TextField(default="queued")
        analysis_error = TextField(null=True)
        bpm = FloatField(null=True)
        original_key = TextField()
        pcm_key = TextField(null=True)
        peaks_key = TextField(null=True)
        created_at = BigIntegerField()
        analysed_at = BigIntegerField(null=True)

        class Meta:
            table_name = "audio_tracks"

    class BeatGridVersion(Model):
        id = CharField(primary_key=True, max_length=36)
        track = ForeignKeyField(AudioTrack, on_delete="CASCADE")
        version = IntegerField()
        origin = TextField()
        storage_key = TextField()
        checksum = CharField(max_length=64)
        bpm = FloatField()
        total_beats = IntegerField()
        is_current = BooleanField()
        created_at = BigIntegerField()

        class Meta:
            table_name = "beat_grid_versions"

    class Chunk(Model):
        project = ForeignKeyField(Project, on_delete="CASCADE")
        key = CharField(max_length=64)
        storage_key = TextField()
        bytes = BigIntegerField()
        last_used_at = BigIntegerField(index=True)

        class Meta:
            table_name = "chunks"
            primary_key = CompositeKey("project", "key")

    class Job(Model):
        id = CharField(primary_key=True, max_length=36)
        kind = TextField()
        args = JSONField(default=dict)
        user_id = CharField(null=True, max_length=36)
        project_id = CharField(index=True, null=True, max_length=36)
        parent = ForeignKeyField("self", null=True, on_delete="CASCADE")
        unique_key = TextField(null=True)
        request_id = TextField(null=True)
        status = TextField(default="queued")
        run_at_ms = BigIntegerField()
        due_ms = BigIntegerField()
        attempt = IntegerField(default=0)
        faults = IntegerField(default=0)
        max_attempts = IntegerField()
        fan_outs = IntegerField(default=0)
        cancel_requested = BooleanField(default=False)
        is_settled = BooleanField(default=False)
        lease_owner = TextField(null=True)
        lease_boot = TextField(null=True)
        lease_until_ms = BigIntegerField(null=True)
        stage = TextField(null=True)
        progress_percent = IntegerField(default=0)
        progress_message = TextField(null=True)
        weight = BigIntegerField(default=0)
        done_weight = BigIntegerField(default=0)
        total_weight = BigIntegerField(default=0)
        result = JSONField(null=True)
        error_code = TextField(null=True)
        error_message = TextField(null=True)
        created_at = BigIntegerField()
        started_at = BigIntegerField(null=True)
        finished_at = BigIntegerField(null=True)

        class Meta:
            table_name = "jobs"
            constraints = (Check("(status = 'running') = (lease_owner IS NOT NULL)"),)

    class JobLine(Model):
        id = AutoField()
        job = ForeignKeyField(Job, on_delete="CASCADE")
        attempt = IntegerField()
        level = TextField()
        text = TextField()
        at = BigIntegerField()

        class Meta:
            table_name = "job_lines"

    class JobTotal(Model):
        kind = TextField()
        status = TextField()
        count = BigIntegerField()
        seconds = FloatField()

        class Meta:
            table_name = "job_totals"
            primary_key = CompositeKey("kind", "status")

    class JobWait(Model):
        parent = ForeignKeyField(Job, on_delete="CASCADE", index=False)
        child = ForeignKeyField(Job, on_delete="CASCADE")

        class Meta:
            table_name = "job_waits"
            primary_key = CompositeKey("parent", "child")

    class MediaAsset(Model):
        id = CharField(primary_key=True, max_length=36)
        project = ForeignKeyField(Project, on_delete="CASCADE")
        filename = TextField()
        media_type = TextField()
        processing_status = TextField(default="pending")
        processing_error = TextField(null=True)
        width = IntegerField(null=True)
        height = IntegerField(null=True)
        rotation_deg = IntegerField(null=True)
        duration_ms = IntegerField(null=True)
        fps = FloatField(null=True)
        file_size = BigIntegerField()
        checksum = CharField(max_length=64)
        sort_order = IntegerField()
        excluded = BooleanField(default=False)
        pinned = BooleanField(default=False)
        in_ms = IntegerField(null=True)
        out_ms = IntegerField(null=True)
        original_key = TextField()
        working_key = TextField(null=True)
        thumbnail_key = TextField(null=True)
        proxy_key = TextField(null=True)
        probe = JSONField(null=True)
        created_at = BigIntegerField()
        processed_at = BigIntegerField(null=True)

        class Meta:
            table_name = "media_assets"

    class Output(Model):
        id = CharField(primary_key=True, max_length=36)
        project = ForeignKeyField(Project, on_delete="CASCADE")
        job_id = CharField(unique=True, max_length=36)
        kind = TextField()
        storage_key = TextField()
        file_size = BigIntegerField()
        edl_hash = CharField(max_length=64)
        sync_report_key = TextField(null=True)
        created_at = BigIntegerField()
        removed_at = BigIntegerField(null=True)

        class Meta:
            table_name = "outputs"

    class Recurring(Model):
        name = TextField(primary_key=True)
        last_slot = BigIntegerField()

        class Meta:
            table_name = "recurring"

    class Session(Model):
        jti = CharField(primary_key=True, max_length=64)
        user = ForeignKeyField(User, on_delete="CASCADE")
        created_at = BigIntegerField()
        expires_at = BigIntegerField(index=True)
        revoked_at = BigIntegerField(null=True)

        class Meta:
            table_name = "sessions"

    class Timeline(Model):
        id = CharField(primary_key=True, max_length=36)
        project = ForeignKeyField(Project, on_delete="CASCADE")
        version = IntegerField()
        edl_hash = CharField(max_length=64)
        storage_key = TextField()
        segment_count = IntegerField()
        total_duration_ms = IntegerField()
        settings_used = JSONField()
        grid_checksum = CharField(max_length=64)
        media_fingerprint = CharField(max_length=64)
        is_current = BooleanField()
        generated_at = BigIntegerField()

        class Meta:
            table_name = "timelines"

    BeatGridVersion.add_index(
        BeatGridVersion.index(BeatGridVersion.track, BeatGridVersion.version, unique=True)
    )
    BeatGridVersion.add_index(
        BeatGridVersion.index(
            BeatGridVersion.track,
            unique=True,
            where=BeatGridVersion.is_current,
            name="beat_grid_version_current",
        )
    )
    Timeline.add_index(Timeline.index(Timeline.project, Timeline.version, unique=True))
    Timeline.add_index(
        Timeline.index(
            Timeline.project, unique=True, where=Timeline.is_current, name="timeline_current"
        )
    )
    Output.add_index(Output.index(Output.project, Output.kind, Output.id))
    Job.add_index(Job.index(Job.due_ms, Job.id, where=Job.status == "queued", name="job_ready"))
    Job.add_index(Job.index(Job.lease_until_ms, where=Job.status == "running", name="job_leased"))
    Job.add_index(
        Job.index(Job.unique_key, unique=True, where=Job.status.in_(LIVE), name="job_unique_live")
    )
    Job.add_index(
        Job.index(
            Job.id,
            where=Job.status.in_(("failed", "cancelled")) & ~Job.is_settled,
            name="job_unsettled",
        )
    )
    Job.add_index(Job.index(Job.user_id, Job.status, name="job_user_status"))
    Job.add_index(
        Job.index(Job.finished_at, where=Job.finished_at.is_null(False), name="job_ended")
    )

    tables = (
        User,
        Session,
        Project,
        MediaAsset,
        AudioTrack,
        BeatGridVersion,
        Timeline,
        Output,
        Chunk,
        Job,
        JobWait,
        JobLine,
        JobTotal,
        Recurring,
    )
    with db.bind_ctx(tables):
        db.create_tables(tables)
