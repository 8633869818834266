"""Renders and the films that come of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

import backstage
from beatstitch.db import base, jobs, outputs
from beatstitch.db.jobs import Job
from beatstitch.errors import PreconditionFailed
from beatstitch.jobs.render_film.args import Args
from beatstitch.render.order import FilmOrder
from beatstitch.web.api import beginnings
from callers import Caller, refused, stored

FILM = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 40


@pytest.fixture
def edl_hash(ready_project: str, with_timeline: Callable[[str], str]) -> str:
    """The hash of the ready project's timeline."""
    return with_timeline(ready_project)


def _render(caller: Caller, project: str, edl_hash: str, job_type: str = "preview") -> str:
    started = caller.post(f"{project}/render", {"job_type": job_type, "edl_hash": edl_hash})
    assert started.status_code == 202, started.text
    job_id: str = started.json["job_id"]
    return job_id


def test_a_render_is_a_job(anna: Caller, ready_project: str, edl_hash: str) -> None:
    wish = {"job_type": "final", "edl_hash": edl_hash}

    started = anna.post(f"{ready_project}/render", wish)

    body = started.json
    assert started.status_code == 202
    assert (body["job_type"], body["status"], body["edl_hash"]) == ("final", "queued", edl_hash)
    assert body["warning"] is None
    assert started.headers["Location"] == f"/api/jobs/{body['job_id']}"
    assert Job.get_by_id(body["job_id"]).kind == "render_final"
    assert anna.get(f"/jobs/{body['job_id']}").json["edl_hash"] == edl_hash


def test_a_render_without_a_hash_is_refused(anna: Caller) -> None:
    answer = anna.post(f"{anna.project()}/render", {"job_type": "preview"})

    assert answer.status_code == 422
    assert "edl_hash" in refused(answer, 422, "validation_error")["detail"][0]["loc"]


def test_a_render_names_the_timeline_that_is_in_force(
    anna: Caller, ready_project: str, edl_hash: str
) -> None:
    answer = anna.post(f"{ready_project}/render", {"job_type": "final", "edl_hash": "0" * 64})

    details = refused(answer, 409, "edl_hash_mismatch")["details"]
    assert details["provided_hash"] == "0" * 64
    assert details["current_hash"] == edl_hash
    assert "hint" in details


def test_a_render_needs_a_timeline(anna: Caller, ready_project: str) -> None:
    answer = anna.post(f"{ready_project}/render", {"job_type": "final", "edl_hash": "0" * 64})

    refused(answer, 400, "precondition_failed")


def test_the_same_film_is_rendered_once_at_a_time(
    anna: Caller, ready_project: str, edl_hash: str
) -> None:
    job_id = _render(anna, ready_project, edl_hash)
    wish = {"job_type": "preview", "edl_hash": edl_hash}

    again = anna.post(f"{ready_project}/render", wish)

    assert refused(again, 409, "conflict")["details"]["existing_job_id"] == job_id
    assert _render(anna, ready_project, edl_hash, "final") != job_id


def test_a_stale_timeline_is_rendered_with_a_warning(
    anna: Caller, ready_project: str, edl_hash: str
) -> None:
    anna.patch(f"{ready_project}/settings", {"beats_per_cut": 16})
    wish = {"job_type": "final", "edl_hash": edl_hash}

    started = anna.post(f"{ready_project}/render", wish)

    assert started.status_code == 202
    assert started.json["warning"] == "The settings have changed."


@pytest.mark.parametrize(
    "wrong",
    [{"job_type": "draft"}, {"job_type": None}, {"edl_hash": ""}, {"edl_hash": 5}, {"codec": "?"}],
    ids=str,
)
def test_a_bad_wish_for_a_render_is_refused(
    anna: Caller, ready_project: str, edl_hash: str, wrong: dict[str, object]
) -> None:
    wish = {"job_type": "final", "edl_hash": edl_hash} | wrong

    body = refused(anna.post(f"{ready_project}/render", wish), 422, "validation_error")

    assert body["detail"][0]["loc"] == ["body", next(iter(wrong))]
    assert not Job.select().where(Job.kind == "render_final").exists()


def test_a_film_is_downloaded(anna: Caller, ready_project: str, edl_hash: str) -> None:
    job_id = _render(anna, ready_project, edl_hash)
    backstage.filmed(job_id, FILM)

    film = anna.get(f"{ready_project}/outputs/preview")

    assert (film.status_code, film.data) == (200, FILM)
    assert film.headers["Content-Type"] == "video/mp4"
    assert film.headers["Accept-Ranges"] == "bytes"
    assert 'filename="Test preview.mp4"' in film.headers["Content-Disposition"]
    job = anna.get(f"/jobs/{job_id}").json
    assert (job["status"], job["file_size"]) == ("complete", len(FILM))
    assert anna.get(job["output_url"].removeprefix("/api")).data == FILM


