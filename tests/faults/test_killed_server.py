"""The server is killed between a file and its row, or told to leave under load."""

import signal
import threading
from contextlib import closing
from sqlite3 import connect

import requests

from callers import JPEG
from servers import Deployment, HttpCaller, waited

FILES = [("files", ("photo.jpg", JPEG))]


def test_a_server_killed_between_file_and_row_leaves_a_file_that_is_swept(
    place: Deployment,
) -> None:
    server = place.serve()
    caller = place.caller()
    project = f"/projects/{caller.post('/projects', json={'name': 'Test'}).json()['id']}"
    before = caller.get("/auth/me").json()
    cut_off: list[Exception] = []

    def upload() -> None:
        try:
            caller.post(f"{project}/media", files=FILES)
        except requests.ConnectionError as fault:
            cut_off.append(fault)

    with place.held():
        sender = threading.Thread(target=upload)
        sender.start()
        assert waited(lambda: place.stored())
        server.kill()
        server.wait()
        sender.join()
    left = place.stored()
    place.serve()
    again = HttpCaller(f"{place.url}/api")
    again.session.headers.update(caller.session.headers)

    assert len(cut_off) == len(left) == 1
    assert again.get(project).json()["media_assets"] == []
    assert again.get("/auth/me").json() == before
    assert "1 files" in place.admin("storage", "sweep", "--older-than", "0").out
    assert place.stored() == []
    assert again.post(f"{project}/media", files=FILES).json()["total_uploaded"] == 1
    verified = place.admin("storage", "verify")
    assert "0 are wrong, 0 are nobody's." in verified.out


def test_what_a_leaving_server_has_done_it_has_answered(place: Deployment) -> None:
    """Under load from eight sides: as many projects are there as were acknowledged."""
    server = place.serve()
    callers = [place.caller() for _ in range(8)]
    made: list[int] = []
    halves: list[BaseException] = []
    enough = threading.Event()

    def ask(caller: HttpCaller) -> None:
        try:
            for number in range(20):
                answer = caller.post("/projects", json={"name": f"Test {number}"})
                made.append(answer.status_code)
                if len(made) >= 24:
                    enough.set()
        except requests.ConnectionError:
            return  # nobody listens any more
        except BaseException as fault:
            halves.append(fault)

    load = [threading.Thread(target=ask, args=(caller,)) for caller in callers]
    for thread in load:
        thread.start()
    assert enough.wait(60)
    server.send_signal(signal.SIGTERM)
    assert server.wait(30) == 0
    for thread in load:
        thread.join()

    with closing(connect(place.data / "beatstitch.db")) as rows:
        (count,) = rows.execute("SELECT count(*) FROM projects").fetchone()
    assert halves == []
    assert set(made) == {201}
    assert count == len(made)
    assert '"cut_off": 0' in place.log("serve")
