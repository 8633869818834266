"""What the shipped nginx does for the server: it refuses early, sends files, keeps secrets."""

import json
import socket
import subprocess
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
import requests

from beatstitch.settings import Settings
from beatstitch.web.openapi import Problem
from beatstitch.web.shapes.beats import GridGiven
from beatstitch.web.shapes.timeline import SegmentsGiven
from beatstitch.web.uploads import max_body_bytes
from callers import JPEG, WAV
from fronts import PAGE, SITE, Front, nginx_before, web_socket
from servers import Deployment, HttpCaller, waited

BYTES = JPEG + bytes(range(256)) * 4000
NOWHERE = "/api/projects/00000000-0000-0000-0000-000000000000/media"


def _raw(front: Front, request: str) -> tuple[int, bytes]:
    """Status and body of what comes back for a request whose body is never sent."""
    with socket.create_connection(("127.0.0.1", front.port), timeout=30) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode())
        answer = HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()


def _upload(size: int, token: object = "", more: str = "") -> str:
    return (
        f"POST {NOWHERE} HTTP/1.1\nHost: x\nAuthorization: {token}\nContent-Length: {size}\n"
        f"Content-Type: multipart/form-data; boundary=x\n{more}\n"
    )


def test_an_upload_without_a_good_token_is_refused_before_it_is_sent(
    front: Front, caller: HttpCaller
) -> None:
    cookie = f"Cookie: beatstitch_token={str(caller.session.headers['Authorization'])[7:]}\n"

    answers = [
        _raw(front, _upload(10**9, *how)) for how in (("",), ("Bearer made.up.one",), ("", cookie))
    ]

    for status, body in answers:
        assert (status, Problem.model_validate_json(body).error) == (401, "unauthorized")


def test_a_key_that_may_not_write_is_refused_early_too(front: Front, caller: HttpCaller) -> None:
    key = caller.post("/keys", json={"name": "Reader", "scopes": ["read"]}).json()["key"]

    status, body = _raw(front, _upload(10**9, f"Bearer {key}"))

    assert (status, Problem.model_validate_json(body).error) == (403, "forbidden")


