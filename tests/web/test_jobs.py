"""Jobs: seen, waited for, followed, stopped, tried again."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask

import backstage
from beatstitch import queue
from beatstitch.db import base
from beatstitch.db.jobs import Job
from beatstitch.queue import Line, Progress
from beatstitch.web import waiting
from callers import Caller, refused


@pytest.fixture
def job_id(anna: Caller) -> str:
    """A job that hears a song and is in the queue."""
    started: str = anna.song(anna.project())["analysis_job_id"]
    return started


def test_a_job_says_how_far_it_is(anna: Caller, job_id: str) -> None:
    queued = anna.get(f"/jobs/{job_id}").json
    claim = backstage.claimed(job_id)
    queue.renew(claim.lease, queue.now(), Progress(40, "analyzing", "Hearing the beats"))
    Job.update(started_at=base.utc_now() - timedelta(seconds=40)).execute()

    running = anna.get(f"/jobs/{job_id}").json

    assert (queued["status"], queued["attempts"], queued["started_at"]) == ("queued", 0, None)
    assert (running["status"], running["attempts"]) == ("running", 1)
    assert (running["progress_percent"], running["stage"]) == (40, "analyzing")
    assert running["progress_message"] == "Hearing the beats"
    assert 59 <= running["eta_seconds"] <= 61
    assert running["links"]["cancel"] == f"/api/jobs/{job_id}/cancel"


def test_a_job_that_failed_says_why(anna: Caller, job_id: str) -> None:
    backstage.failed(job_id, "no_sound", "There is no sound in it.")

    job = anna.get(f"/jobs/{job_id}").json

    assert (job["status"], job["error_code"]) == ("failed", "no_sound")
    assert job["error_message"] == "There is no sound in it."
    assert job["completed_at"] is not None
    assert job["links"]["cancel"] is None


def test_a_parent_that_waits_is_shown_as_running_and_its_parts_are_not(
    anna: Caller, job_id: str
) -> None:
    claim = backstage.claimed(job_id)
    part = queue.Child("timeline_build", {"project_id": "x"})
    queue.fan_out(claim.lease, queue.FanOut([part]), backstage.KINDS, queue.now())

    assert anna.get(f"/jobs/{job_id}").json["status"] == "running"
    assert [job["id"] for job in anna.get("/jobs?status=running").json["items"]] == [job_id]
    assert anna.get("/jobs").json["total"] == 1
    assert anna.get(f"/jobs?parent_id={job_id}").json["total"] == 1


def test_jobs_are_listed_by_status_kind_and_project(anna: Caller) -> None:
    first, second = anna.project(), anna.project()
    song = anna.song(first)["analysis_job_id"]
    anna.medium(first)
    anna.medium(second)
    backstage.failed(song)

    def total(query: str) -> int:
        count: int = anna.get(f"/jobs?{query}").json["total"]
        return count

    assert total("") == 3
    assert total("status=failed") == total("job_type=beat_analysis") == 1
    assert total("status=failed&status=queued") == 3
    assert total(f"project_id={second.rpartition('/')[2]}") == 1
    page = anna.get("/jobs?limit=2").json
    rest = anna.get(f"/jobs?limit=2&cursor={page['next_cursor']}").json
    assert [len(page["items"]), len(rest["items"]), rest["next_cursor"]] == [2, 1, None]
    refused(anna.get("/jobs?status=waiting"), 422, "validation_error")


def test_a_queued_job_is_cancelled_at_once(anna: Caller, job_id: str) -> None:
    cancelled = anna.post(f"/jobs/{job_id}/cancel")

    assert (cancelled.status_code, cancelled.json["status"]) == (200, "cancelled")


def test_what_has_ended_cannot_be_cancelled(anna: Caller, job_id: str) -> None:
    anna.delete(f"/jobs/{job_id}")

    again = refused(anna.delete(f"/jobs/{job_id}"), 409, "not_cancellable")

    assert again["details"]["status"] == "cancelled"
    assert again["details"]["cancellable_statuses"] == ["queued", "running"]


def test_a_job_that_failed_is_tried_again_by_hand(anna: Caller, job_id: str) -> None:
    refused(anna.post(f"/jobs/{job_id}/retry"), 409, "not_retryable")
    backstage.failed(job_id)

    again = anna.post(f"/jobs/{job_id}/retry")

    assert (again.status_code, again.json["status"]) == (200, "queued")


def test_a_job_of_a_newer_version_is_shown_and_stopped_and_left_to_that_version(
    anna: Caller, job_id: str
) -> None:
    Job.update(kind="hologram").where(Job.id == job_id).execute()

    listed = anna.get("/jobs").json["items"]
    stopped = anna.delete(f"/jobs/{job_id}").json
    again = anna.post(f"/jobs/{job_id}/retry")

    assert [(job["id"], job["job_type"], job["priority"]) for job in listed] == [
        (job_id, "hologram", 2)
    ]
    assert stopped["status"] == "cancelled"
    refused(again, 409, "newer_kind")


def test_a_part_is_as_urgent_as_what_it_is_a_part_of(anna: Caller, job_id: str) -> None:
    part = queue.Child("proxy", {"media_asset_id": "x"})  # nobody waits for one made by itself
    claim = backstage.claimed(job_id)
    queue.fan_out(claim.lease, queue.FanOut([part]), backstage.KINDS, queue.now())

    (listed,) = anna.get(f"/jobs?parent_id={job_id}").json["items"]

    assert anna.get(f"/jobs/{job_id}").json["priority"] == 1
    assert listed["priority"] == anna.get(f"/jobs/{listed['id']}").json["priority"] == 1


def test_the_log_of_a_job_is_its_last_lines(anna: Caller, job_id: str) -> None:
    lease = backstage.claimed(job_id).lease
    queue.note(lease, [Line(base.utc_now(), "INFO", f"line {n}") for n in range(5)])

    log = anna.get(f"/jobs/{job_id}/logs?lines=2").json

    assert [line["text"] for line in log["lines"]] == ["line 3", "line 4"]


@contextmanager
def _meanwhile(app: Flask, act: object, job_id: str) -> Iterator[None]:
    """Something happens to the job in another thread as soon as somebody waits for it."""
    seats: waiting.Seats = app.extensions[waiting.EXTENSION]

    def run() -> None:
        while not seats._taken.total():
            seats.closing.wait(0.01)
        assert callable(act)
        act(job_id)
        base.disconnect()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join()


def test_a_call_waits_for_the_end_of_a_job(app: Flask, anna: Caller, job_id: str) -> None:
    with _meanwhile(app, backstage.failed, job_id):
        job = anna.get(f"/jobs/{job_id}?wait=30").json

    assert job["status"] == "failed"


def test_a_call_waits_no_longer_than_it_says(anna: Caller, job_id: str) -> None:
    assert anna.get(f"/jobs/{job_id}?wait=0.05").json["status"] == "queued"
    refused(anna.get(f"/jobs/{job_id}?wait=31"), 422, "validation_error")


def test_who_finds_no_seat_is_answered_at_once(app: Flask, anna: Caller, job_id: str) -> None:
    app.extensions[waiting.EXTENSION] = waiting.Seats(0)

    assert anna.get(f"/jobs/{job_id}?wait=30").json["status"] == "queued"
    refused(anna.get(f"/jobs/{job_id}/events"), 503, "too_many_streams")


def _events(text: str) -> list[tuple[str, str, dict[str, object]]]:
    """(event, id, data) of every event in a stream."""
    blocks = [block.splitlines() for block in text.split("\n\n") if "event:" in block]
    return [
        (lines[0].removeprefix("event: "), lines[1], json.loads(lines[2].removeprefix("data: ")))
        for lines in blocks
    ]


def test_a_stream_tells_a_job_to_its_end(app: Flask, anna: Caller, job_id: str) -> None:
    with _meanwhile(app, backstage.failed, job_id):
        stream = anna.get(f"/jobs/{job_id}/events")

    events = _events(stream.text)
    assert stream.mimetype == "text/event-stream"
    assert (events[0][0], events[0][2]["status"]) == ("progress", "queued")
    assert (events[-1][0], events[-1][2]["status"]) == ("end", "failed")


def test_a_stream_does_not_repeat_what_was_seen(anna: Caller, job_id: str) -> None:
    backstage.failed(job_id)
    ((_, tag, _),) = _events(anna.get(f"/jobs/{job_id}/events").text)

    again = anna.get(f"/jobs/{job_id}/events", headers={"Last-Event-ID": tag.removeprefix("id: ")})

    assert _events(again.text) == []


def test_a_stream_gives_its_seat_back(app: Flask, anna: Caller, job_id: str) -> None:
    room: waiting.Seats = app.extensions[waiting.EXTENSION]
    streams = [anna.get(f"/jobs/{job_id}/events", buffered=False) for _ in range(3)]
    refused(anna.get(f"/jobs/{job_id}/events"), 503, "too_many_streams")

    for stream in streams:
        stream.close()

    assert room.take(anna.user_id)
