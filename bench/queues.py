"""Our queue beside two others of the same kind, in one run: how fast, how late, and what is lost.

Jobs are taken and completed by 1, 4 and 16 processes while this one puts in another every 50 ms;
the work itself is nothing. Then eight processes that work 20 ms a job are killed at random until
nothing is left to take, and the jobs whose work nobody ever finished are counted.

`python bench/queues.py [SECONDS [JOBS]]`, with huey and litequeue importable.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.context import ForkProcess as Process
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from tempfile import TemporaryDirectory

from contestants import Contestant, contestants

FORK = get_context("fork")
WORKERS = (1, 4, 16)
PUT_EVERY_S = 0.05
WORK_S = 0.02
DOOMED = 8
JOBS_A_LIFE = 3
SHORT_LEASE_MS = 1_000
QUIET_S = 3.0  # longer than a lease: whatever comes back by itself has come back by then


@dataclass(frozen=True, slots=True)
class Pace:
    """Jobs taken and completed a second, and the ms that each put beside them took, sorted."""

    jobs_a_second: float
    put_ms: list[float]


def pace(contestant: Contestant, workers: int, seconds: float) -> Pace:
    """Let that many processes work without pause for so long."""
    with _inside(contestant):
        contestant.fill(int(1500 * seconds))
    start, stop = FORK.Barrier(workers + 1), FORK.Event()
    counts = [FORK.Value("q", 0) for _ in range(workers)]
    processes = [
        FORK.Process(target=_work_fast, args=(contestant, start.wait, stop.is_set, count))
        for count in counts
    ]
    put_ms: list[float] = []
    for process in processes:
        process.start()
    with _inside(contestant):
        start.wait()
        began = time.monotonic()
        while time.monotonic() < began + seconds and contestant.left() > workers:
            asked = time.perf_counter()
            contestant.put(0)
            put_ms.append((time.perf_counter() - asked) * 1000)
            time.sleep(PUT_EVERY_S)
        made, took_s = sum(count.value for count in counts), time.monotonic() - began
    stop.set()
    for process in processes:
        process.join()
    return Pace(made / took_s, sorted(put_ms))


def _work_fast(
    contestant: Contestant,
    start: Callable[[], int],
    is_over: Callable[[], bool],
    count: "Synchronized[int]",
) -> None:
    with _inside(contestant):
        start()
        while not is_over():
            taken = contestant.take()
            if taken is None:
                time.sleep(0.001)
                continue
            contestant.done(taken[1])
            count.value += 1


@dataclass(frozen=True, slots=True)
class Toll:
    """What kills have cost: jobs whose work nobody finished, and jobs worked on more than once."""

    kills: int
    lost: int
    again: int


def toll(contestant: Contestant, folder: Path, jobs: int, dice: random.Random) -> Toll:
    """Kill one of DOOMED processes after every few jobs, until nothing is left to take."""
    marks = folder / "marks"
    with _inside(contestant):
        contestant.fill(jobs)
    processes = [_doomed(contestant, marks) for _ in range(DOOMED)]
    kills = 0
    with _inside(contestant):
        while left := contestant.left():
            target = max(0, left - dice.randrange(1, JOBS_A_LIFE * DOOMED))
            if not _wait_until(lambda target=target: contestant.left() <= target, QUIET_S):  # type: ignore[misc]
                continue
            index = dice.randrange(DOOMED)
            processes[index].kill()
            processes[index].join()
            processes[index] = _doomed(contestant, marks)
            kills += 1
    for process in processes:
        process.join()
    finished = marks.read_text().split()
    return Toll(kills, jobs - len(set(finished)), len(finished) - len(set(finished)))


def _doomed(contestant: Contestant, marks: Path) -> Process:
    process = FORK.Process(target=_work, args=(contestant, marks))
    process.start()
    return process


def _work(contestant: Contestant, marks: Path) -> None:
    """Work until there has been nothing to take for QUIET_S."""
    for module in ("lease", "claim"):
        import_module(f"beatstitch.queue.{module}").__dict__["LEASE_MS"] = SHORT_LEASE_MS
    with _inside(contestant):
        last_s = time.monotonic()
        while time.monotonic() < last_s + QUIET_S:
            taken = contestant.take()
            if taken is None:
                time.sleep(0.01)
                continue
            time.sleep(WORK_S)
            with marks.open("a") as file:
                file.write(f"{taken[0]}\n")
            contestant.done(taken[1])
            last_s = time.monotonic()


@contextmanager
def _inside(contestant: Contestant) -> Iterator[None]:
    contestant.enter()
    try:
        yield
    finally:
        contestant.leave()


def _wait_until(condition: Callable[[], bool], limit_s: float) -> bool:
    give_up_at = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.01)
    return True


def main(seconds: str = "4", jobs: str = "1000") -> None:
    """See the top of the file."""
    _say("| queue | workers | jobs/s | put p50 ms | p95 | max |\n|---|---|---|---|---|---|")
    losses = []
    with ExitStack() as house:
        for name, make in contestants(house):
            for workers in WORKERS:
                with TemporaryDirectory() as folder:
                    found = pace(make(Path(folder)), workers, float(seconds))
                late = found.put_ms[int(len(found.put_ms) * 0.95)]
                _say(
                    f"| {name} | {workers} | {found.jobs_a_second:.0f} | "
                    f"{statistics.median(found.put_ms):.1f} | {late:.1f} | {found.put_ms[-1]:.1f} |"
                )
            with TemporaryDirectory() as folder:
                dice = random.Random(os.urandom(8))  # noqa: S311 - no secret hangs on it
                losses.append((name, toll(make(Path(folder)), Path(folder), int(jobs), dice)))
    _say("\n| queue | jobs | kills | lost | worked on again |\n|---|---|---|---|---|")
    for name, cost in losses:
        _say(f"| {name} | {jobs} | {cost.kills} | {cost.lost} | {cost.again} |")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
