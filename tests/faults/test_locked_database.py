"""Somebody holds the database: callers hear 503 and when to come back, and no work is lost."""

import time
from pathlib import Path

from callers import JPEG
from daemons import House, wait_for
from servers import Deployment, waited
from torture.length import IS_LONG

HELD_S = 12.0 if IS_LONG else 1.0
FILES = [("files", ("photo.jpg", JPEG))]


def test_a_held_database_costs_time_and_nothing_else(place: Deployment) -> None:
    place.serve()
    caller = place.caller()
    project = f"/projects/{caller.post('/projects', json={'name': 'Test'}).json()['id']}"
    caller.post(f"{project}/media", files=FILES)

    with place.held():
        place.start("worker", "--kinds", "media_processing,maintenance")
        refused = caller.post(f"{project}/media", files=FILES)
        read = caller.get(project)
        assert waited(lambda: "out of reach" in place.log("worker"))
    accepted = caller.post(f"{project}/media", files=FILES)

    assert (refused.status_code, refused.json()["error"]) == (503, "database_busy")
    assert int(refused.headers["Retry-After"]) >= 1
    assert read.status_code == 200
    assert accepted.status_code == 201
    # The photo is none, so its job ends as failed: but it ends, and the refused one was never one.
    assert waited(lambda: caller.media_ready(project))
    assert caller.get(f"{project}/status").json()["media"]["failed"] == 2
    assert "0 are wrong, 0 are nobody's." in place.admin("storage", "verify").out


def test_a_lease_outlasts_a_held_database(house: House, tmp_path: Path) -> None:
    """Renewals fail meanwhile; the attempt goes on and is the only one."""
    mark = tmp_path / "mark"
    house.worker()
    job = house.submit("naughty", trick="wait_for_mark", mark=str(mark))
    wait_for(lambda: mark.exists() and mark.read_text().strip() != "")

    with house.held():
        released_at = time.monotonic() + HELD_S
        wait_for(lambda: any("out of reach" in str(line["message"]) for line in house.log()))
        wait_for(lambda: time.monotonic() >= released_at)
    mark.write_text("go")

    row = house.ended(job)
    assert (row.status, row.attempt, row.faults) == ("complete", 1, 0)
    assert house.said(job) == ["wait_for_mark"]
