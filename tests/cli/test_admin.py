"""The operator's groups: the schema, the queue and accounts, from the command line."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from beatstitch import queue
from beatstitch.cli.admin import GROUPS, attach
from beatstitch.db import api_keys, audit, base, projects, schema, users
from beatstitch.db.jobs import Job, JobLine
from beatstitch.jobs.kinds import KINDS
from beatstitch.queue import Fault
from beatstitch.settings import settings
from beatstitch.storage.configured import configured
from beatstitch.web import keys
from moments import DICE, PROBE, after, claimed, submitted

Admin = Callable[..., Result]


@pytest.fixture
def admin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Admin]:
    """Runs `GROUP COMMAND …` on a database of the test's own."""
    url = f"sqlite:///{tmp_path}/beatstitch.db"
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("STORAGE_PATH", str(tmp_path))
    settings.cache_clear()
    base.connect(url)
    groups = {group.name: group for group in GROUPS}

    def run(group: str, *arguments: str, **options: str) -> Result:
        return CliRunner().invoke(groups[group], arguments, **options)  # type: ignore[arg-type]

    yield run
    base.disconnect()
    settings.cache_clear()


def test_the_groups_hang_on_the_application() -> None:
    app = Flask("any")

    attach(app)

    assert {"database", "jobs", "keys", "users"} <= set(app.cli.commands)


def test_upgrading_says_what_was_applied_and_then_that_nothing_is_left(admin: Admin) -> None:
    first, second = admin("database", "upgrade"), admin("database", "upgrade")

    assert "applied 0001_initial" in first.output
    assert second.output == "The database is up to date.\n"


