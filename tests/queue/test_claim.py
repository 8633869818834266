"""Taking the next job: the order, the shares, and that one wins."""

import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from beatstitch import queue
from beatstitch.queue import FanOut, Fault
from beatstitch.queue.claim import next_run_at_ms
from beatstitch.queue.family import Child
from moments import CHUNK, FINAL, KINDS, PREVIEW, PROBE, START, after, claimed, submitted

pytestmark = pytest.mark.usefixtures("database")
ALL = tuple(KINDS.values())


def test_nothing_is_claimed_from_an_empty_queue() -> None:
    assert queue.claim("worker-1", ALL, START) is None


def test_a_claim_is_a_lease_of_this_attempt_and_owner() -> None:
    job = submitted()

    claim = queue.claim("worker-1", ALL, START)

    assert claim is not None
    assert (claim.job.id, claim.job.status) == (job.id, "running")
    assert (claim.lease.attempt, claim.lease.owner) == (1, "worker-1")
    assert claim.lease.left_ms(START) == 30_000


def test_jobs_of_a_band_come_in_the_order_of_asking() -> None:
    ids = [submitted(seconds=i).id for i in range(5)]

    assert [claimed(9).job.id for _ in ids] == ids


def test_a_preview_overtakes_a_final_that_was_asked_for_before() -> None:
    submitted(FINAL)
    preview = submitted(PREVIEW, seconds=60)

    assert claimed(61).job.id == preview.id


def test_a_final_is_not_overtaken_for_ever() -> None:
    final = submitted(FINAL)
    submitted(PREVIEW, seconds=6 * 3600 + 1)

    assert claimed(6 * 3600 + 2).job.id == final.id


def test_a_worker_is_given_only_kinds_that_it_names() -> None:
    submitted(CHUNK)

    assert queue.claim("worker-1", (PROBE, PREVIEW), START) is None


def test_a_user_has_at_most_two_renders_under_way_and_others_go_ahead() -> None:
    for _ in range(3):
        submitted(FINAL, user="anna")
    other = submitted(FINAL, seconds=1, user="ben")
    probe = submitted(PROBE, seconds=2, user="anna")

    first, *renders = (claimed(3).job for _ in range(4))

    assert first.id == probe.id
    assert sorted(str(job.user_id) for job in renders) == ["anna", "anna", "ben"]
    assert other.id in {job.id for job in renders}
    assert queue.claim("worker-1", ALL, after(3)) is None


def test_a_render_that_waits_for_its_chunks_counts_for_its_user() -> None:
    for _ in range(3):
        submitted(FINAL, user="anna")
    for _ in range(2):
        parent = claimed(kinds=(FINAL,))
        queue.fan_out(parent.lease, FanOut([Child("chunk", {})]), KINDS, START)

    assert queue.claim("worker-1", (FINAL,), START) is None


def test_a_render_that_comes_back_to_join_needs_no_new_place() -> None:
    for _ in range(3):
        submitted(FINAL, user="anna")
    parents = [claimed(kinds=(FINAL,)) for _ in range(2)]
    queue.fan_out(parents[0].lease, FanOut([Child("chunk", {})]), KINDS, START)
    queue.finish(claimed(kinds=(CHUNK,)).lease, None, after(1))

    assert claimed(2, kinds=(FINAL,)).job.id == parents[0].job.id


def test_a_job_that_waits_for_its_retry_is_not_ready_before(rng: random.Random) -> None:
    submitted()
    job = queue.fail(claimed().lease, Fault("io", "Trouble.", True), START, rng)
    wait_s = (job.run_at_ms - START.wall_ms) / 1000

    assert next_run_at_ms(ALL, START) == job.run_at_ms
    assert queue.claim("worker-1", ALL, after(wait_s - 0.01)) is None
    assert claimed(wait_s).lease.attempt == 2


RACER = """
import sys
from pathlib import Path
from moments import KINDS
from beatstitch import queue
from beatstitch.db import base
base.connect(sys.argv[1], Path(sys.argv[2]))
sys.stdin.readline()
won = []
while claim := queue.claim(sys.argv[3], tuple(KINDS.values()), queue.now()):
    won.append(claim.job.id)
print("\\n".join(won))
"""


def test_of_two_workers_one_wins_each_of_the_jobs(database: str, tmp_path: Path) -> None:
    ids = [submitted().id for _ in range(150)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, database, str(tmp_path), f"worker-{i}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for i in range(3)
    ]

    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = Counter(line for racer in racers for line in racer.communicate()[0].split())

    assert won == Counter(ids)
