"""Health and measurements."""

import subprocess
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

import backstage
from beatstitch.queue.presence import Presence, Tools
from callers import JPEG, WAV, Caller, forget_settings


def test_a_service_that_works_is_healthy(app: Flask, nobody: Caller) -> None:
    here = app.test_client().get("/health")

    body = here.json
    assert (here.status_code, body["status"]) == (200, "healthy")
    assert set(body["checks"]) == {
        "database",
        "storage",
        "ffmpeg",
        "sandbox",
        "queue",
        "workers",
    }
    assert body["checks"]["storage"]["free_gb"] > 0
    assert body["checks"]["workers"] == {"status": "warning", "alive": 0}
    assert nobody.get("/health").json["status"] == "healthy"
    assert nobody.get("/v1/health").status_code == 200
    assert app.test_client().get("/health/live").json == {"status": "alive"}


def test_a_data_disk_that_cannot_be_written_is_unhealthy(
    nobody: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("only root may mount a disk")
    monkeypatch.setenv("STORAGE_PATH", str(disk))
    forget_settings()

    try:
        answer = nobody.get("/health")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)

    assert (answer.status_code, answer.json["checks"]["storage"]["status"]) == (503, "unhealthy")


def test_a_worker_is_seen(nobody: Caller) -> None:
    worker = Presence("somebody")

    checks = nobody.get("/health").json["checks"]

    worker.close()
    assert checks["workers"] == {"status": "healthy", "alive": 1}


def test_the_tools_are_those_of_the_weakest_worker(nobody: Caller) -> None:
    strong = Presence("strong", Tools("bubblewrap", "ffmpeg 5"))
    weak = Presence("weak", Tools("degraded", None))

    both = nobody.get("/health").json["checks"]
    metrics = nobody.client.get("/metrics").text
    weak.close()
    one = nobody.get("/health").json["checks"]
    strong.close()

    assert both["sandbox"] == {"status": "warning", "mode": "degraded"}
    assert both["ffmpeg"] == {"status": "warning"}
    assert one["sandbox"] == {"status": "healthy", "mode": "bubblewrap"}
    assert one["ffmpeg"] == {"status": "healthy"}
    assert 'worker_tools{ffmpeg="ffmpeg 5",sandbox="bubblewrap"} 1.0' in metrics
    assert 'worker_tools{ffmpeg="none",sandbox="degraded"} 1.0' in metrics


def test_the_queue_shows_how_deep_it_is(anna: Caller) -> None:
    project = anna.project()
    anna.medium(project)
    anna.medium(project)

    assert anna.get("/health").json["checks"]["queue"]["depth"] == 2


def test_a_database_that_is_gone_is_unhealthy_and_says_no_more(
    nobody: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise OSError("no such file: some/where.db")

    monkeypatch.setattr("beatstitch.db.job_figures.live_counts", gone)

    answer = nobody.get("/health")

    assert (answer.status_code, answer.json["status"]) == (503, "unhealthy")
    assert answer.json["checks"]["database"] == {"status": "unhealthy"}
    assert "where" not in answer.text


def test_a_disk_that_is_nearly_full_is_a_warning(
    nobody: Caller, deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEATSTITCH_DISK_FLOOR_BYTES", str(10**18))
    forget_settings()

    answer = nobody.get("/health")

    assert answer.status_code == 200
    assert answer.json["checks"]["storage"]["status"] == "warning"


def test_the_metrics_count_requests_and_jobs(app: Flask, anna: Caller) -> None:
    job_id = anna.song(anna.project())["analysis_job_id"]
    backstage.failed(job_id)
    anna.get("/nothing")
    anna.call("BREW", "/nothing")

    text = app.test_client().get("/metrics").text

    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["http_requests_total", "201", "POST", "projects.create_project"] == 1
    assert samples["http_requests_total", "404", "GET", "none"] == 1
    assert samples["http_requests_total", "404", "none", "other"] == 1
    assert samples["jobs_total", "beat_analysis", "failed"] == 1
    assert samples["jobs_live", "queued"] == 0
    assert samples["active_render_jobs",] == 0
    assert samples["storage_free_bytes",] > 0
    assert samples["queue_depth",] == 0
    assert "ffmpeg_seconds" in text


def test_the_metrics_say_how_busy_the_workers_are_and_what_is_stored(
    app: Flask, anna: Caller
) -> None:
    worker = Presence("somebody", Tools("bubblewrap", "ffmpeg 5", light_slots=2, heavy_slots=4))
    project = anna.project()
    backstage.claimed(anna.song(project)["analysis_job_id"])
    anna.medium(project)

    text = app.test_client().get("/metrics").text

    worker.close()
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["worker_slots", "heavy"] == 4
    assert samples["worker_utilisation", "heavy"] == 0.25
    assert samples["worker_utilisation", "light"] == 0
    assert samples["queue_depth",] == 1
    assert samples["storage_bytes", "users"] == len(JPEG) + len(WAV)
    assert samples["storage_bytes", "cache"] == 0
