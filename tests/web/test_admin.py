"""What those see who look after the service, and that nobody else does."""

import pytest
from flask import Flask

import backstage
from beatstitch.db import base, chunks
from beatstitch.db.jobs import Job
from beatstitch.inventory import sweep
from beatstitch.queue.presence import Presence, Tools
from beatstitch.web import keys
from beatstitch.web.api import admin
from callers import JPEG, Caller, refused

READS = ("workers", "storage", "stats", "audit")


@pytest.fixture
def operator(app: Flask, anna: Caller) -> Caller:
    """Somebody with a key that the operator made."""
    _, text = keys.issue(anna.user_id, name="x", scopes=["admin"], now=base.utc_now())
    return Caller(app, {"X-API-Key": text}, anna.user_id)


def test_it_takes_a_key_of_the_operators(app: Flask, anna: Caller) -> None:
    key = anna.post("/keys", {"name": "x", "scopes": ["read", "write", "render", "account"]}).json
    program = Caller(app, {"X-API-Key": key["key"]})

    for caller in (anna, program):
        for what in READS:
            refused(caller.get(f"/admin/{what}"), 403, "forbidden")
        refused(caller.post("/admin/cleanup", {"dry_run": False}), 403, "forbidden")
    assert Job.select().count() == 0


def test_a_look_at_what_would_go_holds_nobody_up(
    operator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_held: list[bool] = []

    def look(_: object) -> list[str]:
        is_held.append(base.database.in_transaction())
        return []

    monkeypatch.setattr(sweep, "projects", look)

    plan = operator.call("POST", "/admin/cleanup", json={}, headers={"Idempotency-Key": "x"})

    assert (plan.status_code, is_held) == (200, [False])


def test_an_admin_key_does_nothing_else(operator: Caller) -> None:
    refused(operator.get("/projects"), 403, "forbidden")
    refused(operator.post("/keys", {"name": "x", "scopes": ["read"]}), 403, "forbidden")


def test_workers_are_listed_with_their_tools(operator: Caller) -> None:
    worker = Presence("somebody", Tools("bubblewrap", "ffmpeg 5", 2, 4))

    shown = operator.get("/admin/workers").json

    worker.close()
    assert shown["total"] == 1
    assert shown["items"] == [
        {"sandbox": "bubblewrap", "ffmpeg": "ffmpeg 5", "light_slots": 2, "heavy_slots": 4}
    ]


def test_storage_and_numbers_are_told(operator: Caller, anna: Caller) -> None:
    project = anna.project()
    backstage.looked_at(anna.medium(project))
    chunks.keep(project.rpartition("/")[2], "abc", "derived/x/chunks/abc.mp4", 5)

    storage = operator.get("/admin/storage").json
    stats = operator.get("/admin/stats").json

    assert (storage["user_bytes"], storage["cache_bytes"]) == (len(JPEG), 5)
    assert 0 < storage["free_bytes"] < storage["total_bytes"]
    assert (stats["users"], stats["projects"], stats["media"], stats["keys"]) == (1, 1, 1, 1)
    assert stats["jobs_ended"] == {"complete": 1}
    assert stats["jobs_live"] == {"queued": 0, "running": 0, "waiting": 0}


def test_a_cleanup_says_first_what_would_go(
    operator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "LEFT_ALONE", sweep.LEFT_ALONE * -1)
    backstage.lay("derived/nobodys/film.mp4", b"x" * 10)

    plan = operator.post("/admin/cleanup", {}).json
    started = operator.post("/admin/cleanup", {"dry_run": False})

    counted = {"films": 0, "chunks": 0, "proxies": 0, "files": 1, "bytes": 10}
    assert plan == counted | {"projects": 1, "looked_at": 1}
    assert started.status_code == 202
    (job,) = Job.select()
    assert (job.id, job.kind, job.status) == (started.json["job_id"], "maintenance", "queued")
    refused(operator.post("/admin/cleanup", {"dry_run": False}), 409, "conflict")


def test_a_look_at_what_would_go_ends_in_time(
    operator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "LOOK_S", -1.0)
    backstage.lay("derived/nobodys/film.mp4", b"x" * 10)

    plan = operator.post("/admin/cleanup", {}).json

    assert (plan["projects"], plan["looked_at"], plan["files"]) == (1, 0, 0)


def test_the_audit_log_is_read_by_page_user_and_deed(
    app: Flask, operator: Caller, anna: Caller, ben: Caller
) -> None:
    for caller in (anna, ben, anna):
        caller.delete(caller.project())
    anna.post("/auth/logout")

    whole = operator.get("/admin/audit?limit=3").json
    rest = operator.get(f"/admin/audit?cursor={whole['next_cursor']}").json
    bens = operator.get(f"/admin/audit?user_id={ben.user_id}").json
    logouts = operator.get("/admin/audit?action=logout").json

    assert [deed["action"] for deed in whole["items"]] == ["logout"] + ["project_deleted"] * 2
    assert (len(rest["items"]), whole["total"], bens["total"], logouts["total"]) == (1, 4, 1, 1)
    assert whole["items"][0]["actor"] == "login"
    assert whole["items"][0]["address"] == "127.0.0.1"
    refused(operator.get("/admin/audit?action=nonsense"), 422, "validation_error")
