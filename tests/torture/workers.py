"""Real workers with real children: figures for people.

`python tests/torture/workers.py starts [JOBS]`: from asking to the handler's first line, and to the
end of the job, on an idle worker. `deaths [TIMES]`: from a worker's SIGKILL to the next claim.
`idle [SECONDS]`: the CPU time of a worker that has nothing to do. With `postgresql` behind the
number, on that.
"""

import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from daemons import House, wait_for
from torture.claimers import opened
from toys import rows


def starts(house: House, jobs: int) -> None:
    """Ask for one job at a time."""
    house.worker()
    house.ended(house.submit())
    begun, ended = [], []
    for _ in range(jobs):
        asked_ms = time.time() * 1000
        job = house.ended(house.submit(text="x"))
        ended.append(time.time() * 1000 - asked_ms)
        assert job.result is not None
        begun.append(float(str(job.result["began_ms"])) - asked_ms)
        time.sleep(0.1)
    _say("asked to handler running", begun)
    _say("asked to seen complete", ended)


def deaths(house: House, times: int) -> None:
    """Kill the worker that holds a job while another is idle."""
    mark = house.folder / "mark"
    workers = {worker.pid: worker for worker in (house.worker(), house.worker())}
    waits = []
    for _ in range(times):
        mark.unlink(missing_ok=True)
        job = house.submit("naughty", trick="sleep", mark=str(mark))
        wait_for(lambda: mark.exists() and mark.read_text().strip() != "", "the job to begin")
        holder = int(str(house.row(job).lease_owner).split("-")[-3])
        wait_for(lambda: _are_both_up(house), "the peer")
        killed_at = time.monotonic()
        workers[holder].kill()
        wait_for(lambda job=job: house.row(job).attempt == 2, "the peer to claim it")  # type: ignore[misc]
        waits.append((time.monotonic() - killed_at) * 1000)
        workers.pop(holder).wait()
        house.stop()
        house.workers.clear()
        workers = {worker.pid: worker for worker in (house.worker(), house.worker())}
    _say("killed to claimed again", waits)


def _are_both_up(house: House) -> bool:
    """Whether both workers are ready, and have had a moment to hear of each other."""
    ready = [line for line in house.log() if line["message"] == "worker ready"]
    time.sleep(0.3)
    return len(ready) >= 2


def idle(house: House, seconds: int) -> None:
    """Let a worker be for that long."""
    worker = house.worker()
    house.ended(house.submit())
    time.sleep(1)
    before = _cpu_ms(worker.pid)
    time.sleep(seconds)
    sys.stdout.write(f"idle: {(_cpu_ms(worker.pid) - before) / seconds:.2f} ms of CPU a second\n")


def _cpu_ms(pid: int) -> float:
    run_ns = Path(f"/proc/{pid}/schedstat").read_text().split()[0]
    return int(run_ns) / 1e6


def _say(what: str, figures: Sequence[float]) -> None:
    ordered = sorted(figures)
    late = ordered[int(len(ordered) * 0.95)]
    sys.stdout.write(
        f"{what}: p50 {statistics.median(ordered):.1f}, p95 {late:.1f}, max {ordered[-1]:.1f} ms\n"
    )


def main(verb: str, count: str = "50", kind: str = "sqlite") -> None:
    """See the top of the file."""
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    with TemporaryDirectory() as folder, opened(kind, Path(folder)) as url:
        house = House(Path(folder), url)
        rows.create()
        {"starts": starts, "deaths": deaths, "idle": idle}[verb](house, int(count))
        house.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
