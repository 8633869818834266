"""The door to child processes, with real children that behave as badly as they can."""

from time import monotonic

import pytest

from beatstitch import process
from beatstitch.process import Limits, run

QUICK = Limits(timeout_s=1)
AMPLE = Limits(timeout_s=20)


def sh(script: str, limits: Limits = AMPLE, **options: object) -> process.Finished:
    return run(["/bin/sh", "-c", script], limits=limits, **options)  # type: ignore[arg-type]


def test_a_child_ends_with_its_code_and_both_its_outputs() -> None:
    done = sh("echo out; echo err >&2; exit 3")

    assert (done.returncode, done.stdout, done.stderr) == (3, b"out\n", "err\n")


@pytest.mark.parametrize(
    "script",
    [
        "sleep 60",
        "kill -STOP $$",
        "trap '' TERM INT HUP; sleep 60",
        "exec >&- 2>&-; sleep 60",
        "while :; do echo more; done",
        "while :; do printf more; done",
        "while :; do echo more >&2; done",
    ],
)
def test_a_child_that_never_ends_is_stopped_at_its_deadline(script: str) -> None:
    started = monotonic()

    with pytest.raises(process.ProcessTimeout) as refused:
        sh(script, QUICK, on_line=lambda line: True)

    assert refused.value.code == "timeout"
    assert monotonic() - started < 10
