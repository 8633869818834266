"""Files that no row names go when they are old, and no other file ever does."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

import backstage
from beatstitch.db import base, chunks, media, outputs, projects, timelines
from beatstitch.db.base import utc_now
from beatstitch.db.timelines import Timeline
from beatstitch.errors import NotFound
from beatstitch.inventory import expected, incoming, sweep
from beatstitch.storage import Storage
from callers import Caller, stored

LATER = timedelta(days=2)


def swept(place: Storage, *project_ids: str, after: timedelta = LATER) -> int:
    """How many files a sweep removes that long after now."""
    before = utc_now() + after - sweep.LEFT_ALONE
    return sweep.sweep(place, project_ids or sweep.projects(place), before).files


def test_nothing_of_a_whole_project_is_nobodys(
    place: Storage, project: str, deployment: Path
) -> None:
    before = stored(deployment)

    assert swept(place) == 0
    assert stored(deployment) == before
    assert len(before) >= 11


def test_what_no_row_names_goes_when_it_is_old(place: Storage, project: str) -> None:
    leftovers = [
        backstage.lay(f"uploads/{project}/media/left.jpg"),
        backstage.lay(f"derived/{project}/edl/left.json"),
        backstage.lay(f"derived/{project}/chunks/ab/left.json"),
        backstage.lay(f"derived/{project}/impressions/{'0' * 64}-1.npy"),
        backstage.lay(f"outputs/{project}/final/left.2.mp4"),
    ]

    assert swept(place, after=timedelta(0)) == 0
    assert swept(place) == len(leftovers)
    for key in leftovers:
        with pytest.raises(NotFound):
            place.fetch(key)


def test_what_the_networks_said_of_the_song_stays(
    place: Storage, project: str, anna: Caller
) -> None:
    checksum = next(file.sha256 for file in expected.files.named(project) if "audio" in file.key)
    key = backstage.lay(f"derived/{project}/impressions/{checksum}-1.npy")

    assert swept(place) == 0
    assert place.fetch(key).exists()


def test_the_timeline_of_a_film_stays_as_long_as_the_film(
    place: Storage, project: str, anna: Caller
) -> None:
    final, preview = outputs.of_project(project)
    Timeline.delete().where(Timeline.edl_hash == final.edl_hash).execute()

    outputs.delete(preview)
    assert swept(place) == len((preview.storage_key, preview.sync_report_key))
    outputs.delete(final)
    assert swept(place) == len((final.storage_key, final.sync_report_key, final.edl_hash))
    with pytest.raises(NotFound):
        place.fetch(timelines.edl_key(project, final.edl_hash))


def test_everything_of_a_project_that_is_gone_goes(
    place: Storage, project: str, deployment: Path
) -> None:
    projects.delete(projects.by_id(project))

    assert swept(place) >= 11
    assert stored(deployment) == []


def test_a_project_with_work_under_way_is_left_alone(
    place: Storage, project: str, anna: Caller
) -> None:
    key = backstage.lay(f"derived/{project}/edl/of-a-job-at-work.json")
    anna.medium(f"/projects/{project}")

    assert swept(place) == 0
    assert place.fetch(key).exists()


def test_what_is_stored_anew_while_the_sweep_looks_stays(place: Storage, project: str) -> None:
    key = backstage.lay(f"derived/{project}/edl/again.json")
    (file,) = sweep.leftovers(place, project, utc_now() + timedelta(seconds=1))

    place.delete(file.key, stored_before=file.stored_at)

    assert place.fetch(key).exists()


def test_a_link_to_an_old_file_is_young(place: Storage, project: str) -> None:
    source = backstage.lay(f"derived/{project}/old.json")
    os.utime(place.fetch(source), (0, 0))
    place.link(source, f"derived/{project}/edl/new.json")

    assert swept(place, after=timedelta(0)) == 0


def test_what_a_crash_left_unfinished_goes_too(place: Storage, project: str) -> None:
    folder = place.fetch(backstage.lay(f"derived/{project}/edl/any.json")).parent
    (folder / ".unfinished-abc").write_bytes(b"half a copy")

    assert swept(place, after=timedelta(0)) == 0
    assert swept(place) == 2
    assert not (folder / ".unfinished-abc").exists()


def test_without_time_left_no_further_project_is_begun(place: Storage, project: str) -> None:
    key = backstage.lay(f"derived/{project}/edl/left.json")

    outcome = sweep.sweep(place, [project, "other"], utc_now() + LATER, budget_s=-1)

    assert (outcome.looked_at, outcome.projects, outcome.files) == (0, 2, 0)
    assert place.fetch(key).exists()


def test_every_row_that_goes_leaves_its_files_to_the_sweep(place: Storage, project: str) -> None:
    (asset, *_) = media.of_project(project)
    media.delete(asset)
    for film in outputs.of_project(project):
        outputs.delete(film)
    for chunk in chunks.of_project(project):
        chunks.forget(chunk)

    assert swept(place) == len((asset.original_key, asset.thumbnail_key)) + 4 + 2


def test_what_a_crash_left_of_an_upload_goes_after_an_hour(app: object, deployment: Path) -> None:
    left = incoming.place()
    left.write_bytes(b"half a song")
    now = base.utc_now()

    assert incoming.sweep(now + incoming.ABANDONED - timedelta(minutes=1)) == 0
    assert left.exists()
    assert incoming.sweep(now + incoming.ABANDONED + timedelta(minutes=1)) == 1
    assert not left.exists()