def test_an_upgrade_copies_the_database_first(
    admin: Admin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin("database", "upgrade")
    users.create("anna", "hash")
    newer = shutil.copytree(schema.FOLDER, tmp_path / "migrations")
    (newer / "9000_more.py").write_text(
        "def up(_, db):\n    db.execute_sql('CREATE TABLE more (id INTEGER)')\n"
    )
    monkeypatch.setattr(schema, "FOLDER", newer)

    upgraded = admin("database", "upgrade")

    (copy,) = (tmp_path / "backups").iterdir()
    assert f"The database as it was: {copy}\napplied 9000_more" in upgraded.output
    assert copy.name.endswith("-before-9000_more.db")
    with closing(sqlite3.connect(copy)) as reader:
        assert reader.execute("SELECT username FROM users").fetchall() == [("anna",)]


def test_a_backup_is_made_and_brought_back_by_hand(
    admin: Admin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_PATH", str(tmp_path / "storage"))
    settings.cache_clear()
    configured.cache_clear()
    admin("database", "upgrade")
    users.create("anna", "hash")
    backup = str(tmp_path / "backup")

    made = admin("database", "backup", backup)
    again = admin("database", "backup", backup)
    refused = admin("database", "restore", backup)
    back = admin("database", "restore", backup, "--replace")
    configured.cache_clear()

    assert made.exit_code == 0, made.output
    assert "(1 users, 0 projects, 0 media_assets, 0 jobs) and 0 files of 0 bytes" in made.output
    assert "--files copies them" in made.output
    assert (again.exit_code, refused.exit_code) == (1, 1)
    assert "is not empty" in again.output
    assert "--replace" in refused.output
    assert back.exit_code == 0, back.output
    assert "0 jobs that ran are queued again" in back.output
    assert "All 0 files are there." in back.output
    assert users.by_name("anna") is not None


def test_an_outdated_schema_is_one_sentence_and_exit_1(admin: Admin) -> None:
    admin("database", "upgrade")
    with base.transaction():
        base.database.execute_sql("DELETE FROM schema_migration")

    refused = admin("jobs", "list")

    assert refused.exit_code == 1
    assert refused.output.startswith("Error: The database lacks ")
    assert "pending 0001_initial" in admin("database", "status").output


def test_jobs_are_listed_shown_cancelled_and_tried_again(admin: Admin) -> None:
    schema.upgrade()
    kind = KINDS["maintenance"]
    job = submitted(kind)
    lease = claimed(kinds=(kind,)).lease
    queue.fail(lease, Fault("corrupt_media", "Broken.", False), queue.now(), DICE)

    listed = admin("jobs", "list", "--status", "failed").output
    shown = admin("jobs", "show", job.id).output
    retried = admin("jobs", "retry", job.id).output
    cancelled = admin("jobs", "cancel", job.id).output

    assert job.id in listed
    assert "Broken." in listed
    assert json.loads(shown)["error_code"] == "corrupt_media"
    assert (retried, cancelled) == (f"queued {job.id}\n", f"cancelled {job.id}\n")


def test_the_logs_of_jobs_are_followed_to_their_end(admin: Admin) -> None:
    schema.upgrade()
    job, other = submitted(PROBE), submitted(PROBE)
    for text in ("one", "two"):
        _noted(job, text)
    _noted(other, "else")
    queue.cancel(job.id, queue.now())

    everything = admin("jobs", "tail", "--once", "--lines", "2").output.splitlines()
    its_own = admin("jobs", "tail", job.id).output.splitlines()

    assert [line.split()[1:] for line in everything] == [
        [job.id, "1", "INFO", "two"],
        [other.id, "1", "INFO", "else"],
    ]
    assert [line.split()[-1] for line in its_own] == ["one", "two"]
    assert admin("jobs", "tail", "nobody").exit_code == 1


def _noted(job: Job, text: str) -> None:
    JobLine.create(job=job.id, attempt=1, level="INFO", text=text, at=base.utc_now())


def test_the_figures_of_the_queue_are_shown(admin: Admin) -> None:
    schema.upgrade()
    submitted(PROBE, seconds=0)
    queue.finish(claimed(seconds=1).lease, None, after(3))
    submitted(PROBE, seconds=4)

    shown = admin("jobs", "stats").output.splitlines()
    told = json.loads(admin("jobs", "stats", "--json").output)

    (probe,) = told["kinds"]
    assert shown[0].startswith("1 queued, the oldest for ")
    assert shown[2].split() == ["probe", *"100100", "2.0", "2.0", "2.0"]
    assert (probe["queued"], probe["complete"], probe["p95_s"]) == (1, 1, 2.0)


def test_cancelling_what_has_ended_says_so(admin: Admin) -> None:
    schema.upgrade()
    job = submitted(PROBE)
    queue.finish(claimed().lease, None, queue.now())

    refused = admin("jobs", "cancel", job.id)

    assert refused.exit_code == 1
    assert "complete already" in refused.output


def test_an_account_is_made_and_its_password_asked_for_twice(admin: Admin) -> None:
    made = admin("users", "add", "Anna", input="long enough\nlong enough\n")

    user = users.by_name("anna")
    assert made.exit_code == 0
    assert user is not None
    assert user.password_hash.startswith("$2b$12$")


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("ab", "long enough", "at least 3 characters"),
        ("anna", "short", "8 to 72 bytes"),
        ("anna", "ä" * 40, "8 to 72 bytes"),
    ],
)
def test_a_bad_name_or_password_is_refused(
    admin: Admin, name: str, password: str, why: str
) -> None:
    refused = admin("users", "add", name, "--password", password)

    assert refused.exit_code == 2
    assert why in refused.output


def test_a_taken_name_is_refused_in_any_case(admin: Admin) -> None:
    admin("users", "add", "anna", "--password", "long enough")

    refused = admin("users", "add", "ANNA", "--password", "long enough")

    assert (refused.exit_code, refused.output) == (1, 'Error: The name "ANNA" is taken.\n')


@pytest.fixture
def anna(admin: Admin) -> users.User:
    """An account."""
    schema.upgrade()
    return users.create("anna", "no hash of any password")


