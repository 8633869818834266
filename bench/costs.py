"""What a run takes: seconds of all its processes, and the memory of its largest.

bubblewrap leaves its children to whoever adopts orphans, and their CPU with them; so each run is
made in a fresh process that adopts them itself (PR_SET_CHILD_SUBREAPER, prctl(2)) and waits for
all. What it then knows of its children is the whole truth.
"""

import ctypes
import multiprocessing
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from beatstitch.ffmpeg.fingerprint import fingerprint

PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run took: seconds of all processes, seconds that passed, and the largest process."""

    cpu_s: float
    wall_s: float
    peak_mb: float


def taken(run: Callable[[], object]) -> Taken:
    """What a run takes in a process of its own."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        return pool.submit(_measured, run).result()


def _measured(run: Callable[[], object]) -> Taken:
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError("this kernel doesn't let a process adopt orphans")
    fingerprint()
    before, began = _cpu_s(), time.monotonic()
    run()
    wall_s = time.monotonic() - began
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Taken(_cpu_s() - before, wall_s, largest)


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def say(name: str, *columns: str) -> None:
    """Print a row at once, also into a pipe."""
    sys.stdout.write(f"{name:36}" + "".join(f"{column:>16}" for column in columns) + "\n")
    sys.stdout.flush()


def say_ratios(name: str, runs: Sequence[tuple[Taken, ...]], field: str) -> None:
    """The first of each pair over the second: median, least and most."""
    ratios = [getattr(a, field) / getattr(b, field) for a, b, *_ in runs]
    spread = f"{min(ratios):.2f}–{max(ratios):.2f}"
    say(name, f"{statistics.median(ratios):.2f}", spread, f"n={len(ratios)}")


def median(these: Sequence[Taken], field: str) -> str:
    """What is in the middle of these runs, to print."""
    return f"{statistics.median(getattr(one, field) for one in these):.1f}"
