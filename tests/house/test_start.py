"""The command answers at once: help costs no numpy and next to no time."""

import os
import re
import subprocess
import sys
from pathlib import Path

COMMAND = Path(sys.executable).with_name("beatstitch")
HEAVY = {"numpy", "scipy", "librosa", "madmom", "numba", "PIL", "pillow_heif", "flask", "peewee"}


def _run_help(environment: dict[str, str]) -> tuple[float, str]:
    """CPU seconds and standard error of one `beatstitch --help`."""
    child = subprocess.Popen(
        [COMMAND, "--help"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | environment,
        text=True,
    )
    assert child.stderr is not None
    with child.stderr:
        said = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, said
    return used.ru_utime + used.ru_stime, said


def test_help_imports_nothing_heavy() -> None:
    _, said = _run_help({"PYTHONPROFILEIMPORTTIME": "1"})

    imported = set(re.findall(r"\| +([\w]+)", said))
    assert "beatstitch" in imported
    assert not imported & HEAVY


def test_help_takes_less_than_half_a_second_of_cpu() -> None:
    _run_help({})  # the first run may have to write byte code

    assert min(_run_help({})[0] for _ in range(3)) < 0.5
