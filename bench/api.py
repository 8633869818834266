"""How fast the API answers, how much an upload costs it, and what its start takes.

`python bench/api.py`: a real server (waitress) and an idle worker; calls come on a fixed schedule,
and their time counts from when they were due, so that one slow answer is not hidden by the waiting
of those behind it. A route that does nothing is asked in the same run: what it takes, the machine
takes. The server's CPU time for each call says the same on a machine that is busy otherwise.

`python bench/api.py upload [BYTES]`: one large file through nginx, and how far the server's memory
rises meanwhile (2 GB unless told otherwise).
"""

import http.client
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from beatstitch.db import base
from beatstitch.db.projects import Project
from beatstitch.db.users import User
from callers import JPEG, WAV
from fronts import ACCEL, nginx_before, web_socket
from servers import Deployment, HttpCaller, deployed

SECONDS = 10
PROJECTS = 1000
CLIENTS = 4


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked, and how long 95 of 100 may take."""

    name: str
    method: str
    path: str
    aim_ms: float | None
    body: bytes | None = None
    per_second: int = 50


def asked(place: Deployment, token: str, call: Call) -> list[float]:
    """How long each took, in ms."""
    port = int(place.url.rpartition(":")[2])
    headers = {"Authorization": token, "Content-Type": "application/json"}
    local = threading.local()
    begin = time.perf_counter() + 0.2

    def ask(number: int) -> float:
        due = begin + number / call.per_second
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        time.sleep(max(0.0, due - time.perf_counter()))
        local.connection.request(call.method, call.path, call.body, headers)
        answer = local.connection.getresponse()
        answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{call.name}: {answer.status}")
        return (time.perf_counter() - due) * 1000

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(ask, range(call.per_second * SECONDS)))


def calls(caller: HttpCaller) -> Iterator[Call]:
    """What is asked of a user who has many projects, one of them with photos and a song."""
    project = caller.post("/projects", json={"name": "The one"}).json()["id"]
    photos = [("files", (f"{n}.jpg", JPEG)) for n in range(10)]
    caller.post(f"/projects/{project}/media", files=photos)
    song = {"file": ("song.wav", WAV)}
    job = caller.post(f"/projects/{project}/audio", files=song).json()["analysis_job_id"]
    caller.ended(job)
    body = json.dumps({"name": "Another", "settings": {"beats_per_cut": 2}}).encode()
    yield Call("nothing: GET /health/live", "GET", "/health/live", None)
    yield Call("GET a job", "GET", f"/api/jobs/{job}", 15)
    yield Call("GET a project", "GET", f"/api/projects/{project}", 15)
    yield Call("POST a project", "POST", "/api/projects", 30, body)
    yield Call(f"GET 100 of {PROJECTS:,} projects", "GET", "/api/projects?limit=100", 50, None, 5)


def speed(place: Deployment) -> None:
    """Print the table."""
    server = place.serve()
    memory = rss_bytes(server.pid) / 1e6
    click.echo(f"The server's start: {cpu_s(server.pid):.2f} s of CPU, {memory:.0f} MB")
    place.work()
    caller = place.caller()
    fill(place, caller)
    token = str(caller.session.headers["Authorization"])
    click.echo(f"{'in ms':<32}\teach s\tp50\tp95\tp99\taim\tCPU")
    for call in calls(caller):
        before_s = cpu_s(server.pid)
        took = asked(place, token, call)
        cpu_ms = (cpu_s(server.pid) - before_s) * 1000 / len(took)
        cuts = statistics.quantiles(took, n=100)
        p50, p95, p99 = (f"{cuts[n]:.1f}" for n in (49, 94, 98))
        row = (call.per_second, p50, p95, p99, call.aim_ms or "", f"{cpu_ms:.1f}")
        click.echo("\t".join([f"{call.name:<32}", *map(str, row)]))


def cpu_s(pid: int) -> float:
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def rss_bytes(pid: int) -> int:
    """The memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmRSS")))


def fill(place: Deployment, caller: HttpCaller) -> None:
    """Give the caller many projects, past what a user may have."""
    user_id = caller.get("/auth/me").json()["id"]
    base.connect(f"sqlite:///{place.data}/beatstitch.db")
    with base.transaction():
        User.update(max_projects=10**6).execute()
        for number in range(PROJECTS - 1):
            Project.create(user=user_id, name=f"Film {number}")
    base.disconnect()


def upload(place: Deployment, size: int) -> None:
    """Print what a large upload costs the server."""
    place.settings |= ACCEL
    server = place.serve("--socket", str(web_socket(place)))
    with nginx_before(place) as front:
        place.url = front.url
        caller = place.caller()
        project = caller.post("/projects", json={"name": "Large"}).json()["id"]
        before, peak = rss_bytes(server.pid), Peak(lambda: rss_bytes(server.pid))
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n'
        tail = b"\r\n--x--\r\n"
        began = time.perf_counter()
        with peak:
            answer = caller.post(
                f"/projects/{project}/media",
                data=Film(head, size, tail),
                headers={"Content-Type": "multipart/form-data; boundary=x"},
            )
        took_s = time.perf_counter() - began
    answer.raise_for_status()
    taken = answer.json()["uploaded"][0]["file_size"]
    click.echo(f"{taken:,} bytes in {took_s:.0f} s: the server's memory rose from")
    click.echo(f"{before / 1e6:.0f} MB by {(peak.bytes - before) / 1e6:.1f} MB (30 are allowed)")


class Film:
    """A form with one MP4 of this many bytes, made as it is sent."""

    def __init__(self, head: bytes, size: int, tail: bytes) -> None:
        film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
        self._parts = [head, film, tail]
        self._zeros = size - len(film)
        self._length = sum(map(len, self._parts)) + self._zeros

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        yield self._parts[0] + self._parts[1]
        left = self._zeros
        while left:
            piece = min(left, 2**20)
            yield bytes(piece)
            left -= piece
        yield self._parts[2]


class Peak:
    """The largest value that was seen within the block."""

    def __init__(self, look: Callable[[], int]) -> None:
        self._look = look
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.bytes = 0

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            self.bytes = max(self.bytes, self._look())


def main(words: list[str]) -> None:
    """What the first word says."""
    with TemporaryDirectory() as folder, deployed(Path(folder)) as place:
        if words[:1] == ["upload"]:
            upload(place, int(words[1]) if words[1:] else 1_999_000_000)
        else:
            speed(place)


if __name__ == "__main__":
    main(sys.argv[1:])
