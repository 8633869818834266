"""A backup is of one moment, whole, and says what it holds; what comes back is what it was."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import backstage
from beatstitch import queue
from beatstitch.db import base, chunks, media, projects, users
from beatstitch.db.jobs import Job
from beatstitch.errors import Conflict, Invalid
from beatstitch.inventory import manifest as manifests
from beatstitch.inventory.backup import back_up, sha256
from beatstitch.inventory.restore import Restored, restore
from beatstitch.jobs.kinds import KINDS
from beatstitch.queue.presence import Presence
from beatstitch.storage import Storage
from callers import Caller, stored

WRITER = """
import sys
from beatstitch.db import base, users
base.connect(sys.argv[1])
print("ready", flush=True)
for number in range(100_000):
    users.create(f"writer-{number}", "hash")
    print(number, flush=True)
"""


@pytest.fixture
def backup(project: str, place: Storage, tmp_path: Path) -> Path:
    """A backup of the project with its files."""
    back_up(place, tmp_path / "backup", with_files=True)
    return tmp_path / "backup"


def brought_back(place: Storage, backup: Path, *, replace: bool = True) -> Restored:
    return restore(place, backup, queue.now(), replace=replace)


def test_a_backup_says_what_it_holds(project: str, backup: Path) -> None:
    held = manifests.read(backup)

    assert (held.rows["users"], held.rows["projects"], held.has_files) == (1, 1, True)
    assert held.missing == ()
    assert {entry.key.split("/")[0] for entry in held.files} == {"uploads", "derived", "outputs"}
    assert not [entry for entry in held.files if "/chunks/" in entry.key]
    for entry in held.files:
        assert (backup / "files" / entry.key).stat().st_size == entry.size_bytes


def test_a_backup_without_files_is_a_list_of_them(
    project: str, place: Storage, tmp_path: Path
) -> None:
    held = back_up(place, tmp_path / "backup", with_files=False)

    assert len(held.files) >= 8
    assert sorted(path.name for path in (tmp_path / "backup").iterdir()) == [
        "beatstitch.db",
        "manifest.json",
    ]


def test_a_backup_is_not_written_over_anything(place: Storage, app: object, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("not yours")

    with pytest.raises(Conflict):
        back_up(place, tmp_path, with_files=False)


def test_a_file_that_is_missing_already_is_named(
    project: str, place: Storage, tmp_path: Path
) -> None:
    asset = media.of_project(project)[0]
    place.delete(asset.original_key)

    assert back_up(place, tmp_path / "backup", with_files=True).missing == (asset.original_key,)


def test_a_backup_made_while_others_write_is_whole_and_holds_nobody_up(
    app: object, place: Storage, deployment: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{deployment}/beatstitch.db"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    for line in writer.stdout:
        if line == "20\n":
            break

    before = users.User.select().count()
    held = back_up(place, tmp_path / "backup", with_files=False)
    after = users.User.select().count()
    # It goes on writing, as though nothing had been.
    assert writer.stdout.readline()
    writer.kill()
    writer.communicate()

    with closing(sqlite3.connect(tmp_path / "backup" / "beatstitch.db")) as copy:
        (sound,) = copy.execute("PRAGMA integrity_check").fetchone()
        names = {name for (name,) in copy.execute("SELECT username FROM users")}
    assert sound == "ok"
    assert before <= len(names) == held.rows["users"] <= after
    assert names == {f"writer-{number}" for number in range(len(names))}


def test_what_comes_back_is_what_it_was(
    project: str, place: Storage, backup: Path, deployment: Path, anna: Caller
) -> None:
    told = anna.get(f"/projects/{project}").json
    files = {name: (deployment / name).read_bytes() for name in stored(deployment)}
    base.disconnect()
    shutil.rmtree(deployment)
    deployment.mkdir()

    back = brought_back(place, backup, replace=False)

    assert (back.wrong, back.kept, back.forgotten_chunks) == ((), None, 1)
    assert anna.get(f"/projects/{project}").json == told
    assert anna.get(f"/projects/{project}/outputs/final").status_code == 200
    left_out = {name for name in files if "/chunks/" in name or name.endswith("edl.json")}
    for name in set(files) - left_out:
        assert (deployment / name).read_bytes() == files[name]


def test_jobs_that_ran_run_again_and_no_fault_is_counted(
    project: str, place: Storage, anna: Caller, tmp_path: Path
) -> None:
    anna.medium(f"/projects/{project}")
    (running,) = Job.select().where(Job.status == "queued")
    backstage.claimed(running.id)
    asked_to_stop = queue.submit(KINDS["maintenance"], {}, at=queue.now())
    backstage.claimed(asked_to_stop.id)
    queue.cancel(asked_to_stop.id, queue.now())
    back_up(place, tmp_path / "backup", with_files=False)

    back = brought_back(place, tmp_path / "backup")

    row = Job.get_by_id(running.id)
    assert back.requeued == 2
    assert (row.status, row.faults, row.lease_owner) == ("queued", 0, None)
    assert Job.get_by_id(asked_to_stop.id).status == "cancelled"
    assert backstage.claimed(running.id).lease.attempt == 2


def test_a_database_in_use_by_people_is_not_replaced_unasked_and_is_kept_if_asked(
    project: str, place: Storage, backup: Path
) -> None:
    later = users.create("later", "hash")

    with pytest.raises(Conflict) as refused:
        brought_back(place, backup, replace=False)
    back = brought_back(place, backup)

    assert refused.value.code == "not_empty"
    assert users.by_name("later") is None
    assert back.kept is not None
    with closing(sqlite3.connect(back.kept)) as old:
        assert old.execute("SELECT id FROM users WHERE username = 'later'").fetchall() == [
            (later.id,)
        ]


def test_nothing_is_brought_back_under_a_running_service(
    project: str, place: Storage, backup: Path, deployment: Path
) -> None:
    worker = Presence("somebody")
    with pytest.raises(Conflict) as seen:
        brought_back(place, backup)
    worker.close()

    with closing(sqlite3.connect(deployment / "beatstitch.db")) as server:
        server.execute("SELECT 1 FROM users").fetchall()
        with pytest.raises(Conflict) as felt:
            brought_back(place, backup)

    assert (seen.value.code, felt.value.code) == ("database_in_use", "database_in_use")
    assert projects.by_id(project).id == project
    assert not list(deployment.glob("*.restoring"))


@pytest.mark.parametrize("damage", ["no manifest", "no json", "other database", "broken database"])
def test_a_damaged_backup_changes_nothing(
    project: str, place: Storage, backup: Path, damage: str
) -> None:
    manifest, copy = backup / "manifest.json", backup / "beatstitch.db"
    if damage == "no manifest":
        manifest.unlink()
    elif damage == "no json":
        manifest.write_text("{")
    elif damage == "other database":
        copy.write_bytes(copy.read_bytes() + b"!")
    else:
        content = bytearray(copy.read_bytes())
        content[4096 : 4096 * 3] = b"\xff" * 4096 * 2
        copy.write_bytes(content)
        text = manifest.read_text().replace(
            manifests.read(backup).database_sha256 or "", sha256(copy)
        )
        manifest.write_text(text)

    with pytest.raises(Invalid) as refused:
        brought_back(place, backup)

    assert refused.value.code == "bad_backup"
    assert projects.by_id(project).id == project


def test_a_backup_of_a_newer_version_is_refused(
    project: str, place: Storage, tmp_path: Path
) -> None:
    with base.transaction():
        base.database.execute_sql(
            "INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01')"
        )
    back_up(place, tmp_path / "backup", with_files=False)

    with pytest.raises(Invalid) as refused:
        brought_back(place, tmp_path / "backup")

    assert refused.value.code == "schema_newer"


def test_files_that_did_not_come_along_are_named(
    project: str, place: Storage, tmp_path: Path
) -> None:
    back_up(place, tmp_path / "backup", with_files=False)
    asset = media.of_project(project)[0]
    place.fetch(asset.original_key).write_bytes(b"something else")
    (chunk,) = chunks.of_project(project)
    place.delete(chunk.storage_key)

    back = brought_back(place, tmp_path / "backup")

    assert back.wrong == (asset.original_key,)
    assert chunks.of_project(project) == []
