"""From upload to film, by HTTP, with a real server and a real worker."""

import hashlib
import subprocess
from pathlib import Path
from tempfile import NamedTemporaryFile

import requests

from footage import Code, find_cuts, read_codes
from servers import Deployment, HttpCaller, waited
from songs import Song

ROOT = Path(__file__).parents[2]
SMALL = {"output_width": 640, "output_height": 360}


def _project(caller: HttpCaller, **body: object) -> str:
    made = caller.post("/projects", json={"name": "Test", **body})
    assert made.status_code == 201, made.text
    return f"/projects/{made.json()['id']}"


def test_full_render_workflow(
    service: Deployment,
    caller: HttpCaller,
    photos: tuple[Path, ...],
    clips: tuple[Path, ...],
    short_song: Song,
) -> None:
    project = _project(caller, settings=SMALL | {"beats_per_cut": 2, "ken_burns_enabled": False})
    for medium in (photos[0], clips[0]):
        assert caller.upload(f"{project}/media", "files", medium).status_code == 201

    audio = caller.upload(f"{project}/audio", "file", short_song.path)
    assert audio.status_code == 202
    analysis = caller.ended(audio.json()["analysis_job_id"])
    assert analysis["status"] == "complete", analysis
    assert waited(lambda: caller.media_ready(project))

    generation = caller.post(f"{project}/timeline/generate")
    assert generation.status_code == 202
    assert caller.ended(generation.json()["job_id"])["status"] == "complete"

    timeline = caller.get(f"{project}/timeline")
    assert timeline.status_code == 200
    edl_hash = timeline.json()["edl_hash"]
    assert edl_hash is not None

    wish = {"job_type": "preview", "edl_hash": edl_hash}
    render = caller.post(f"{project}/render", json=wish)
    assert render.status_code == 202
    job = caller.ended(render.json()["job_id"])
    assert job["status"] == "complete", job
    assert job["edl_hash"] == edl_hash

    film = caller.get(f"{project}/outputs/preview")
    assert film.status_code == 200
    assert film.headers["content-type"] == "video/mp4"
    assert len(film.content) == job["file_size"] > 0
    verified = service.admin("storage", "verify")
    # Whatever a job leaves has to be known to the sweep, or it goes after a day.
    assert project.rpartition("/")[2] not in verified.out, verified.out


def test_a_preview_from_proxies_begins_soon_and_has_the_cuts_of_its_timeline(
    caller: HttpCaller, photos: tuple[Path, ...], clips: tuple[Path, ...], short_song: Song
) -> None:
    project = _project(caller, settings={"beats_per_cut": 2})
    for medium in (*clips[:2], photos[0]):
        caller.upload(f"{project}/media", "files", medium)
    analysis = caller.upload(f"{project}/audio", "file", short_song.path).json()["analysis_job_id"]
    assert caller.ended(analysis)["status"] == "complete"
    assert waited(lambda: caller.media_ready(project))
    assert waited(lambda: all(asset["looks"] for asset in _assets(caller, project)))
    assets = _assets(caller, project)
    generation = caller.post(f"{project}/timeline/generate").json()["job_id"]
    assert caller.ended(generation)["status"] == "complete"
    timeline = caller.get(f"{project}/timeline").json()
    found = {asset["id"]: asset["focus_found"] for asset in assets}
    for segment in timeline["segments"]:
        assert segment["effects"]["focus"] == found[segment["media_asset_id"]] is not None

    wish = {"job_type": "preview", "edl_hash": timeline["edl_hash"]}
    job = caller.post(f"{project}/render", json=wish).json()["job_id"]
    beginning = caller.get(f"/jobs/{job}/first-chunk?wait=30")
    assert caller.ended(job)["status"] == "complete"

    assert beginning.status_code == 200 and beginning.headers["content-type"] == "video/mp4"
    film = caller.get(f"{project}/outputs/preview").content
    starts = [segment["timeline_in_frame"] for segment in timeline["segments"]]
    assert find_cuts(_codes(film)) == starts[1:]
    assert _codes(beginning.content) == _codes(film)[: len(_codes(beginning.content))]
    for asset in assets[:2]:
        strip = caller.get(asset["filmstrip_url"].removeprefix("/api"))
        proxy = caller.get(asset["proxy_url"].removeprefix("/api"))
        assert (strip.headers["content-type"], strip.content[:2]) == ("image/jpeg", b"\xff\xd8")
        assert (proxy.headers["content-type"], proxy.content[4:8]) == ("video/mp4", b"ftyp")
    assert assets[2]["filmstrip_url"] is None


def _assets(caller: HttpCaller, project: str) -> list[dict[str, str]]:
    """The project's media, in their order."""
    assets: list[dict[str, str]] = caller.get(project).json()["media_assets"]
    return assets


def _codes(film: bytes) -> list[Code | None]:
    with NamedTemporaryFile(suffix=".mp4") as file:
        file.write(film)
        file.flush()
        return read_codes(Path(file.name))


