"""Somebody holds the database: callers hear 503 and when to come back, and no work is lost."""

from callers import JPEG
from servers import Deployment, waited

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
