"""Where the command line runs the worker's handlers: in this process, one workspace after another,
with the cache in the place of storage.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, TypeVar

from beatstitch.cli.cache import Cache
from beatstitch.cli.gather import Given
from beatstitch.errors import BeatstitchError, Transient
from beatstitch.workspace import Workspace

R = TypeVar("R")
Report = Callable[[int, str], None]


class Ticket(Protocol):
    """What a handler works on: it names the storage keys that have to be at hand."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Storage keys."""


T = TypeVar("T", bound=Ticket)


class Workbench:
    """A pool of `jobs` threads, each waiting for the child processes of one handler.

    What the run found in the cache or put there is held: it has a second name in the run's scratch
    folder, so that another run, which prunes the cache meanwhile, takes nothing away. Leaving it
    early, by a fault or Ctrl-C, stops every child before it returns.
    """

    def __init__(self, cache: Cache, scratch: Path, jobs: int) -> None:
        self.cache = cache
        self.scratch = scratch
        self._held = scratch / "held"
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="bench")
        self._stop = threading.Event()

    def __enter__(self) -> "Workbench":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def start(self, task: Callable[[], R]) -> Future[R]:
        """Let a task run beside the caller."""
        return self._pool.submit(task)

    def all(self, tasks: Iterable[Callable[[], R]]) -> list[R]:
        """Run tasks on all threads and give their results in order; the first fault ends it."""
        futures = [self._pool.submit(task) for task in tasks]
        wait(futures, return_when=FIRST_EXCEPTION)
        for future in futures:
            future.cancel()
        failed = [f for f in futures if f.done() and not f.cancelled() and f.exception()]
        if failed:
            self._stop.set()
        return [future.result() for future in (failed or futures)]

    def hold(self, key: str) -> Path | None:
        """A file of the cache, this run's until its end, or None."""
        place = self._held / key
        if place.exists():
            return place
        kept = self.cache.find(key)
        if kept is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            # Gone meanwhile, or held already.
            with suppress(FileNotFoundError, FileExistsError):
                place.hardlink_to(kept)
        return place if place.exists() else None

    def held(self, key: str) -> Path:
        """A file that is held already."""
        return self._held / key

    def read(self, key: str) -> bytes:
        """A small file that is held. Raises FileNotFoundError."""
        return self.held(key).read_bytes()

    def forget(self, key: str) -> None:
        """Let go of a file that isn't what its key says, here and in the cache."""
        self.held(key).unlink(missing_ok=True)
        self.cache.forget(key)

    def keep(self, path: Path, key: str) -> None:
        """Put a finished file of the scratch folder into the cache, and hold it."""
        place = self._held / key
        place.parent.mkdir(parents=True, exist_ok=True)
        self.cache.put(path, key)
        path.replace(place)

    def keep_bytes(self, content: bytes, key: str) -> None:
        """The same with a small file's content."""
        handle, name = tempfile.mkstemp(dir=self.scratch)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        self.keep(Path(name), key)

    def run(
        self,
        handler: Callable[[T, Workspace], R],
        ticket: T,
        outside: Mapping[str, Given] | None = None,
        report: Report = lambda _percent, _message: None,
        keep: Callable[[Path, str], object] | None = None,
    ) -> R:
        """Run a handler: its inputs are files of the cache or `outside` ones, by key; what it
        keeps goes to the cache, or to `keep`. What was killed or stood still is tried once more.

        Raises what the handler raises; Conflict, and keeps nothing, if an outside file it read
        was changed since its hash was taken: what was made of it would lie under a wrong name.
        """
        given = [outside[key] for key in ticket.inputs if key in outside] if outside else []
        inputs = {key: self._input(key, outside or {}) for key in ticket.inputs}
        try:
            try:
                return self._attempt(handler, ticket, inputs, given, report, keep or self.keep)
            except Transient:
                return self._attempt(handler, ticket, inputs, given, report, keep or self.keep)
        except BeatstitchError:
            _require_same(given)
            raise

    def _attempt(
        self,
        handler: Callable[[T, Workspace], R],
        ticket: T,
        inputs: Mapping[str, Path],
        given: Iterable[Given],
        report: Report,
        keep: Callable[[Path, str], object],
    ) -> R:
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        try:
            workspace = Workspace(
                scratch=folder,
                inputs=inputs,
                reporter=lambda percent, _stage, message: report(percent, message),
                stop=self._stop,
            )
            result = handler(ticket, workspace)
            _require_same(given)
            for key, path in workspace.kept.items():
                keep(path, key)
            return result
        finally:
            shutil.rmtree(folder)

    def _input(self, key: str, outside: Mapping[str, Given]) -> Path:
        if key in outside:
            return outside[key].path.resolve()
        held = self.hold(key)
        if held is None:
            raise Transient(
                "cache_lost", "A file of the cache went away meanwhile. Run the command again."
            )
        return held


def _require_same(given: Iterable[Given]) -> None:
    for file in given:
        file.require_same()
