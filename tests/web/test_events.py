"""The stream of everything that happens to a user's jobs."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

import backstage
from beatstitch import queue
from beatstitch.db import base, jobs
from beatstitch.db.jobs import Job
from beatstitch.web import waiting
from callers import Caller, refused


class Stream:
    """An open stream of events, read one by one."""

    def __init__(self, caller: Caller, last_seen: str | None = None) -> None:
        headers = {} if last_seen is None else {"Last-Event-ID": last_seen}
        self.answer = caller.get("/events", headers=headers, buffered=False)
        assert self.answer.status_code == 200, self.answer.text
        self._blocks = self.answer.iter_encoded()
        assert next(self._blocks) == b"retry: 2000\n\n"
        self.last_id = ""

    def next(self) -> tuple[str, dict[str, Any]]:
        """The next event: its name and its job."""
        for block in self._blocks:
            if block.startswith(b":"):
                continue
            lines = dict(line.split(": ", 1) for line in block.decode().splitlines() if line)
            self.last_id = lines["id"]
            return lines["event"], json.loads(lines["data"])
        raise AssertionError("the stream has ended")


@pytest.fixture
def opened(anna: Caller) -> Iterator[Callable[..., Stream]]:
    """Opens streams of Anna's, and closes them."""
    streams = []

    def open_one(last_seen: str | None = None) -> Stream:
        streams.append(Stream(anna, last_seen))
        return streams[-1]

    yield open_one
    for stream in streams:
        stream.answer.close()


def _elsewhere(act: Callable[..., object], *given: object) -> None:
    """Something happens by another connection."""

    def run() -> None:
        act(*given)
        base.disconnect()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_a_stream_tells_of_every_job_from_now_to_its_end(
    anna: Caller, opened: Callable[..., Stream]
) -> None:
    project = anna.project()
    job_id = anna.song(project)["analysis_job_id"]
    stream = opened()

    first = stream.next()
    _elsewhere(backstage.failed, job_id)
    second = stream.next()
    _elsewhere(anna.medium, project)
    third = stream.next()

    assert (first[0], first[1]["id"], first[1]["status"]) == ("progress", job_id, "queued")
    assert (second[0], second[1]["id"], second[1]["status"]) == ("end", job_id, "failed")
    assert (third[0], third[1]["job_type"]) == ("progress", "media_processing")


def test_a_client_that_comes_back_hears_what_ended_meanwhile(
    anna: Caller, opened: Callable[..., Stream]
) -> None:
    job_id = anna.song(anna.project())["analysis_job_id"]
    stream = opened()
    stream.next()
    backstage.failed(job_id)

    again = opened(stream.last_id)

    event, job = again.next()
    assert (event, job["id"]) == ("end", job_id)


def test_what_ended_long_before_is_not_told(anna: Caller, opened: Callable[..., Stream]) -> None:
    project = anna.project()
    old = anna.song(project)["analysis_job_id"]
    backstage.failed(old)
    Job.update(finished_at=base.utc_now() - timedelta(minutes=5)).execute()
    anna.medium(project)

    for last_seen in (None, "nonsense", "9" * 13):
        event, job = opened(last_seen).next()
        assert (event, job["job_type"]) == ("progress", "media_processing")


def test_an_end_is_told_however_many_newer_jobs_wait(anna: Caller) -> None:
    project = anna.project()
    first, *_, last = (anna.medium(project, f"{n}.jpg") for n in range(4))
    job_ids = {job.args["media_asset_id"]: job.id for job in Job.select()}
    now = base.utc_now()

    waiting_ones = jobs.live_or_ended_since(anna.user_id, now, 2)
    backstage.failed(job_ids[first])
    then = jobs.live_or_ended_since(anna.user_id, now, 2)

    assert waiting_ones[0].id == job_ids[first]
    assert (then[0].id, then[0].status) == (job_ids[first], "failed")
    assert job_ids[last] not in {job.id for job in then}
    assert len(then) == 3


def test_a_client_that_is_cut_off_in_a_batch_hears_the_rest(
    anna: Caller, opened: Callable[..., Stream]
) -> None:
    project = anna.project()
    long_ago = base.utc_now() - timedelta(minutes=5)
    for name in ("one.jpg", "two.jpg"):
        anna.medium(project, name)
    for job in Job.select():
        queue.cancel(job.id, queue.now())
    Job.update(finished_at=long_ago).execute()
    before = str(int((long_ago - timedelta(minutes=1)).timestamp() * 1000))
    stream = opened(before)
    first = stream.next()[1]["id"]

    again = opened(stream.last_id)

    assert {again.next()[1]["id"], again.next()[1]["id"]} > {first}


def test_nobody_hears_of_somebody_elses_jobs(
    anna: Caller, ben: Caller, opened: Callable[..., Stream]
) -> None:
    ben.medium(ben.project())
    mine = anna.song(anna.project())["analysis_job_id"]

    assert opened().next()[1]["id"] == mine


def test_parts_of_a_job_are_not_told(anna: Caller, opened: Callable[..., Stream]) -> None:
    job_id = anna.song(anna.project())["analysis_job_id"]
    part = queue.Child("timeline_build", {"project_id": "x"})
    claim = backstage.claimed(job_id)
    queue.fan_out(claim.lease, queue.FanOut([part]), backstage.KINDS, queue.now())
    stream = opened()

    first = stream.next()[1]
    _elsewhere(queue.cancel, job_id, queue.now())
    last = stream.next()[1]

    assert (first["id"], first["status"]) == (job_id, "running")
    assert (last["id"], last["status"]) == (job_id, "cancelled")


def test_streams_of_both_kinds_share_the_seats(
    app: Flask, anna: Caller, opened: Callable[..., Stream]
) -> None:
    room: waiting.Seats = app.extensions[waiting.EXTENSION]
    job_id = anna.song(anna.project())["analysis_job_id"]
    streams = [opened() for _ in range(waiting.PER_USER)]

    refused(anna.get("/events"), 503, "too_many_streams")
    refused(anna.get(f"/jobs/{job_id}/events"), 503, "too_many_streams")
    for stream in streams:
        stream.answer.close()

    assert room.take(anna.user_id)


def test_a_quiet_stream_has_a_pulse_and_ends_with_the_server(
    app: Flask, anna: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "HEARTBEAT_S", 0.0)
    answer = anna.get("/events", buffered=False)
    blocks = answer.iter_encoded()

    pulse = next(block for block in blocks if block.startswith(b":"))
    app.extensions[waiting.EXTENSION].closing.set()

    assert answer.mimetype == "text/event-stream"
    assert pulse == b": still here\n\n"
    assert set(blocks) <= {pulse}
    answer.close()


def test_a_stream_does_not_last_for_ever(anna: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LIFETIME_S", 0.0)

    assert anna.get("/events").text == "retry: 2000\n\n"