@pytest.mark.parametrize(
    ("asked", "status", "data"),
    [
        ("bytes=0-3", 206, FILM[:4]),
        ("bytes=-5", 206, FILM[-5:]),
        ("bytes=10000-", 206, FILM[10000:]),
        ("bytes=0-99999999", 206, FILM),
        ("seconds=0-3", 200, FILM),
    ],
)
def test_a_part_of_a_film_is_sent(
    anna: Caller, ready_project: str, edl_hash: str, asked: str, status: int, data: bytes
) -> None:
    backstage.filmed(_render(anna, ready_project, edl_hash), FILM)

    part = anna.get(f"{ready_project}/outputs/preview", headers={"Range": asked})

    assert (part.status_code, part.data) == (status, data)


def test_a_part_that_a_film_does_not_have_is_416(
    anna: Caller, ready_project: str, edl_hash: str
) -> None:
    backstage.filmed(_render(anna, ready_project, edl_hash), FILM)

    part = anna.get(f"{ready_project}/outputs/preview", headers={"Range": "bytes=99999-"})

    refused(part, 416, "range_not_satisfiable")
    assert part.headers["Content-Range"] == f"bytes */{len(FILM)}"


def test_a_film_goes_on_only_as_the_same_film(
    anna: Caller, ready_project: str, edl_hash: str
) -> None:
    backstage.filmed(_render(anna, ready_project, edl_hash), FILM)
    address = f"{ready_project}/outputs/preview"
    etag = anna.get(address).headers["ETag"]
    backstage.filmed(_render(anna, ready_project, edl_hash), FILM[::-1])

    part = anna.get(address, headers={"Range": "bytes=0-3", "If-Range": etag})

    assert not etag.startswith("W/")
    assert (part.status_code, part.data) == (200, FILM[::-1])


def test_films_are_listed_newest_first_a_page_at_a_time(
    anna: Caller, ready_project: str, edl_hash: str
) -> None:
    ids = [_render(anna, ready_project, edl_hash, kind) for kind in ("preview", "final")]
    for job_id in ids:
        backstage.filmed(job_id, FILM)

    listed = anna.get(f"{ready_project}/outputs").json

    assert [film["job_id"] for film in listed["items"]] == ids[::-1]
    assert listed["total"] == anna.get(ready_project).json["counts"]["outputs"] == 2
    report = anna.get(listed["items"][0]["sync_report_url"].removeprefix("/api"))
    assert report.json == {"ok": True}
    page = anna.get(f"{ready_project}/outputs?limit=1").json
    rest = anna.get(f"{ready_project}/outputs?limit=1&cursor={page['next_cursor']}").json
    assert page["items"] + rest["items"] == listed["items"]
    assert (page["total"], rest["next_cursor"], listed["next_cursor"]) == (2, None, None)


def test_a_film_is_removed(
    anna: Caller, deployment: Path, ready_project: str, edl_hash: str
) -> None:
    film = backstage.filmed(_render(anna, ready_project, edl_hash), FILM)
    address = f"{ready_project}/outputs/{film.id}"

    assert anna.delete(address).status_code == 204

    refused(anna.get(address), 404, "not_found")
    refused(anna.get(f"{ready_project}/outputs/preview"), 404, "not_found")
    assert not [name for name in stored(deployment) if name.startswith("outputs/")]


def test_a_film_that_was_cleaned_away_is_gone(
    anna: Caller, ready_project: str, edl_hash: str
) -> None:
    film = backstage.filmed(_render(anna, ready_project, edl_hash), FILM)
    outputs.mark_removed(film.id, base.utc_now())

    refused(anna.get(f"{ready_project}/outputs/{film.id}"), 410, "gone")
    refused(anna.get(f"{ready_project}/outputs/preview"), 410, "gone")


def test_a_film_is_found_in_its_own_project_only(
    anna: Caller, ready_project: str, edl_hash: str
) -> None:
    film = backstage.filmed(_render(anna, ready_project, edl_hash), FILM)

    refused(anna.get(f"{anna.project()}/outputs/{film.id}"), 404, "not_found")


def test_the_beginning_of_a_film_is_planned_again_only_when_its_render_has_come_further(
    anna: Caller, ready_project: str, edl_hash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for it looks whenever anything in the database has changed."""
    plans: list[str] = []

    def planned(args: Args, _: str) -> FilmOrder:
        plans.append(args.edl_hash)
        raise PreconditionFailed("precondition_failed", "There is no song.")

    monkeypatch.setattr(beginnings, "film_order", planned)
    job_id = _render(anna, ready_project, edl_hash)
    beginning = beginnings.Beginning(jobs.by_id(job_id))

    looks = [beginning.chunk() for _ in range(3)]
    backstage.claimed(job_id)
    looks += [beginning.chunk() for _ in range(3)]

    assert looks == [None] * 6
    assert len(plans) == 2
