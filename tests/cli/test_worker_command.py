"""`beatstitch worker`: starts on an empty data folder, and leaves when told to."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def _start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "STORAGE_PATH": str(folder / "data")}
    environment.pop("DATABASE_URL", None)
    return subprocess.Popen(
        [sys.executable, "-m", "beatstitch", "worker", *arguments],
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_makes_what_is_missing_works_and_leaves(tmp_path: Path) -> None:
    worker = _start(tmp_path, "--slots", "1", "--kinds", "media_processing,timeline_build")
    assert worker.stderr is not None
    said = map(json.loads, worker.stderr)
    ready = next(line for line in said if line["message"] == "worker ready")

    worker.send_signal(signal.SIGTERM)
    _, rest = worker.communicate(timeout=30)

    assert ready["slots"] == {"light": 2, "heavy": 1}
    assert worker.returncode == 0
    assert (tmp_path / "data" / "beatstitch.db").exists()
    assert "worker has left" in rest


@pytest.mark.parametrize("arguments", [("--kinds", "knitting"), ("--slots", "0")])
def test_bad_use_is_refused_with_a_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    worker = _start(tmp_path, *arguments)

    _, said = worker.communicate(timeout=30)

    assert worker.returncode == 2
    assert arguments[1] in said
