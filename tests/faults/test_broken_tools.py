"""FFprobe hangs, floods or multiplies: the job ends with a code, and nothing is left running.

A stub stands in its place on the worker's PATH; it is the worker's own limits that end it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from beatstitch.process import sandbox
from running import children_with
from servers import Deployment, deployed, waited


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    """The stub, to be written."""
    path = tmp_path / "bin" / "ffprobe"
    path.parent.mkdir()
    return path


@pytest.fixture
def place(tmp_path: Path, stub: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """A deployment whose worker finds the stub first, and has a tenth of the usual time."""
    with deployed(tmp_path / "here", BEATSTITCH_JOB_TIME_FACTOR="0.1") as deployment:
        deployment.settings["PATH"] = f"{stub.parent}:/usr/local/bin:/usr/bin:/bin"
        deployment.serve()
        yield deployment


def _as(stub: Path, script: str) -> None:
    stub.write_text(f"#!/bin/sh\n{script}\n")
    stub.chmod(0o755)


CASES = {
    "stopped": ("kill -STOP $$", {"timeout"}),
    "silent": ("exec sleep 600", {"timeout"}),
    "endless": ("while :; do echo more; done", {"output_too_large", "timeout"}),
    # Behind bubblewrap the kernel lets it start nothing at all, and the shell gives up.
    "fork bomb": ("b() { b | b & }; b; exec sleep 600", {"timeout", "ffmpeg_failed"}),
}


def test_a_broken_ffprobe_costs_its_own_job_and_no_other(
    place: Deployment, stub: Path, clips: tuple[Path, ...], photos: tuple[Path, ...]
) -> None:
    """One worker through all of them, and afterwards it works as before."""
    place.start("worker", "--kinds", "media_processing")
    caller = place.caller()
    project = f"/projects/{caller.post('/projects', json={'name': 'Test'}).json()['id']}"
    came_to = {}
    for case, (script, _) in CASES.items():
        _as(stub, script)
        caller.upload(f"{project}/media", "files", clips[0])
        job = caller.get("/jobs?limit=1").json()["items"][0]["id"]
        came_to[case] = caller.ended(job)["error_code"]
        if sandbox() == "bubblewrap":
            assert waited(lambda: not list(children_with(str(stub))), limit_s=10), case
    stub.unlink()
    caller.upload(f"{project}/media", "files", clips[0])
    caller.upload(f"{project}/media", "files", photos[0])

    assert waited(lambda: caller.media_ready(project))
    assert {case: came_to[case] in codes for case, (_, codes) in CASES.items()} == dict.fromkeys(
        CASES, True
    ), came_to
    assert caller.get(f"{project}/status").json()["media"]["ready"] == 2
    assert place.health()["checks"]["workers"]["alive"] == 1