def test_an_upload_that_is_too_large_is_refused_before_it_is_sent(
    front: Front, caller: HttpCaller
) -> None:
    token = caller.session.headers["Authorization"]

    by_nginx, by_server, elsewhere = (
        _raw(front, _upload(3 * 10**9, token)),
        _raw(front, _upload(2_005_000_000, token)),
        _raw(front, "POST /api/projects HTTP/1.1\nHost: x\nContent-Length: 10000000\n\n"),
    )

    for status, body in (by_nginx, by_server, elsewhere):
        assert (status, Problem.model_validate_json(body).error) == (413, "file_too_large")
    assert json.loads(by_nginx[1])["details"] == json.loads(by_server[1])["details"]
    assert json.loads(elsewhere[1])["details"] == {"max_size_bytes": 9 * 1024**2}


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (NOWHERE, {"Content-Length": "1000000000"}, 401),
        (NOWHERE, {"Content-Length": "3000000000"}, 413),
        ("/api/projects", {"Content-Length": "0"}, 401),
        ("/metrics", {}, 404),
    ],
)
def test_a_page_of_another_site_may_read_whoever_refuses(
    front: Front, path: str, headers: dict[str, str], status: int
) -> None:
    def answered(origin: str) -> tuple[int, list[str] | None]:
        connection = HTTPConnection("127.0.0.1", front.port, timeout=30)
        connection.putrequest("POST", path)
        for name, value in {"Origin": origin, **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        connection.close()
        return answer.status, answer.headers.get_all("Access-Control-Allow-Origin")

    assert answered(PAGE) == (status, [PAGE])
    assert answered("https://evil.test") == (status, None)


def test_the_log_of_who_asked_holds_no_signature(front: Front) -> None:
    requests.get(f"{front.url}/api/links/x?signature=secret", timeout=30)

    assert waited(lambda: any('"GET /api/links/x HTTP/1.1" 404' in line for line in front.access()))
    assert not any("secret" in line for line in front.access())


def test_nginx_takes_a_little_more_than_the_server_as_it_is_shipped() -> None:
    most = max_body_bytes(Settings(_env_file=None))  # type: ignore[call-arg]  # of pydantic-settings

    text = SITE.read_text()

    assert f'"max_size_bytes": {most}' in text
    assert f"{most / 1e6:,.0f} MB" in text
    assert most < 2010 * 1024**2 < most * 1.1
    assert "client_max_body_size 2010m;" in text


def test_nginx_takes_a_little_more_json_than_any_call() -> None:
    most = max(GridGiven.max_bytes, SegmentsGiven.max_bytes)

    text = SITE.read_text()

    assert most < 9 * 1024**2 < most * 1.2
    assert "client_max_body_size 9m;" in text
    assert f'"max_size_bytes": {9 * 1024**2}' in text


@pytest.fixture(scope="module")
def file(service: Deployment, front: Front) -> tuple[HttpCaller, str]:
    """A file that somebody has uploaded, and its address."""
    caller = service.caller()
    project = caller.post("/projects", json={"name": "Test"}).json()["id"]
    files = [("files", ("Größe.jpg", BYTES))]
    answer = caller.post(f"/projects/{project}/media", files=files)
    assert answer.status_code == 201, answer.text
    return caller, f"/media/{answer.json()['uploaded'][0]['id']}/file"


RANGES: dict[str, tuple[dict[str, str], int, bytes]] = {
    "whole": ({}, 200, BYTES),
    "a part": ({"Range": "bytes=10-19"}, 206, BYTES[10:20]),
    "the end": ({"Range": "bytes=-5"}, 206, BYTES[-5:]),
    "two parts": ({"Range": "bytes=0-1,5-6"}, 200, BYTES),
    "go on": ({"Range": "bytes=5-", "If-Range": "{etag}"}, 206, BYTES[5:]),
    "go on with another": ({"Range": "bytes=5-", "If-Range": '"x"'}, 200, BYTES),
    "known": ({"If-None-Match": "{etag}"}, 304, b""),
    "not known": ({"If-None-Match": '"x"'}, 200, BYTES),
    "this one": ({"If-Match": "{etag}", "Range": "bytes=0-3"}, 206, BYTES[:4]),
}


@pytest.mark.parametrize("case", RANGES)
def test_nginx_sends_a_file_as_the_server_would(file: tuple[HttpCaller, str], case: str) -> None:
    caller, address = file
    headers, status, data = RANGES[case]
    etag = str(caller.session.head(caller.api + address, timeout=30).headers["ETag"])

    answer = caller.get(address, headers={k: v.format(etag=etag) for k, v in headers.items()})

    assert (answer.status_code, answer.content) == (status, data)
    assert answer.headers["ETag"] == etag
    assert not etag.startswith("W/")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert len(answer.headers["X-Request-ID"]) == 32
    if status != 304:
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert "filename*=UTF-8''Gr%C3%B6%C3%9Fe.jpg" in answer.headers["Content-Disposition"]


def test_it_is_really_nginx_that_sends_it(
    file: tuple[HttpCaller, str], service: Deployment
) -> None:
    caller, address = file

    answer = caller.get(address, headers={"Range": "bytes=0-0"})

    line = next(
        line for line in service.log("serve").splitlines() if answer.headers["X-Request-ID"] in line
    )
    assert (answer.status_code, json.loads(line)["status"]) == (206, 200)


def test_a_part_that_a_file_does_not_have_is_416_in_the_one_shape(
    file: tuple[HttpCaller, str],
) -> None:
    caller, address = file

    answer = caller.get(address, headers={"Range": "bytes=9999999-"})

    assert (answer.status_code, answer.json()["error"]) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{len(BYTES)}"


def test_what_is_stored_can_be_read_by_the_group_of_nginx_and_by_nobody_else(
    service: Deployment, file: tuple[HttpCaller, str]
) -> None:
    stored = [path for path in (service.data / "uploads").rglob("*") if path.is_file()]

    assert stored
    assert {path.stat().st_mode & 0o777 for path in stored} == {0o640}


HIDDEN = (
    "/metrics",
    "/metrics/",
    "//metrics",
    "/%6detrics",
    "/x/../metrics",
    "/_files/beatstitch.db",
    "/_files/uploads/x",
    "/_beatstitch/token",
    "/_files/uploads/../beatstitch.db",
)


@pytest.mark.parametrize("path", HIDDEN)
def test_what_is_not_for_everybody_is_404_in_the_one_shape(front: Front, path: str) -> None:
    status, body = _raw(front, f"GET {path} HTTP/1.1\nHost: x\nConnection: close\n\n")

    assert (status, Problem.model_validate_json(body).error) == (404, "not_found")


def test_every_answer_has_the_headers_that_protect_a_browser(front: Front) -> None:
    health = requests.get(f"{front.url}/health/live", timeout=30)
    page = requests.get(f"{front.url}/api/docs", timeout=30)

    for answer in (health, page):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "/" not in answer.headers["Server"]
    assert "default-src 'none'" in health.headers["Content-Security-Policy"]
    assert "connect-src 'self'" in page.headers["Content-Security-Policy"]


def test_a_caller_may_bring_an_id_that_a_log_can_hold(front: Front) -> None:
    good, bad = (
        requests.get(f"{front.url}/health/live", headers={"X-Request-ID": given}, timeout=30)
        for given in ("mine-1", "two words")
    )

    assert good.headers["X-Request-ID"] == "mine-1"
    assert len(bad.headers["X-Request-ID"]) == 32


def _job(caller: HttpCaller) -> str:
    """A job that nobody does."""
    project = caller.post("/projects", json={"name": "Test"}).json()["id"]
    files = {"file": ("song.wav", WAV)}
    job: str = caller.post(f"/projects/{project}/audio", files=files).json()["analysis_job_id"]
    return job


def test_events_come_as_they_happen(caller: HttpCaller) -> None:
    job = _job(caller)
    with caller.get(f"/jobs/{job}/events", stream=True) as stream:
        lines = stream.iter_lines()

        first = [next(lines) for _ in range(3)]
        caller.post(f"/jobs/{job}/cancel")

        rest = b"\n".join(lines)
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert b"event: progress" in first
        assert b"event: end" in rest


def test_streams_leave_room_for_others_through_nginx(service: Deployment, front: Front) -> None:
    callers = [service.caller() for _ in range(2)]
    jobs = [_job(caller) for caller in callers]
    streams = [
        caller.get(f"/jobs/{job}/events", stream=True)
        for caller, job in zip(callers, jobs, strict=True)
        for _ in range(3)
    ]

    opened = [stream.status_code for stream in streams]

    assert opened == [200, 200, 200, 200, 503, 503]
    assert [caller.get("/auth/me").status_code for caller in callers * 5] == [200] * 10
    for stream in streams:
        stream.close()


def test_slow_clients_are_held_off(front: Front, caller: HttpCaller) -> None:
    slow = []
    for number in range(100):
        connection = socket.create_connection(("127.0.0.1", front.port), timeout=30)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"x" * (number % 7))
        slow.append(connection)

    answers = [caller.get("/auth/me").status_code for _ in range(10)]

    assert answers == [200] * 10
    # A byte now and then keeps none of them alive: the header has to be whole in time.
    assert waited(lambda: all(_is_closed(connection) for connection in slow), limit_s=30)
    for connection in slow:
        connection.close()


