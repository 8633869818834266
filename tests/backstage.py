"""What a worker would have done, written by hand: rows and files as its jobs leave them.

No media are looked at. Timelines are the exception: they are really built, for that takes no time.
"""

import hashlib
import random
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from beatstitch import queue
from beatstitch.beats import grid as grids
from beatstitch.beats.steady import steady_grid
from beatstitch.db import audio, base, media, outputs
from beatstitch.db.jobs import Job
from beatstitch.db.outputs import Output
from beatstitch.jobs.kinds import KINDS
from beatstitch.jobs.timeline_build import handler, rows
from beatstitch.queue import Claim
from beatstitch.render.source import Source
from beatstitch.storage.configured import configured
from beatstitch.workspace import Workspace

BPM = 120.0
SONG_US = 17_000_000
FIRST_BEAT_US = 500_000


def claimed(job_id: str) -> Claim:
    """The job, which runs from now on."""
    job = Job.get_by_id(job_id)
    # Only this one: others may stand before it.
    Job.update(due_ms=0).where(Job.id == job_id).execute()
    claim = queue.claim("backstage", [KINDS[job.kind]], queue.now())
    assert claim is not None
    assert claim.job.id == job_id
    return claim


def failed(job_id: str, code: str = "corrupt_media", message: str = "It is broken.") -> None:
    """The job has failed."""
    fault = queue.Fault(code, message, is_transient=False)
    queue.fail(claimed(job_id).lease, fault, queue.now(), random.Random(1))  # noqa: S311


def looked_at(asset_id: str, thumbnail: bytes = b"\xff\xd8\xff thumbnail") -> None:
    """The photo is ready, and its job complete."""
    asset = media.by_id(asset_id)
    (job,) = [
        job
        for job in Job.select().where(Job.kind == "media_processing")
        if job.args["media_asset_id"] == asset_id
    ]
    key = f"derived/{asset.project_id}/media/{asset_id}.thumbnail.jpg"
    lay(key, thumbnail)
    claim = claimed(job.id)
    photo = Source(asset_id, asset.original_key, asset.checksum, "image", "jpeg_pipe", 640, 360)
    with base.transaction():
        media.set_columns(
            asset_id,
            processing_status="ready",
            width=640,
            height=360,
            rotation_deg=0,
            probe=media.probe_column(photo),
            thumbnail_key=key,
            processed_at=base.utc_now(),
        )
        queue.finish(claim.lease, {"media_asset_id": asset_id}, queue.now())


def heard(job_id: str) -> None:
    """The song has a steady 120 BPM, and its job is complete."""
    claim = claimed(job_id)
    track = audio.by_id(str(claim.job.args["audio_track_id"]))
    grid = steady_grid(BPM, FIRST_BEAT_US, SONG_US, audio_checksum=f"sha256:{track.checksum}")
    text = grids.dumps(grid)
    name = hashlib.sha256(text.encode()).hexdigest()
    key = f"derived/{track.project_id}/beats/{name}.json"
    lay(key, text.encode())
    with base.transaction():
        audio.set_columns(
            track.id,
            analysis_status="complete",
            duration_ms=SONG_US // 1000,
            sample_rate=44_100,
            analysed_at=base.utc_now(),
        )
        audio.add_grid(
            track.id,
            origin="analysed",
            key=key,
            checksum=name,
            bpm=grid.bpm,
            total_beats=len(grid.beats),
        )
        queue.finish(claim.lease, {"audio_track_id": track.id}, queue.now())


def built(job_id: str) -> str:
    """The timeline is really built; gives its hash."""
    claim = claimed(job_id)
    ticket = rows.prepare(claim.job)
    storage = configured()
    with TemporaryDirectory() as folder:
        workspace = Workspace(
            scratch=Path(folder),
            inputs={key: storage.fetch(key) for key in ticket.inputs},
            reporter=lambda _percent, _stage, _message: None,
            stop=threading.Event(),
        )
        result = handler.run(ticket, workspace)
        for key, path in workspace.kept.items():
            storage.put(path, key)
    with base.transaction():
        queue.finish(claim.lease, rows.settle(claim.job, ticket, result), queue.now())
    return result.edl_hash


def filmed(job_id: str, film: bytes = b"\0\0\0\x18ftypmp42 a film") -> Output:
    """The render is complete and its film stored."""
    claim = claimed(job_id)
    project_id, kind = str(claim.job.project_id), str(claim.job.args["job_type"])
    key = f"outputs/{project_id}/{kind}/{job_id}.1.mp4"
    report_key = f"outputs/{project_id}/{kind}/{job_id}.1.sync.json"
    lay(key, film)
    lay(report_key, b'{"ok": true}')
    with base.transaction():
        output = outputs.add(
            project_id,
            output_id=job_id,
            job_id=job_id,
            kind="preview" if kind == "preview" else "final",
            storage_key=key,
            file_size=len(film),
            edl_hash=str(claim.job.args["edl_hash"]),
            sync_report_key=report_key,
        )
        result = {"output_id": output.id, "file_size": len(film)}
        queue.finish(claim.lease, result, queue.now())
    return output


def lay(key: str, data: bytes = b"bytes") -> str:
    """A file of these bytes is in the storage; gives its key."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        configured().put(path, key)
    return key
