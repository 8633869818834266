"""The one door to child processes: start one, watch it, and leave nothing of it behind.

A child runs in its own session under limits, in a sandbox where there is one (`confinement`,
`syscalls`), with both pipes drained and a deadline that doesn't depend on what it prints (`ear`).
Whatever happens, its whole group is killed at the end (`door`). The room refuses to know what a
child is for. How to see which walls stand: docs/confinement.md.
"""

from beatstitch.process.confinement import Limits, Mode
from beatstitch.process.door import Finished, run, sandbox
from beatstitch.process.faults import (
    OutputTooLarge,
    ProcessKilled,
    ProcessStalled,
    ProcessTimeout,
)

__all__ = [
    "Finished",
    "Limits",
    "Mode",
    "OutputTooLarge",
    "ProcessKilled",
    "ProcessStalled",
    "ProcessTimeout",
    "run",
    "sandbox",
]
