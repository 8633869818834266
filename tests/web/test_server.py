"""The server process: what it refuses early, and how it ends."""

import json
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from callers import JPEG, WAV
from servers import COMMAND, Deployment, HttpCaller, deployed, waited


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """A deployment of the test's own, without processes yet."""
    with deployed(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A server for the tests that leave it as it is: eight threads, MAX_UPLOAD_SIZE 3 MB."""
    folder = tmp_path_factory.mktemp("running")
    with deployed(folder, MAX_UPLOAD_SIZE="3000000") as made:
        made.serve()
        yield made


def _raw(url: str, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of what comes back for these bytes."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return int(first.split()[1]), headers, body


EARLY = {
    "a body that is too large": (
        b"POST /api/projects/x/media HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; "
        b"boundary=x\r\nContent-Length: 99999999\r\nX-Request-ID: mine\r\n\r\n",
        413,
        "file_too_large",
    ),
    "no request at all": (b"hello\r\n\r\n", 400, "bad_request"),
    "headers without an end": (
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ").ljust(262_144, b"x"),
        431,
        "headers_too_large",
    ),
    "a strange coding": (
        b"POST /api/projects HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        501,
        "not_implemented",
    ),
}


@pytest.mark.parametrize("case", EARLY)
def test_what_never_reaches_the_app_has_the_one_shape_too(running: Deployment, case: str) -> None:
    request, status, code = EARLY[case]

    answered, headers, body = _raw(running.url, request)

    problem = json.loads(body)
    assert (answered, problem["error"]) == (status, code)
    assert headers["content-type"] == "application/json"
    assert problem["request_id"] == headers["x-request-id"]


def test_a_full_disk_refuses_an_upload_by_its_headers(deployment: Deployment) -> None:
    deployment.settings["BEATSTITCH_DISK_FLOOR_BYTES"] = str(10**18)
    deployment.serve()
    request = (
        b"POST /api/projects/x/media HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    )

    status, _, body = _raw(deployment.url, request)

    assert (status, json.loads(body)["error"]) == (507, "insufficient_storage")
    assert deployment.caller().get("/auth/me").status_code == 200


def test_an_upload_that_breaks_off_leaves_nothing(running: Deployment) -> None:
    caller = running.caller()
    project = caller.post("/projects", json={"name": "Test"}).json()["id"]

    _half_an_upload(running, caller, project).close()

    assert caller.get(f"/projects/{project}").json()["media_assets"] == []
    assert waited(lambda: not list((running.data / "incoming").iterdir()))


def test_a_server_that_is_killed_while_it_reads_leaves_nothing(deployment: Deployment) -> None:
    server = deployment.serve()
    caller = deployment.caller()
    project = caller.post("/projects", json={"name": "Test"}).json()["id"]
    upload = _half_an_upload(deployment, caller, project)

    server.kill()

    server.wait()
    upload.close()
    left = [path for path in deployment.data.rglob("*") if path.is_file()]
    assert {path.parent for path in left} == {deployment.data}
    deployment.serve()
    again = HttpCaller(f"{deployment.url}/api")
    again.session.headers.update(caller.session.headers)
    files = [("files", ("a.jpg", JPEG))]
    assert again.post(f"/projects/{project}/media", files=files).json()["total_uploaded"] == 1


def _half_an_upload(deployment: Deployment, caller: HttpCaller, project: str) -> socket.socket:
    """A connection on which the server has got a part of a file, and waits for the rest."""
    head = (
        f"POST /api/projects/{project}/media HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: {caller.session.headers['Authorization']!s}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 2000000\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
    )
    host, port = deployment.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(head.encode() + JPEG * 200)
    return connection


def test_streams_leave_room_for_others(running: Deployment) -> None:
    callers = [running.caller() for _ in range(2)]
    streams = []
    for caller in callers:
        job = _job(caller)
        streams += [caller.get(f"/jobs/{job}/events", stream=True) for _ in range(4)]

    opened = [stream.status_code for stream in streams]

    assert opened == [200, 200, 200, 503, 200, 503, 503, 503]
    assert callers[0].get("/auth/me").status_code == 200
    for stream in streams:
        stream.close()


def _job(caller: HttpCaller) -> str:
    """A job that nobody does."""
    project = caller.post("/projects", json={"name": "Test"}).json()["id"]
    files = {"file": ("song.wav", WAV)}
    job: str = caller.post(f"/projects/{project}/audio", files=files).json()["analysis_job_id"]
    return job


def test_a_server_that_is_told_to_stop_answers_what_it_has_begun(deployment: Deployment) -> None:
    server = deployment.serve()
    caller = deployment.caller()
    job = _job(caller)
    answers: list[requests.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(caller.get(f"/jobs/{job}?wait=30")))
    stream = deployment.caller().session
    waiting.start()
    other = deployment.caller()
    others_job = _job(other)
    events = other.get(f"/jobs/{others_job}/events", stream=True)

    server.send_signal(signal.SIGTERM)

    assert server.wait(30) == 0
    waiting.join()
    assert [answer.json()["status"] for answer in answers] == ["queued"]
    assert b"event: progress" in b"".join(events.iter_content(None))
    with pytest.raises(requests.ConnectionError):
        stream.get(f"{deployment.url}/health", timeout=5)
    assert '"cut_off": 0' in deployment.log("serve")


def test_who_has_knocked_before_the_order_to_stop_is_answered(deployment: Deployment) -> None:
    server = deployment.serve()
    host, port = deployment.url.removeprefix("http://").split(":")
    server.send_signal(signal.SIGSTOP)
    waiting = []
    for _ in range(20):
        connection = socket.create_connection((host, int(port)), timeout=30)
        connection.sendall(b"GET /health/live HTTP/1.0\r\n\r\n")
        waiting.append(connection)

    server.send_signal(signal.SIGTERM)
    server.send_signal(signal.SIGCONT)

    answers = [_rest(connection) for connection in waiting]
    assert server.wait(30) == 0
    assert {answer[:12] for answer in answers} == {b"HTTP/1.0 200"}


def _rest(connection: socket.socket) -> bytes:
    with connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_proxy_finds_the_server_at_a_socket(deployment: Deployment) -> None:
    path = deployment.folder / "web.sock"
    server = deployment.serve("--socket", str(path))

    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(b"GET /health/live HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert answer.startswith(b"HTTP/1.0 200")
    assert path.stat().st_mode & 0o777 == 0o660
    second = deployment.start("serve", "--socket", str(path))
    assert second.wait(30) == 1
    server.kill()
    server.wait()
    deployment.serve("--socket", str(path))  # in the place of the one that left its socket behind


def _login_by_proxy(path: Path, for_whom: bytes) -> int:
    """The status of a login that fails, asked for somebody by a proxy on this machine."""
    body = b'{"username": "nobody", "password": "nothing"}'
    head = (
        b"POST /api/auth/login HTTP/1.0\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"X-Forwarded-For: %b\r\nContent-Length: %d\r\n\r\n" % (for_whom, len(body))
    )
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(head + body)
        return int(b"".join(iter(lambda: connection.recv(65536), b"")).split()[1])


def test_a_proxy_says_for_whom_it_asks_and_nobody_else_does(deployment: Deployment) -> None:
    # A window of decades: one of minutes may end between two calls.
    deployment.settings["BEATSTITCH_RATE_AUTH"] = "1/900000000"
    path = deployment.folder / "web.sock"
    deployment.serve("--socket", str(path))

    first, again = (_login_by_proxy(path, b"192.0.2.1") for _ in range(2))
    other = _login_by_proxy(path, b"192.0.2.2")
    made_up = _login_by_proxy(path, b"198.51.100.9, 192.0.2.1")

    assert (first, again, other, made_up) == (401, 429, 401, 429)


def test_a_server_without_a_secret_does_not_start(deployment: Deployment) -> None:
    deployment.settings |= {"SECRET_KEY": "too short"}

    server = deployment.start("serve", "--port", "0")

    assert server.wait(30) == 1
    assert "SECRET_KEY" in deployment.log("serve")
    assert not deployment.data.exists()


def test_an_address_in_use_is_one_sentence(running: Deployment, deployment: Deployment) -> None:
    port = running.url.rpartition(":")[2]

    second = deployment.start("serve", "--port", port)

    assert second.wait(30) == 1
    assert "Choose another --port" in deployment.log("serve")
    assert "Traceback" not in deployment.log("serve")


def test_flask_finds_the_app() -> None:
    shown = subprocess.run(
        [COMMAND.with_name("flask"), "--app", "beatstitch", "routes"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "/api/projects" in shown.stdout, shown.stderr
