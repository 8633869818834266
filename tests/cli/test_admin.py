"""The operator's groups: the schema, the queue and accounts, from the command line."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from beatstitch import queue
from beatstitch.cli.admin import GROUPS, attach
from beatstitch.db import base, schema, users
from beatstitch.queue import Fault
from beatstitch.settings import settings
from moments import DICE, PROBE, claimed, submitted

Admin = Callable[..., Result]


@pytest.fixture
def admin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Admin]:
    """Runs `GROUP COMMAND …` on a database of the test's own."""
    url = f"sqlite:///{tmp_path}/beatstitch.db"
    monkeypatch.setenv("DATABASE_URL", url)
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

    assert {"database", "jobs", "users"} <= set(app.cli.commands)


def test_upgrading_says_what_was_applied_and_then_that_nothing_is_left(admin: Admin) -> None:
    first, second = admin("database", "upgrade"), admin("database", "upgrade")

    assert "applied 0001_initial" in first.output
    assert second.output == "The database is up to date.\n"


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
    job = submitted(PROBE)
    queue.fail(claimed().lease, Fault("corrupt_media", "Broken.", False), queue.now(), DICE)

    listed = admin("jobs", "list", "--status", "failed").output
    shown = admin("jobs", "show", job.id).output
    retried = admin("jobs", "retry", job.id).output
    cancelled = admin("jobs", "cancel", job.id).output

    assert job.id in listed
    assert "Broken." in listed
    assert json.loads(shown)["error_code"] == "corrupt_media"
    assert (retried, cancelled) == (f"queued {job.id}\n", f"cancelled {job.id}\n")


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
