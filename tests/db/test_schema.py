"""Migrations: an empty database is made, an old one is refused by name, models and files agree."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from peewee import Model
from playhouse.schema_diff import diff_models

from beatstitch.db import (
    api_keys,
    audio,
    audit,
    base,
    chunks,
    jobs,
    kept_answers,
    media,
    outputs,
    presets,
    projects,
    schema,
    sessions,
    timelines,
    users,
)
from beatstitch.errors import Unavailable
from moments import submitted

TABLES: tuple[type[Model], ...] = (
    *(users.User, sessions.Session, projects.Project, media.MediaAsset),
    *(audio.AudioTrack, audio.BeatGridVersion, timelines.Timeline, outputs.Output),
    *(chunks.Chunk, jobs.Job, jobs.JobWait, jobs.JobLine, jobs.JobTotal, jobs.Recurring),
    *(api_keys.ApiKey, kept_answers.KeptAnswer, audit.AuditEvent, presets.Preset),
)


def test_an_empty_database_gets_its_tables(any_empty_database: str) -> None:
    schema.prepare()

    assert schema.pending() == []
    assert "jobs" in base.database.get_tables()


def test_the_migrations_make_what_the_models_say(any_empty_database: str) -> None:
    schema.upgrade()

    assert str(diff_models(base.database.obj, TABLES)) == ""


def test_an_older_schema_is_refused_and_the_upgrade_command_named(any_empty_database: str) -> None:
    schema.upgrade()
    with base.transaction():
        base.database.execute_sql("DELETE FROM schema_migration")

    with pytest.raises(Unavailable) as refused:
        schema.prepare()

    assert "flask --app beatstitch database upgrade" in refused.value.message


def test_a_newer_schema_is_refused(any_empty_database: str) -> None:
    schema.upgrade()
    with base.transaction():
        base.database.execute_sql(
            "INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01')"
        )

    with pytest.raises(Unavailable) as refused:
        schema.prepare()

    assert refused.value.code == "schema_newer"


def test_processes_that_start_at_once_on_an_empty_database_all_find_the_tables(
    any_empty_database: str, tmp_path: Path
) -> None:
    start = (
        "import sys; from pathlib import Path; from beatstitch.db import base, schema; "
        "base.connect(sys.argv[1], Path(sys.argv[2])); schema.prepare()"
    )

    racers = [
        subprocess.Popen([sys.executable, "-c", start, any_empty_database, str(tmp_path)])
        for _ in range(4)
    ]

    assert [racer.wait() for racer in racers] == [0, 0, 0, 0]
    assert schema.pending() == []


GROWTH = '''
from peewee import TextField


def up(migrator, db):
    """A column more, as a later release would bring it."""
    migrator.migrate(migrator.add_column("jobs", "colour", TextField(null=True)))
'''
WORKER = """
import sys
from pathlib import Path
from beatstitch import queue
from beatstitch.db import base
from moments import KINDS
base.connect(sys.argv[1], Path(sys.argv[2]))
while claim := queue.claim("worker", tuple(KINDS.values()), queue.now()):
    queue.finish(claim.lease, None, queue.now())
    print("done", flush=True)
"""


def test_jobs_go_on_while_the_schema_grows_under_them(
    any_empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.upgrade()
    for _ in range(100):
        submitted()
    later = tmp_path / "migrations"
    shutil.copytree(schema.FOLDER, later)
    (later / "9999_growth.py").write_text(GROWTH)
    monkeypatch.setattr(schema, "FOLDER", later)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, any_empty_database, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert worker.stdout is not None
    worker.stdout.readline()

    applied = schema.upgrade()
    left = jobs.count(statuses=["queued"])
    worker.communicate()

    assert applied == ["9999_growth"]
    assert left > 0
    assert worker.returncode == 0
    assert jobs.count(statuses=["complete"]) == 100


def test_what_users_had_stored_before_is_counted_by_the_migration(
    any_empty_database: str,
) -> None:
    schema._runner().up("0001_initial")
    for row in (
        "INSERT INTO users VALUES ('anna', 'anna', 'anna', '', 0, 0)",
        "INSERT INTO users VALUES ('ben', 'ben', 'ben', '', 0, 0)",
        "INSERT INTO projects VALUES ('film', 'anna', 'film', '', '{}', 1, 0, 0)",
        "INSERT INTO media_assets (id, project_id, filename, media_type, processing_status,"
        " file_size, checksum, sort_order, excluded, pinned, original_key, created_at)"
        " VALUES ('photo', 'film', '', 'image', 'ready', 100, '', 0, false, false, '', 0)",
        "INSERT INTO outputs (id, project_id, job_id, kind, storage_key, file_size, edl_hash,"
        " created_at, removed_at) VALUES ('a', 'film', 'a', 'final', '', 20, '', 0, NULL),"
        " ('b', 'film', 'b', 'final', '', 7, '', 0, 1)",
    ):
        with base.transaction():
            base.database.execute_sql(row)

    schema.upgrade()

    assert [users.by_id(name).bytes_used for name in ("anna", "ben")] == [120, 0]


def test_names_from_before_they_were_normalised_are_found_however_they_are_typed(
    any_empty_database: str,
) -> None:
    schema._runner().up("0011_stamps")
    for row in (
        "INSERT INTO users (id, username, username_folded, password_hash, token_version,"
        " created_at, bytes_used) VALUES ('1', '\uff3aoë', '\uff5aoë', '', 0, 0, 0),"
        " ('2', 'anna', 'anna', '', 0, 0, 0), ('3', '\uff41nna', '\uff41nna', '', 0, 0, 0)",
    ):
        with base.transaction():
            base.database.execute_sql(row)

    schema.upgrade()

    assert [users.named(name).id for name in ("Zoë", "Anna", "anna-3")] == ["1", "2", "3"]
