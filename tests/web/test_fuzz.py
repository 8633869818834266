"""The short form of `make fuzz`: schemathesis finds nothing in the time that a test may take."""

import subprocess
import sys
from pathlib import Path

FUZZ = Path(__file__).parents[1] / "torture" / "fuzz.py"
SHORT = ("--phases", "fuzzing,stateful", "--max-examples", "1", "--max-time", "30")


def test_schemathesis_finds_no_fault_that_is_near() -> None:
    done = subprocess.run(
        [sys.executable, FUZZ, *SHORT],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
