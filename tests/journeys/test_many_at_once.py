"""Many callers at once, and a worker at work beside them: nobody meets a fault of the server."""

import random
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from servers import Deployment, HttpCaller
from songs import Song

THREADS, CALLS = 8, 25


def _calls(
    caller: HttpCaller, photo: bytes, song: bytes, rng: random.Random
) -> dict[str, Callable[[str], requests.Response]]:
    """What one may do with a project, and often may not at that moment."""

    def reorder(project: str) -> requests.Response:
        media = caller.get(project).json().get("media_assets", [])
        order = [asset["id"] for asset in reversed(media)]
        return caller.post(f"{project}/media/reorder", json={"order": order})

    def cancel(_: str) -> requests.Response:
        jobs = caller.get("/jobs?limit=5").json()["items"]
        job_id = rng.choice(jobs)["id"] if jobs else "none"
        return caller.post(f"/jobs/{job_id}/cancel")

    return {
        "make": lambda _: caller.post("/projects", json={"name": "Test"}),
        "list": lambda _: caller.get("/projects"),
        "read": lambda project: caller.get(project),
        "photos": lambda project: caller.post(
            f"{project}/media", files=[("files", ("a.jpg", photo)), ("files", ("b.jpg", photo))]
        ),
        "song": lambda project: caller.post(f"{project}/audio", files={"file": ("song.wav", song)}),
        "settings": lambda project: caller.session.patch(
            f"{caller.api}{project}/settings", json={"seed": rng.randrange(100)}, timeout=60
        ),
        "generate": lambda project: caller.post(f"{project}/timeline/generate"),
        "status": lambda project: caller.get(f"{project}/status"),
        "reorder": reorder,
        "cancel": cancel,
        "delete": lambda project: caller.delete(project),
    }


def test_many_at_once_meet_no_fault_and_leave_rows_and_files_that_agree(
    service: Deployment, photos: tuple[Path, ...], short_song: Song
) -> None:
    token = service.caller().session.headers["Authorization"]
    photo, song = photos[0].read_bytes(), short_song.path.read_bytes()

    def act(seed: int) -> list[tuple[str, int, str]]:
        rng = random.Random(seed)  # noqa: S311 - dice that fall the same way each time
        caller = HttpCaller(f"{service.url}/api")
        caller.session.headers["Authorization"] = token
        calls = _calls(caller, photo, song, rng)
        faults = []
        for _ in range(CALLS):
            known = caller.get("/projects").json()["items"]
            project = f"/projects/{rng.choice(known)['id'] if known else 'none'}"
            name = rng.choice(list(calls))
            answer = calls[name](project)
            if answer.status_code >= 500:
                faults.append((name, answer.status_code, answer.text))
        return faults

    with ThreadPoolExecutor(THREADS) as pool:
        faults = [fault for found in pool.map(act, range(THREADS)) for fault in found]

    assert faults == []
    with sqlite3.connect(service.data / "beatstitch.db") as rows:
        named = {
            key
            for (key,) in rows.execute(
                "SELECT original_key FROM media_assets UNION SELECT original_key FROM audio_tracks"
            )
        }
    rows.close()
    uploads = service.data / "uploads"
    there = {p.relative_to(service.data).as_posix() for p in uploads.rglob("*") if p.is_file()}
    assert named == there