def test_a_key_is_issued_listed_rotated_and_revoked(admin: Admin, anna: users.User) -> None:
    issued = admin("keys", "issue", "Anna", "--name", "shop", "--scope", "admin", "--days", "7")
    text = issued.output.strip()
    user, key = keys.read(text, base.utc_now())

    listed = admin("keys", "list", "anna").output
    rotated = admin("keys", "rotate", key.id).output.strip()
    revoked = admin("keys", "revoke", key.id)

    assert (user.id, key.scopes) == (anna.id, ["admin"])
    assert key.expires_at is not None
    assert key.id in listed
    assert text not in listed
    assert rotated.startswith("bs_")
    assert rotated != text
    assert (revoked.exit_code, api_keys.count_of_user(anna.id)) == (0, 0)


def test_a_trusted_key_gets_rates_of_its_own(admin: Admin, anna: users.User) -> None:
    issue = ("keys", "issue", "anna", "--name", "shop", "--rate")

    admin(*issue, "render=50/300")
    refused = admin(*issue, "sleep=1/2")

    assert [key.rates for key in api_keys.page(anna.id, 9)] == [{"render": "50/300"}]
    assert refused.exit_code == 2
    assert "categories are auth" in refused.output


def test_an_account_gets_another_password_and_every_login_is_void(
    admin: Admin, anna: users.User
) -> None:
    admin("users", "password", "anna", input="long enough\nlong enough\n")
    admin("users", "logout", "anna")

    changed = users.by_id(anna.id)
    assert changed.password_hash.startswith("$2b$12$")
    assert changed.token_version == 2


def test_an_account_goes_with_its_projects(admin: Admin, anna: users.User) -> None:
    for n in range(3):
        projects.create(anna.id, f"film {n}")
    listed = admin("users", "list").output

    kept = admin("users", "remove", "anna", input="n\n")
    gone = admin("users", "remove", "anna", "--yes")

    assert f"{anna.id}" in listed
    assert (kept.exit_code, gone.exit_code) == (1, 0)
    assert users.by_name("anna") is None
    assert projects.count_of_user(anna.id) == 0


def test_what_the_operator_does_is_written_down_without_secrets(
    admin: Admin, anna: users.User
) -> None:
    admin("users", "add", "ben", "--password", "long enough")
    admin("keys", "issue", "ben", "--name", "shop")

    log = admin("users", "audit", "--action", "command")

    assert "users add: ben" in log.output
    assert "keys issue: bs_" in log.output
    assert "long enough" not in log.output
    assert {deed.actor for deed in audit.page(9)} == {"operator"}


def test_the_audit_log_shows_no_control_characters(admin: Admin, anna: users.User) -> None:
    audit.note("project_deleted", actor="login", subject="\x1b[2J film")

    assert "\x1b" not in admin("users", "audit").output


def test_a_user_who_is_not_there_is_one_sentence(admin: Admin, anna: users.User) -> None:
    refused = admin("keys", "list", "nobody")

    assert (refused.exit_code, refused.output) == (1, "Error: There is no such user.\n")


def test_an_account_gets_limits_of_its_own_and_the_usual_ones_back(
    admin: Admin, anna: users.User
) -> None:
    own = admin("users", "limits", "anna", "--projects", "3", "--bytes", "1000").output
    usual = admin("users", "limits", "anna", "--reset", "--media", "0").output

    assert own == "projects  0 of 3\nmedia     0 of 1000\nbytes     0 of 1000\n"
    assert usual == "projects  0 of 20\nmedia     0 of 0\nbytes     0 of 50000000000\n"


def test_a_wrong_count_of_bytes_is_put_right(admin: Admin, anna: users.User) -> None:
    users.set_limits(anna.id, {"bytes_used": 12})

    assert admin("users", "recount", "anna").output == "anna: -12 bytes\n"
    assert users.by_id(anna.id).bytes_used == 0
