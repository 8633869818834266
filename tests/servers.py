"""A real server and a real worker, each a process of its own, and people who call by HTTP."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from running import Said

PATIENCE_S = 120.0
COMMAND = Path(sys.executable).with_name("beatstitch")


def waited(condition: Callable[[], object], limit_s: float = PATIENCE_S) -> bool:
    """Whether the condition came true in time."""
    give_up_at = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.02)
    return True


@dataclass
class Deployment:
    """Settings, a data folder and processes; `url` is where the server answers."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    url: str = ""
    umask: int = -1
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    def environment(self) -> dict[str, str]:
        """Ours alone: a machine that runs the tests may have settings of its own."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("BEATSTITCH_")}
        unlimited = {
            f"BEATSTITCH_RATE_{category}": "100000/60"
            for category in ("AUTH", "UPLOAD", "RESUMABLE", "ANALYSE", "RENDER", "READ", "WRITE")
        }
        return (
            kept
            | unlimited
            | {"STORAGE_PATH": str(self.data), "SECRET_KEY": "for tests only " * 3}
            | {"BEATSTITCH_DISK_FLOOR_BYTES": "0", "BEATSTITCH_BEAT_DETECTOR": "librosa"}
            | self.settings
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        """One of our commands; its log goes to a file of its name."""
        with (self.folder / f"{words[0]}.log").open("a") as log:
            process = subprocess.Popen(
                [COMMAND, *words],
                cwd=self.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                umask=self.umask,
            )
        self.processes.append(process)
        return process

    def admin(self, *words: str, **settings: str) -> Said:
        """One of the operator's commands, to its end."""
        done = subprocess.run(
            [COMMAND.with_name("flask"), "--app", "beatstitch", *words],
            cwd=self.folder,
            env=self.environment() | settings,
            capture_output=True,
            text=True,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def serve(self, *options: str) -> subprocess.Popen[str]:
        """A server, which answers when this comes back."""
        options = options or ("--port", "0")
        server = self.start("serve", *options)
        assert server.stdout is not None
        said = server.stdout.readline()
        assert "answers at" in said, (self.folder / "serve.log").read_text()
        self.url = said.split()[-1].rstrip("/")
        return server

    def work(self) -> subprocess.Popen[str]:
        """A worker, which is seen by the server when this comes back."""
        worker = self.start("worker")
        assert waited(lambda: self.health()["checks"]["workers"]["alive"])
        return worker

    @contextmanager
    def held(self) -> Iterator[None]:
        """In the block, nobody else can write to the database."""
        with closing(sqlite3.connect(self.data / "beatstitch.db", isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            yield
            holder.execute("ROLLBACK")

    def stored(self, name: str = "uploads") -> list[Path]:
        """The files of one of the folders of keys."""
        return [path for path in (self.data / name).rglob("*") if path.is_file()]

    def health(self) -> Any:
        """What the server says of itself."""
        return requests.get(f"{self.url}/health", timeout=PATIENCE_S).json()

    def caller(self) -> "HttpCaller":
        """Somebody who has just registered and logged in."""
        account = {"username": f"caller-{uuid.uuid4().hex[:8]}", "password": "correct horse"}
        caller = HttpCaller(f"{self.url}/api")
        assert caller.post("/auth/register", json=account).status_code == 201
        token = caller.post("/auth/login", json=account).json()["access_token"]
        caller.session.headers["Authorization"] = f"Bearer {token}"
        return caller

    def log(self, name: str) -> str:
        """What a command has logged."""
        return (self.folder / f"{name}.log").read_text()

    def stop(self) -> None:
        """End every process that still runs."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


class HttpCaller:
    """Somebody with a token."""

    def __init__(self, api: str) -> None:
        self.api = api
        self.session = requests.Session()

    def get(self, path: str, **more: Any) -> requests.Response:
        """GET it."""
        return self.session.get(self.api + path, timeout=PATIENCE_S, **more)

    def post(self, path: str, **more: Any) -> requests.Response:
        """POST to it."""
        return self.session.post(self.api + path, timeout=PATIENCE_S, **more)

    def delete(self, path: str) -> requests.Response:
        """DELETE it."""
        return self.session.delete(self.api + path, timeout=PATIENCE_S)

    def upload(self, path: str, name: str, file: Path, as_name: str = "") -> requests.Response:
        """POST one file as a form does."""
        with file.open("rb") as opened:
            return self.post(path, files={name: (as_name or file.name, opened)})

    def ended(self, job_id: str) -> dict[str, Any]:
        """The job, once it has ended."""
        give_up_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up_at:
            answer = self.get(f"/jobs/{job_id}?wait=5")
            assert answer.status_code == 200, answer.text
            job: dict[str, Any] = answer.json()
            if job["status"] in ("complete", "failed", "cancelled"):
                return job
        raise AssertionError(f"{job} did not end")

    def media_ready(self, project: str) -> bool:
        """Whether every medium of the project has been looked at."""
        media = self.get(f"{project}/status").json()["media"]
        return bool(media["ready"] + media["failed"] == media["total"])


@contextmanager
def deployed(folder: Path, **settings: str) -> Iterator[Deployment]:
    """A deployment without processes yet; those that were started end with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    deployment = Deployment(folder, settings)
    try:
        yield deployment
    finally:
        deployment.stop()
