"""Who works on what, and until when: the jobs table as a queue.

`submit` is the asker's side, `claim` and what follows it the worker's. A claim is a lease with a
generation: every later write on the job says which attempt of which owner writes it, and a write
that meets no row raises LeaseLost. This room refuses to know what a job does; it knows a `Kind`,
which says what a job may take. Time comes in as an argument, by both clocks (`Instant`).
"""

from beatstitch.queue.cancel import cancel, cancel_project
from beatstitch.queue.claim import Claim, claim
from beatstitch.queue.clock import Instant, now
from beatstitch.queue.end import Fault, fail, finish, give_back, stop
from beatstitch.queue.family import Child, FanOut, fan_out
from beatstitch.queue.kind import Kind
from beatstitch.queue.lease import Lease, LeaseLost
from beatstitch.queue.recover import (
    mark_settled,
    prune,
    reap_expired,
    reap_owner,
    requeue_running,
    unsettled,
)
from beatstitch.queue.recur import submit_recurring
from beatstitch.queue.renew import Line, Progress, note, renew
from beatstitch.queue.submit import retry, submit
from beatstitch.queue.watch import Watch

__all__ = [
    "Child",
    "Claim",
    "FanOut",
    "Fault",
    "Instant",
    "Kind",
    "Lease",
    "LeaseLost",
    "Line",
    "Progress",
    "Watch",
    "cancel",
    "cancel_project",
    "claim",
    "fail",
    "fan_out",
    "finish",
    "give_back",
    "mark_settled",
    "note",
    "now",
    "prune",
    "reap_expired",
    "reap_owner",
    "renew",
    "requeue_running",
    "retry",
    "stop",
    "submit",
    "submit_recurring",
    "unsettled",
]
