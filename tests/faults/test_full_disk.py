"""The data disk is full: what can't be kept is refused with a code, and all recovers by itself."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers import Deployment, HttpCaller, deployed, waited

MIB = 1024**2
DISK_BYTES = 24 * MIB


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Deployment]:
    """A deployment whose data folder is a disk of its own, of 24 MiB."""
    with deployed(tmp_path / "here") as place:
        place.data.mkdir()
        disk = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place.data)]
        if subprocess.run(disk, check=False).returncode != 0:
            pytest.skip("only root may mount a disk")
        try:
            yield place
            place.stop()
        finally:
            subprocess.run(["umount", "-l", str(place.data)], check=True)


def fill(place: Deployment) -> Path:
    """Write to the disk until not a byte more goes."""
    filler = place.data / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (MIB, 4096, 1):
            try:
                while True:
                    file.write(b"\1" * size)
            except OSError:
                continue
    return filler


def sleeping_worker(place: Deployment) -> subprocess.Popen[str]:
    """A worker that has started and stands still until it gets SIGCONT."""
    worker = place.start("worker", "--kinds", "media_processing")
    assert waited(lambda: place.health()["checks"]["workers"]["alive"])
    worker.send_signal(signal.SIGSTOP)
    return worker


def project_of(caller: HttpCaller) -> str:
    return f"/projects/{caller.post('/projects', json={'name': 'Test'}).json()['id']}"


def test_a_full_disk_refuses_and_recovers(
    small: Deployment, photos: tuple[Path, ...], clips: tuple[Path, ...]
) -> None:
    small.serve()
    caller = small.caller()
    project = project_of(caller)
    assert caller.upload(f"{project}/media", "files", photos[0]).status_code == 201
    before = sorted(small.stored())
    filler = fill(small)

    upload = caller.upload(f"{project}/media", "files", clips[0])
    thick = {"name": "x" * 90, "description": "y" * 400}
    writes = [caller.post("/projects", json=thick) for _ in range(10)]
    read = caller.get(project)
    health = small.health()
    filler.unlink()
    after = caller.upload(f"{project}/media", "files", clips[0])

    assert upload.status_code == 507, upload.text
    assert upload.json()["error"] == "insufficient_storage"
    # The write-ahead log may have room of its own for some of them.
    assert {answer.status_code for answer in writes} <= {201, 507}
    assert read.status_code == 200
    assert health["checks"]["storage"]["status"] == "warning"
    assert after.status_code == 201
    assert len(small.stored()) == len(before) + 1
    assert small.stored("incoming") == []


def test_jobs_wait_out_a_full_disk(small: Deployment, photos: tuple[Path, ...]) -> None:
    """The database lies on the same disk, so not even the failure can be written."""
    small.serve()
    caller = small.caller()
    project = project_of(caller)
    worker = sleeping_worker(small)
    caller.upload(f"{project}/media", "files", photos[0])
    filler = fill(small)
    worker.send_signal(signal.SIGCONT)
    assert waited(lambda: '"level": "WARNING"' in small.log("worker"))

    filler.unlink()

    assert waited(lambda: caller.media_ready(project))
    assert caller.get(f"{project}/status").json()["media"]["ready"] == 1
    assert "0 are wrong, 0 are nobody's." in small.admin("storage", "verify").out


def test_a_job_that_can_not_keep_its_files_fails_with_the_code_and_can_be_tried_again(
    small: Deployment, photos: tuple[Path, ...], tmp_path: Path
) -> None:
    small.settings["DATABASE_URL"] = f"sqlite:///{tmp_path}/elsewhere.db"
    small.serve()
    caller = small.caller()
    project = project_of(caller)
    worker = sleeping_worker(small)
    caller.upload(f"{project}/media", "files", photos[0])
    filler = fill(small)
    worker.send_signal(signal.SIGCONT)
    assert waited(lambda: caller.media_ready(project))
    (job,) = caller.get("/jobs").json()["items"]
    held = sorted(small.stored())

    filler.unlink()
    retried = small.admin("jobs", "retry", job["id"])

    assert (job["status"], job["error_code"]) == ("failed", "disk_full")
    assert held == small.stored("uploads")
    assert retried.code == 0
    assert caller.ended(job["id"])["status"] == "complete"
    assert "0 are wrong, 0 are nobody's." in small.admin("storage", "verify").out