def test_a_final_for_a_platform_says_what_it_came_from(
    caller: HttpCaller, clips: tuple[Path, ...], short_song: Song
) -> None:
    project = _project(caller, settings=SMALL)
    caller.upload(f"{project}/media", "files", clips[0])
    analysis = caller.upload(f"{project}/audio", "file", short_song.path).json()["analysis_job_id"]
    assert caller.ended(analysis)["status"] == "complete"
    assert waited(lambda: caller.media_ready(project))
    generation = caller.post(f"{project}/timeline/generate").json()["job_id"]
    assert caller.ended(generation)["status"] == "complete"
    timeline = caller.get(f"{project}/timeline").json()

    wish = {"job_type": "final", "edl_hash": timeline["edl_hash"]}
    delivery = {"aspect": "1:1", "codec": "h265", "quality": "draft", "loudness": -16}
    render = caller.post(f"{project}/render", json=wish | delivery)
    assert render.status_code == 202, render.text
    job = caller.ended(render.json()["job_id"])
    assert job["status"] == "complete", job

    film = caller.get(f"{project}/outputs").json()["items"][0]
    assert film["target"] == {"profile": None, **delivery, "loudness": "-16"}
    origin = caller.get(film["provenance_url"].removeprefix("/api")).json()
    content = caller.get(film["url"].removeprefix("/api")).content
    assert origin["film_sha256"] == hashlib.sha256(content).hexdigest()
    assert origin["edl"]["edl_hash"] == origin["edl_hash"] == timeline["edl_hash"]
    assert origin["beat_grid"]["beats"] and origin["target"]["codec"] == "h265"
    assert [m["sha256"] for m in origin["media"]] == [
        hashlib.sha256(clips[0].read_bytes()).hexdigest()
    ]


def test_audio_upload_triggers_analysis(caller: HttpCaller, short_song: Song) -> None:
    audio = caller.upload(f"{_project(caller)}/audio", "file", short_song.path)

    assert audio.status_code == 202
    data = audio.json()
    assert "analysis_job_id" in data
    assert data["message"] == "Audio uploaded, beat analysis started"


def test_render_requires_edl_hash(caller: HttpCaller) -> None:
    render = caller.post(f"{_project(caller)}/render", json={"job_type": "preview"})

    assert render.status_code == 422
    assert "edl_hash" in render.json()["detail"][0]["loc"]


def test_timeline_generation_is_async(
    caller: HttpCaller, photos: tuple[Path, ...], short_song: Song
) -> None:
    project = _project(caller)
    caller.upload(f"{project}/media", "files", photos[0])
    audio = caller.upload(f"{project}/audio", "file", short_song.path)
    caller.ended(audio.json()["analysis_job_id"])
    assert waited(lambda: caller.media_ready(project))

    generation = caller.post(f"{project}/timeline/generate")

    assert generation.status_code == 202
    assert "job_id" in generation.json()


def test_the_script_in_the_docs_goes_the_whole_way(
    service: Deployment,
    photos: tuple[Path, ...],
    clips: tuple[Path, ...],
    short_song: Song,
    tmp_path: Path,
) -> None:
    media = [clips[0], photos[0], clips[1]]

    done = subprocess.run(
        [ROOT / "docs" / "journey.sh", short_song.path, *media],
        cwd=tmp_path,
        env=service.environment() | {"BEATSTITCH_URL": service.url},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    seen = {code.clip_id for code in read_codes(tmp_path / "film.mp4") if code}
    assert seen == {1, 2, 11}


def test_a_file_that_only_looks_like_a_film_ends_with_its_reason(
    caller: HttpCaller, clips: tuple[Path, ...], tmp_path: Path
) -> None:
    project = _project(caller)
    cut_short = tmp_path / "cut_short.mp4"
    cut_short.write_bytes(clips[0].read_bytes()[:2000])

    medium = caller.upload(f"{project}/media", "files", cut_short).json()["uploaded"][0]

    assert waited(lambda: caller.media_ready(project))
    shown = caller.get(f"/media/{medium['id']}").json()
    assert shown["processing_status"] == "failed"
    assert "cut_short.mp4" in shown["processing_error"]
    assert str(tmp_path) not in shown["processing_error"]


def test_where_a_clip_is_damaged_is_told_once_its_proxy_is_made(
    caller: HttpCaller, damaged_clip: Path
) -> None:
    project = _project(caller)

    medium = caller.upload(f"{project}/media", "files", damaged_clip).json()["uploaded"][0]

    assert waited(lambda: caller.get(f"/media/{medium['id']}").json()["proxy_url"])
    shown = caller.get(f"/media/{medium['id']}").json()
    assert shown["processing_status"] == "ready"
    assert "to 0:03.0: pictures there may be broken" in shown["processing_error"]


def test_one_request_id_leads_to_the_worker(
    service: Deployment, caller: HttpCaller, photos: tuple[Path, ...]
) -> None:
    project = _project(caller)
    caller.session.headers["X-Request-ID"] = "follow-me-all-the-way"

    caller.upload(f"{project}/media", "files", photos[0])

    assert waited(lambda: caller.media_ready(project))
    assert waited(lambda: "follow-me-all-the-way" in service.log("worker"))
    assert "follow-me-all-the-way" in service.log("serve")


def test_a_project_leaves_nothing_behind(
    service: Deployment, caller: HttpCaller, photos: tuple[Path, ...], short_song: Song
) -> None:
    project = _project(caller)
    caller.upload(f"{project}/media", "files", photos[0])
    job_id = caller.upload(f"{project}/audio", "file", short_song.path).json()["analysis_job_id"]
    assert waited(lambda: caller.media_ready(project))

    assert caller.delete(project).status_code == 204

    caller.ended(job_id)
    project_id = project.rpartition("/")[2]
    places = (service.data / place / project_id for place in ("uploads", "derived", "outputs"))
    left = [path for place in places for path in place.rglob("*") if path.is_file()]
    assert left == []
    assert caller.get(project).status_code == requests.codes.not_found
