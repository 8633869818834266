"""The hour's tidying: what is old goes, what is not stays."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from beatstitch import queue
from beatstitch.db import audit, base, jobs, kept_answers, schema, sessions, users
from beatstitch.jobs.kinds import KINDS
from beatstitch.jobs.maintenance import rows
from callers import deployment

__all__ = ["deployment"]
MAINTENANCE = KINDS["maintenance"]


@pytest.fixture(autouse=True)
def database(deployment: Path) -> Iterator[Path]:
    file = deployment / "beatstitch.db"
    base.connect(f"sqlite:///{file}")
    schema.upgrade()
    yield file
    base.disconnect()


def test_old_jobs_and_expired_tokens_go() -> None:
    now = base.utc_now()
    user = users.create("anna", "hash")
    sessions.start("old", user.id, now - timedelta(seconds=1))
    sessions.start("new", user.id, now + timedelta(hours=1))
    past = queue.Instant(int((now - timedelta(days=8)).timestamp() * 1000), 0, "boot")
    queue.cancel(queue.submit(MAINTENANCE, {}, at=past).id, past)
    kept = queue.submit(MAINTENANCE, {}, at=queue.now())

    ticket = rows.prepare(kept)

    assert (ticket.jobs, ticket.tokens) == (1, 1)
    assert [job.id for job in jobs.page(10)] == [kept.id]
    assert sessions.is_live("new", now)


def test_old_deeds_and_answers_go() -> None:
    now = base.utc_now()
    user = users.create("anna", "hash")
    for days in (0, 100):
        audit.note("login", actor="nobody")
        kept_answers.claim(user.id, f"{days} days", "x" * 64, base.new_id(), now)
        past = now - timedelta(days=days)
        newest = audit.page(1)[0].id
        audit.AuditEvent.update(at=past).where(audit.AuditEvent.id == newest).execute()
        kept_answers.KeptAnswer.update(created_at=past).where(
            kept_answers.KeptAnswer.key == f"{days} days"
        ).execute()

    ticket = rows.prepare(queue.submit(MAINTENANCE, {}, at=queue.now()))

    assert (ticket.deeds, ticket.answers) == (1, 1)


def test_the_write_ahead_log_is_folded_in(database: Path) -> None:
    users.create("anna", "hash")
    log = Path(f"{database}-wal")
    assert log.stat().st_size > 0

    rows.prepare(queue.submit(MAINTENANCE, {}, at=queue.now()))

    assert log.stat().st_size == 0
