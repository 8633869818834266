"""Taking files in and letting go of them: storage and rows in the order that a crash forgives.

On the way in the bytes have their final name before the row that names them commits, together with
the job that looks at them. On the way out the rows go first. What a crash leaves between the two
is a file that no row names: nobody is shown it, and the sweep removes it a day later.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from beatstitch import queue
from beatstitch.db import audio, base, jobs, media, projects, quotas, usage
from beatstitch.db.audio import AudioTrack
from beatstitch.db.jobs import Job
from beatstitch.db.media import MediaAsset
from beatstitch.db.projects import Project
from beatstitch.jobs.kinds import KINDS
from beatstitch.storage.configured import configured
from beatstitch.web import trail
from beatstitch.web.uploads import Arrived

PICTURES = frozenset({"image", "video"})
SOUND = frozenset({"audio"})
RENDERS = ("render_preview", "render_final")


def submit(kind: str, project: Project, key: str | None = None, **args: object) -> Job:
    """Queue a job of this project for its user, with the request's id.

    Raises Conflict with `existing_job_id` when a job with the same `key` has not ended.
    """
    return queue.submit(
        KINDS[kind],
        args,
        at=queue.now(),
        user_id=project.user_id,
        project_id=project.id,
        unique_key=None if key is None else f"{kind}:{key}",
        request_id=trail.request_id(),
    )


def take_medium(project: Project, file: Arrived) -> MediaAsset:
    """A photo or clip is the project's last from now on, and a job will look at it.

    Raises MediaRejected, UnsupportedMedia, TooLarge, LimitReached, InsufficientStorage.
    """
    container, kind = file.container(PICTURES)
    asset_id = base.new_id()
    key = f"uploads/{project.id}/media/{asset_id}{container.extension}"
    with _stored(file, key), base.transaction():
        asset = media.add(
            projects.by_id(project.id).id,
            asset_id=asset_id,
            filename=file.name,
            media_type="image" if kind == "image" else "video",
            file_size=file.size,
            checksum=file.checksum,
            original_key=key,
        )
        submit("media_processing", project, asset_id, media_asset_id=asset_id)
    return asset


def take_song(project: Project, file: Arrived) -> tuple[AudioTrack, Job]:
    """A song is the project's song from now on, and a job will hear it; the one before goes.

    Raises MediaRejected, UnsupportedMedia, TooLarge, LimitReached, InsufficientStorage.
    """
    container, _ = file.container(SOUND)
    track_id = base.new_id()
    key = f"uploads/{project.id}/audio/{track_id}{container.extension}"
    with _stored(file, key), base.transaction():
        before = audio.of_project(projects.by_id(project.id).id)
        _cancel_all(jobs.live_of_project(project.id, ["beat_analysis"]))
        track = audio.replace(
            project.id,
            track_id=track_id,
            filename=file.name,
            file_size=file.size,
            checksum=file.checksum,
            key=key,
        )
        job = hear(project, track)
    if before is not None:
        _remove_unless_rendering(project, (before.original_key, before.pcm_key, before.peaks_key))
    return track, job


def hear(project: Project, track: AudioTrack, **how: object) -> Job:
    """Queue the analysis of the song. Raises Conflict while one is under way."""
    with base.transaction():
        job = submit("beat_analysis", project, track.id, audio_track_id=track.id, **how)
        audio.set_columns(track.id, analysis_status="queued", analysis_error=None)
    return job


def drop_medium(project: Project, asset: MediaAsset) -> None:
    """A photo or clip goes, with its files and the jobs that look at it."""
    with base.transaction():
        looking = jobs.live_of_project(project.id, ["media_processing", "proxy"])
        _cancel_all(job for job in looking if job.args["media_asset_id"] == asset.id)
        media.delete(asset)
    _remove_unless_rendering(project, media.keys(asset))


def drop_project(project: Project) -> None:
    """A project goes, with its jobs and every file of it."""
    with base.transaction():
        queue.cancel_project(project.id, queue.now())
        quotas.give_back(project.user_id, usage.of_project(project.id))
        projects.delete(project)
    storage = configured()
    for place in ("uploads", "derived", "outputs"):
        for file in list(storage.list(f"{place}/{project.id}")):
            storage.delete(file.key)


@contextmanager
def _stored(file: Arrived, key: str) -> Iterator[None]:
    """The file has its name in the storage, and loses it when the rows don't come true."""
    configured().put(file.path, key)
    try:
        yield
    except BaseException:
        configured().delete(key)
        raise
    file.is_taken = True


def _cancel_all(live: Iterable[Job]) -> None:
    for job in live:
        queue.cancel(job.id, queue.now())


def _remove_unless_rendering(project: Project, keys: Iterable[str | None]) -> None:
    """A render under way may be reading these files; then they are left to the sweep."""
    if jobs.live_of_project(project.id, RENDERS):
        return
    for key in filter(None, keys):
        configured().delete(key)
