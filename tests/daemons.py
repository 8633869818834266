"""Worker processes for tests, and waiting for what they do."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from beatstitch import queue
from beatstitch.db import base, schema
from beatstitch.db.jobs import Job
from beatstitch.storage import LocalStorage
from databases import BOTH
from postgres import Cluster
from toys import rows
from toys.worker import KINDS

TESTS = Path(__file__).parent
PATIENCE_S = 30.0


def wait_for(condition: Callable[[], bool], what: str = "it") -> None:
    """Give back as soon as the condition holds; fail when it does not for PATIENCE_S."""
    give_up_at = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_at, f"waited in vain for {what}"
        time.sleep(0.005)


def is_alive(pid: int) -> bool:
    """Whether the process runs; a dead one that nobody has reaped doesn't."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


@dataclass
class House:
    """A database, a storage, and the workers started for them."""

    folder: Path
    url: str = ""
    workers: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.storage = LocalStorage(self.folder / "storage")
        self.url = self.url or f"sqlite:///{self.folder}/beatstitch.db"

    def worker(
        self, environment: dict[str, str] | None = None, **wishes: object
    ) -> subprocess.Popen[str]:
        """Start a worker of toys; its log goes to worker.log."""
        with (self.folder / "worker.log").open("a") as log:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "toys.worker", self.url, str(self.folder)),
                    *(str(self.storage.root), json.dumps(wishes)),
                ],
                env={**os.environ, "PYTHONPATH": str(TESTS), **(environment or {})},
                stderr=log,
                text=True,
            )
        self.workers.append(process)
        return process

    @contextmanager
    def held(self) -> Iterator[None]:
        """In the block, nobody else can write to the database."""
        with base.transaction():
            yield

    def log(self) -> list[dict[str, object]]:
        """What the workers have logged."""
        lines = (self.folder / "worker.log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def submit(self, kind: str = "echo", key: str | None = None, **args: object) -> Job:
        """Ask for a job."""
        return queue.submit(KINDS[kind], args, at=queue.now(), unique_key=key)

    def row(self, job: Job) -> Job:
        """The row as it is now."""
        return Job.get_by_id(job.id)

    def ended(self, job: Job) -> Job:
        """The row once the job has ended."""
        wait_for(lambda: self.row(job).status in ("complete", "failed", "cancelled"), job.kind)
        return self.row(job)

    def said(self, job: Job) -> list[str]:
        """What the job's handlers wrote into rows, oldest first."""
        return [row.text for row in rows.Said.select().where(rows.Said.job_id == job.id)]

    def stop(self) -> None:
        """Kill every worker that still runs."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
            worker.wait()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An empty house with its tables."""
    yield from opened(House(tmp_path))


@pytest.fixture(params=BOTH)
def any_house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """The same, on either kind of database."""
    if request.param == "sqlite":
        yield from opened(House(tmp_path))
        return
    server: Cluster = request.getfixturevalue("server")
    house = House(tmp_path, server.new(is_empty=True))
    yield from opened(house)
    server.drop(house.url)


def opened(house: House) -> Iterator[House]:
    """The process is connected to the house's database, which gets its tables."""
    base.connect(house.url, house.folder)
    schema.upgrade()
    rows.create()
    yield house
    house.stop()
    base.disconnect()