def _is_closed(connection: socket.socket) -> bool:
    try:
        connection.send(b"x")
        connection.setblocking(False)
        return connection.recv(4096) == b"" or _is_closed(connection)
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_a_server_that_is_not_there_is_503_in_the_one_shape(place: Deployment) -> None:
    with nginx_before(place) as front:
        answers = [_raw(front, _upload(100)), _raw(front, "GET /health HTTP/1.0\n\n")]

    for status, body in answers:
        problem = Problem.model_validate_json(body)
        assert (status, problem.error) == (503, "unavailable")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A folder with a certificate of this machine's own making."""
    folder = tmp_path / "tls"
    folder.mkdir()
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "2",
            ),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"),
        ],
        capture_output=True,
        check=True,
    )
    return folder


def test_the_tls_block_is_ready(place: Deployment, certificate: Path) -> None:
    place.serve("--socket", str(web_socket(place)))
    with nginx_before(place, certificate) as front:
        account = {"username": "anna", "password": "correct horse"}
        session = requests.Session()
        session.trust_env = False
        session.verify = str(certificate / "fullchain.pem")
        assert session.post(f"{front.url}/api/auth/register", json=account, timeout=30).ok

        answer = session.post(f"{front.url}/api/auth/login", json=account, timeout=30)

    assert "Secure" in answer.headers["Set-Cookie"]
    assert "max-age" in answer.headers["Strict-Transport-Security"]
