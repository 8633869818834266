"""Any order of askers, workers, deaths and second thoughts: what always has to hold."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from beatstitch import queue
from beatstitch.db import base, schema
from beatstitch.db.jobs import ENDED, Job, JobTotal, JobWait
from beatstitch.errors import BeatstitchError, Cancelled, Conflict
from beatstitch.queue import Child, Claim, FanOut, Fault, LeaseLost
from moments import CHUNK, FINAL, KINDS, PREVIEW, PROBE, after

DICE = random.Random(3)  # noqa: S311 - no secret hangs on it
OWNERS = ("worker-1", "worker-2", "worker-3")


class Lives(RuleBasedStateMachine):
    """Three workers, a few users, and a clock that only runs forward."""

    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory(dir="/dev/shm")
        base.connect(f"sqlite:///{Path(self._folder.name)}/x.db")
        schema.upgrade()
        base.database.pragma("synchronous", 0)  # this is about logic, and the disk is slow
        self._now_s = 0.0
        self._ended: dict[str, str] = {}
        self._attempts: dict[str, int] = {}
        self._finished: list[str] = []

    def teardown(self) -> None:
        base.disconnect()
        self._folder.cleanup()

    def _at(self) -> queue.Instant:
        self._now_s += 0.001
        return after(self._now_s)

    @rule(seconds=st.sampled_from([1, 31, 400]))
    def time_passes(self, seconds: int) -> None:
        self._now_s += seconds

    @rule(
        kind=st.sampled_from([PROBE, PREVIEW, FINAL]),
        user=st.sampled_from(["anna", "ben"]),
        key=st.sampled_from([None, "a", "b"]),
    )
    def somebody_asks(self, kind: queue.Kind, user: str, key: str | None) -> None:
        try:
            queue.submit(kind, {}, at=self._at(), user_id=user, unique_key=key)
        except Conflict as refused:
            assert refused.details["existing_job_id"]

    @initialize(target=claims)
    def it_begins_with_a_family(self) -> MultipleResults[Claim]:
        for user in ("anna", "ben"):
            queue.submit(FINAL, {}, at=self._at(), user_id=user)
            parent = self._claim(OWNERS[0], FINAL)
            wish = FanOut([Child("chunk", {}, key) for key in ("c1", "c2")])
            queue.fan_out(parent.lease, wish, KINDS, self._at())
        return multiple(self._claim(OWNERS[0], CHUNK), self._claim(OWNERS[1], CHUNK))

    @rule(target=claims, owner=st.sampled_from(OWNERS))
    def a_worker_claims(self, owner: str) -> MultipleResults[Claim]:
        claim = queue.claim(owner, tuple(KINDS.values()), self._at())
        return multiple() if claim is None else multiple(self._known(claim))

    @rule(target=claims, claim=claims, successor=st.sampled_from(OWNERS))
    def it_is_taken_for_dead(self, claim: Claim, successor: str) -> MultipleResults[Claim]:
        queue.reap_owner(claim.lease.owner, self._at())
        return self.a_worker_claims(successor)

    def _claim(self, owner: str, kind: queue.Kind) -> Claim:
        claim = queue.claim(owner, (kind,), self._at())
        assert claim is not None
        return self._known(claim)

    def _known(self, claim: Claim) -> Claim:
        assert claim.lease.attempt > self._attempts.get(claim.job.id, 0)
        self._attempts[claim.job.id] = claim.lease.attempt
        self._ended.pop(claim.job.id, None)
        return claim

    @rule(claim=claims)
    def it_finishes(self, claim: Claim) -> None:
        try:
            queue.finish(claim.lease, {"by": claim.lease.attempt}, self._at())
        except (LeaseLost, Cancelled):
            return
        self._finished.append(claim.job.id)

    @rule(claim=claims, write=st.sampled_from(["fail", "tremble", "stop", "give_back", "renew"]))
    def it_writes_something_else(self, claim: Claim, write: str) -> None:
        writes = {
            "fail": lambda: queue.fail(claim.lease, Fault("x", "X.", False), self._at(), DICE),
            "tremble": lambda: queue.fail(claim.lease, Fault("x", "X.", True), self._at(), DICE),
            "stop": lambda: queue.stop(claim.lease, self._at()),
            "give_back": lambda: queue.give_back(claim.lease, self._at()),
            "renew": lambda: queue.renew(claim.lease, self._at()),
        }
        try:
            writes[write]()
        except LeaseLost:
            return

    @rule(claim=claims, keys=st.lists(st.sampled_from([None, "c1", "c2", "c3"]), min_size=1))
    def it_fans_out(self, claim: Claim, keys: list[str | None]) -> None:
        if claim.job.kind not in ("preview", "final"):
            return
        wish = FanOut([Child("chunk", {}, key) for key in keys])
        try:
            queue.fan_out(claim.lease, wish, KINDS, self._at())
        except (LeaseLost, Cancelled, Conflict):
            return

    @rule(pick=st.integers(0, 10**6), verb=st.sampled_from(["cancel", "retry"]))
    def somebody_thinks_again(self, pick: int, verb: str) -> None:
        rows = list(Job.select(Job.id).order_by(Job.id))
        if not rows:
            return
        job_id = rows[pick % len(rows)].id
        try:
            if verb == "cancel":
                queue.cancel(job_id, self._at())
            else:
                queue.retry(job_id, KINDS, self._at())
                self._ended.pop(job_id, None)
        except BeatstitchError:
            return

    @rule()
    def leases_are_looked_after(self) -> None:
        queue.reap_expired(self._at())

    @invariant()
    def a_job_is_leased_exactly_while_it_runs(self) -> None:
        for job in Job.select():
            assert (job.status == "running") == (job.lease_owner is not None)
            assert (job.status in ENDED) == (job.finished_at is not None)

    @invariant()
    def what_has_ended_stays_ended(self) -> None:
        for job in Job.select().where(Job.status.in_(ENDED)):
            assert self._ended.setdefault(job.id, job.status) == job.status

    @invariant()
    def whoever_waits_has_somebody_to_wait_for(self) -> None:
        for parent in Job.select().where(Job.status == "waiting"):
            children = Job.select().join(JobWait, on=(JobWait.child == Job.id))
            states = {row.status for row in children.where(JobWait.parent == parent.id)}
            assert states & {"queued", "running"}
            assert not states & {"failed", "cancelled"}

    @invariant()
    def nobody_works_for_a_parent_that_has_ended(self) -> None:
        live = Job.select().where(Job.kind == "chunk", Job.status == "queued")
        for child in live:
            parents = Job.select().join(JobWait, on=(JobWait.parent == Job.id))
            states = {row.status for row in parents.where(JobWait.child == child.id)}
            assert "waiting" in states

    @invariant()
    def a_user_has_at_most_two_renders_under_way(self) -> None:
        for user in ("anna", "ben"):
            begun = Job.status.in_(("running", "waiting")) & Job.kind.in_(("preview", "final"))
            assert Job.select().where(begun & (Job.user_id == user)).count() <= 2

    @invariant()
    def what_is_complete_was_finished_by_its_last_attempt_and_counted_once(self) -> None:
        complete = [job for job in Job.select() if job.status == "complete"]
        assert all(job.result == {"by": job.attempt} for job in complete)
        counted = JobTotal.select().where(JobTotal.status == "complete")
        assert sum(row.count for row in counted) == len(self._finished) == len(complete)


Lives.TestCase.settings = settings(
    max_examples=20,
    # To make a found life shorter takes minutes; its blob can be replayed with shrinking.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
TestLives = Lives.TestCase
