"""The machine is lost in the middle of the work, and comes back from last night's backup."""

import shutil
import signal
from pathlib import Path

from servers import deployed, waited
from songs import Song

SETTINGS = {"output_width": 320, "output_height": 180, "beats_per_cut": 2}


def test_a_deployment_comes_back_from_a_backup_that_was_made_at_work(
    tmp_path: Path, photos: tuple[Path, ...], short_song: Song
) -> None:
    with deployed(tmp_path / "here", BEATSTITCH_HEAVY_SLOTS="1") as place:
        server, worker = place.serve(), place.work()
        caller = place.caller()
        made = caller.post("/projects", json={"name": "Trip", "settings": SETTINGS})
        project = f"/projects/{made.json()['id']}"
        for photo in photos[:2]:
            caller.upload(f"{project}/media", "files", photo)
        assert waited(lambda: caller.media_ready(project))
        song = caller.upload(f"{project}/audio", "file", short_song.path)
        heard = song.json()["analysis_job_id"]
        assert waited(lambda: caller.get(f"/jobs/{heard}").json()["status"] == "running")
        worker.send_signal(signal.SIGSTOP)  # or it might be done before the backup has begun

        backup = place.admin("database", "backup", str(tmp_path / "backup"), "--files")
        for process in (server, worker):
            process.kill()
            process.wait()
        shutil.rmtree(place.data)
        restored = place.admin("database", "restore", str(tmp_path / "backup"))

        assert backup.code == restored.code == 0, (backup, restored)
        assert "1 jobs that ran are queued again" in restored.out
        place.serve()
        place.work()
        caller.api = f"{place.url}/api"
        assert caller.ended(heard)["status"] == "complete"
        generated = caller.post(f"{project}/timeline/generate").json()["job_id"]
        assert caller.ended(generated)["status"] == "complete"
        edl_hash = caller.get(f"{project}/timeline").json()["edl_hash"]
        wish = {"job_type": "preview", "edl_hash": edl_hash}
        film = caller.post(f"{project}/render", json=wish).json()["job_id"]
        assert caller.ended(film)["status"] == "complete"
        verified = place.admin("storage", "verify")
        assert verified.code == 0, verified.out
        assert " 0 are wrong, 0 are nobody's." in verified.out
