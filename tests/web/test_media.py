"""Photos and clips: their files, their order, their end."""

from collections.abc import Callable
from pathlib import Path

import pytest

import backstage
from beatstitch.db.jobs import Job
from callers import JPEG, Caller, refused, stored


def test_a_medium_shows_what_became_of_it(anna: Caller) -> None:
    ready, broken = (anna.medium(anna.project()) for _ in range(2))

    backstage.looked_at(ready)

    shown = anna.get(f"/media/{ready}").json
    assert (shown["processing_status"], shown["width"], shown["height"]) == ("ready", 640, 360)
    assert shown["thumbnail_url"] == f"/api/media/{ready}/thumbnail"
    refused(anna.get(f"/media/{broken}/thumbnail"), 404, "not_found")


def test_a_thumbnail_is_sent_once(anna: Caller) -> None:
    medium = anna.medium(anna.project())
    backstage.looked_at(medium, b"\xff\xd8\xff small")

    first = anna.get(f"/media/{medium}/thumbnail")
    second = anna.get(
        f"/media/{medium}/thumbnail", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert (first.data, first.mimetype) == (b"\xff\xd8\xff small", "image/jpeg")
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert (second.status_code, second.data) == (304, b"")


def test_the_file_comes_back_as_it_was(anna: Caller) -> None:
    medium = anna.medium(anna.project(), "my: photo?.jpg")

    answer = anna.get(f"/media/{medium}/file")

    assert answer.data == JPEG
    assert answer.mimetype == "image/jpeg"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my_ photo_.jpg"'


def test_a_deleted_medium_goes_with_its_files_and_job(anna: Caller, deployment: Path) -> None:
    project = anna.project()
    looked_at, pending = anna.medium(project), anna.medium(project)
    backstage.looked_at(looked_at)

    for medium in (looked_at, pending):
        assert anna.delete(f"/media/{medium}").status_code == 204

    assert stored(deployment) == []
    assert anna.get(project).json["media_assets"] == []
    assert {job.status for job in Job.select()} == {"complete", "cancelled"}
    refused(anna.delete(f"/media/{looked_at}"), 404, "not_found")


def test_a_medium_that_a_render_may_read_keeps_its_files_for_now(
    anna: Caller, deployment: Path, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    wish = {"job_type": "preview", "edl_hash": with_timeline(ready_project)}
    assert anna.post(f"{ready_project}/render", wish).status_code == 202
    medium = anna.get(ready_project).json["media_assets"][0]["id"]
    before = stored(deployment)

    anna.delete(f"/media/{medium}")

    assert stored(deployment) == before


def test_a_new_order_makes_the_timeline_stale(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    with_timeline(ready_project)
    ids = [asset["id"] for asset in anna.get(ready_project).json["media_assets"]]
    reorder = f"{ready_project}/media/reorder"

    same = anna.post(reorder, {"order": ids}).json
    other = anna.post(reorder, {"order": ids[::-1]}).json

    assert same == {"success": True, "new_order": ids, "timeline_invalidated": False}
    assert other == {"success": True, "new_order": ids[::-1], "timeline_invalidated": True}
    shown = anna.get(ready_project).json
    assert [asset["id"] for asset in shown["media_assets"]] == ids[::-1]
    assert shown["timeline"]["stale"]


@pytest.mark.parametrize("order", [[], ["x"], ["twice", "twice"]])
def test_an_order_names_every_medium_once(anna: Caller, order: list[str]) -> None:
    project = anna.project()
    anna.medium(project)

    answer = anna.post(f"{project}/media/reorder", {"order": order})

    assert refused(answer, 422, "wrong_order")["detail"][0]["loc"] == ["body", "order"]


def test_a_deleted_medium_makes_the_timeline_stale(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    with_timeline(ready_project)

    anna.delete(f"/media/{anna.get(ready_project).json['media_assets'][0]['id']}")

    timeline = anna.get(f"{ready_project}/timeline").json
    assert timeline["stale"]
    assert timeline["stale_reason"] == "The photos and clips have changed."
