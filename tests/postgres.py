"""A PostgreSQL server of the tests' own, from the distribution's binaries: no port, no root.

It lies in memory, where nobody cuts the power, and answers on a UNIX socket in a folder that is
gone afterwards.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "timezone": "UTC",
}
_MEMORY = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of its own in it


@dataclass
class Cluster:
    """A server; `url` names a database of it."""

    folder: Path
    is_durable: bool = False

    def __post_init__(self) -> None:
        self._numbers = count()
        self._template: str | None = None

    @property
    def data(self) -> Path:
        """Where its files lie."""
        return self.folder / "data"

    def url(self, name: str, folder: Path | None = None) -> str:
        """The address of one of its databases, by way of a socket in `folder`."""
        return f"postgresql://beatstitch@/{name}?host={quote(str(folder or self.folder), safe='')}"

    def make(self) -> None:
        """Make its files and start it."""
        owner = self.folder.stat().st_uid
        self._run(
            "initdb",
            "-D",
            self.data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
            "--locale=C",
        )
        assert self.data.stat().st_uid == owner
        self.start()
        self.say("CREATE ROLE beatstitch LOGIN")  # a user who may nothing but own its database

    def start(self) -> None:
        """Start it; it answers when this comes back."""
        wishes = SETTINGS | {"fsync": "on" if self.is_durable else "off"}
        options = " ".join(f"-c {name}='{value}'" for name, value in wishes.items())
        self._run(
            *("pg_ctl", "start", "-w", "-D", self.data, "-l", self.folder / "log"),
            *("-o", f"{options} -k {self.folder}"),
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is as good as kill -9."""
        self._run("pg_ctl", "stop", "-w", "-m", mode, "-D", self.data)

    @contextmanager
    def away(self) -> Iterator[None]:
        """The server has been killed, and is started again when the block ends."""
        self.stop("immediate")
        try:
            yield
        finally:
            self.start()

    def new(self, *, is_empty: bool = False) -> str:
        """A new database, without tables or with them; gives its address."""
        name = f"test_{next(self._numbers)}"
        if is_empty:
            self.say(f"CREATE DATABASE {name} OWNER beatstitch")
        else:
            template = self._with_tables()
            self.say(f"CREATE DATABASE {name} OWNER beatstitch TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.say(f"DROP DATABASE {_name(url)} WITH (FORCE)")

    def cut(self, url: str) -> int:
        """End every connection to a database as an administrator does; gives how many."""
        rows = self.say("SELECT pid FROM pg_stat_activity WHERE datname = %s", _name(url))
        for (pid,) in rows:
            self.say("SELECT pg_terminate_backend(%s)", pid)
        return len(rows)

    def say(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Have one statement carried out; gives its rows."""
        with psycopg.connect(self.url("postgres"), user="postgres", autocommit=True) as connection:
            done = connection.execute(sql, values or None)
            return done.fetchall() if done.description else []

    def _with_tables(self) -> str:
        """The database that new ones are copied from, which takes a tenth of making the tables."""
        if self._template is None:
            from beatstitch.db import base, schema

            url = self.new(is_empty=True)
            base.connect(url, self.folder)
            schema.upgrade()
            base.disconnect()
            self._template = _name(url)
        return self._template

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [*_as(self.folder.stat().st_uid), _binary(program), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@contextmanager
def cluster(*, is_durable: bool = False) -> Iterator[Cluster]:
    """A running server for as long as the block lasts; `is_durable` as one is in earnest."""
    in_memory = _MEMORY.is_dir() and not is_durable
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=_MEMORY if in_memory else None))
    if os.getuid() == 0:  # which PostgreSQL refuses to be
        shutil.chown(folder, "postgres", "postgres")
    made = Cluster(folder, is_durable)
    try:
        made.make()
        yield made
    finally:
        pid = made.data / "postmaster.pid"
        if pid.exists():
            os.kill(int(pid.read_text().split()[0]), signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def _as(uid: int) -> list[str]:
    if uid == os.getuid():
        return []
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"]


def _binary(program: str) -> str:
    found = shutil.which(program) or max(
        map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{program}")), default=None
    )
    assert found is not None, "PostgreSQL is not installed: apt-get install postgresql"
    return found


def _name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]
