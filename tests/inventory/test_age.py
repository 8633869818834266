"""What has been kept as long as was promised goes, and its row says that it was here."""

from datetime import datetime, timedelta

import backstage
from beatstitch import queue
from beatstitch.db import chunks, media, outputs
from beatstitch.db.base import utc_now
from beatstitch.errors import NotFound
from beatstitch.inventory import age
from beatstitch.inventory.age import Promise
from beatstitch.jobs.kinds import KINDS
from beatstitch.jobs.maintenance import rows
from beatstitch.render.source import Source
from beatstitch.storage import Storage
from callers import Caller, refused

DAY = timedelta(days=1)


def aged(place: Storage, *, preview: timedelta, final: timedelta, chunk: timedelta) -> age.Aged:
    """What goes when everything made is so much older than what may be kept."""
    now = utc_now()
    moments: dict[str, datetime] = {"preview": now + preview, "final": now + final}
    return age.expire(place, now, Promise(moments, now + chunk))  # type: ignore[arg-type]


def is_there(place: Storage, key: str) -> bool:
    try:
        place.fetch(key)
    except NotFound:
        return False
    return True


def test_a_preview_goes_before_a_final_and_both_are_remembered(
    place: Storage, project: str, anna: Caller
) -> None:
    first = aged(place, preview=DAY, final=-DAY, chunk=-DAY)
    preview = anna.get(f"/projects/{project}/outputs/preview")
    final = anna.get(f"/projects/{project}/outputs/final")
    second = aged(place, preview=DAY, final=DAY, chunk=-DAY)

    assert (first, second) == (age.Aged(1, 0), age.Aged(1, 0))
    refused(preview, 410, "gone")
    assert final.status_code == 200
    refused(anna.get(f"/projects/{project}/outputs/final"), 410, "gone")
    refused(anna.get(f"/projects/{project}/outputs/final/sync-report"), 410, "gone")
    assert not any(
        is_there(place, key)
        for film in outputs.of_project(project)
        for key in (film.storage_key, film.sync_report_key or "")
    )


def test_a_chunk_that_nothing_uses_goes_with_its_proof(place: Storage, project: str) -> None:
    (chunk,) = chunks.of_project(project)

    young = aged(place, preview=-DAY, final=-DAY, chunk=-DAY)
    # The file's own age counts as well: one that was made anew since stays, whatever the row says.
    fresh = age.expire(place, utc_now(), Promise({}, utc_now() + DAY))

    assert (young.chunks, fresh.chunks) == (0, 1)
    assert chunks.of_project(project) == []
    assert not is_there(place, chunk.storage_key)
    assert not is_there(place, chunk.storage_key.replace(".mp4", ".json"))


def test_a_proxy_that_nothing_uses_goes_and_is_made_again_for_the_next_preview(
    place: Storage, project: str
) -> None:
    key = f"derived/{project}/proxies/p.mp4"
    backstage.lay(key)
    asset = media.of_project(project)[0]
    probe, proxy = (
        media.probe_column(Source(asset.id, name, "sha", "video", "mov", 640, 360))
        for name in ("original", key)
    )
    media.set_columns(asset.id, probe=probe, proxy_key=key, proxy=proxy, proxy_used_at=utc_now())

    young = age.expire(place, utc_now(), Promise({}, utc_now() - DAY))
    old = age.expire(place, utc_now(), Promise({}, utc_now() + DAY))

    asset = media.by_id(asset.id)
    assert (young.proxies, old.proxies) == (0, 1)
    assert not is_there(place, key)
    assert (asset.proxy, asset.proxy_key, asset.proxy_used_at) == (None, None, None)
    assert media.small_source(asset) == media.source(asset)


def test_what_a_job_may_be_reading_stays(place: Storage, project: str, anna: Caller) -> None:
    anna.medium(f"/projects/{project}")

    assert aged(place, preview=DAY, final=DAY, chunk=DAY) == age.Aged(0, 0)
    assert anna.get(f"/projects/{project}/outputs/final").status_code == 200


def test_whoever_downloads_a_film_that_goes_has_it_to_the_end(
    place: Storage, project: str, anna: Caller
) -> None:
    download = anna.get(f"/projects/{project}/outputs/final", buffered=False)

    aged(place, preview=DAY, final=DAY, chunk=DAY)

    assert len(download.data) == int(download.headers["Content-Length"]) > 0
    download.close()


def test_the_hours_work_says_what_it_came_to(place: Storage, project: str) -> None:
    backstage.lay("uploads/nobody/media/young.jpg")
    job = queue.submit(KINDS["maintenance"], {}, at=queue.now())

    said = rows.settle(job, rows.prepare(job), None)

    assert (said["jobs"], said["uploads"]) == (0, 0)
    assert said["aged"] == {"films": 0, "chunks": 0, "proxies": 0}
    assert said["swept"] == {"looked_at": 2, "projects": 2, "files": 0, "bytes": 0}
