"""The rows around a render: what has to be made for it, and the film that came of it."""

from collections.abc import Iterator

from pydantic import TypeAdapter

from beatstitch.db import audio, base, chunks, media, outputs, timelines
from beatstitch.db.jobs import Job
from beatstitch.documents import read
from beatstitch.errors import MediaRejected, PreconditionFailed
from beatstitch.ffmpeg.fingerprint import fingerprint
from beatstitch.jobs.render_film.args import Args, Joined, Ticket
from beatstitch.queue.family import Child, FanOut
from beatstitch.render import profile
from beatstitch.render.order import ChunkOrder, FilmOrder, SongOrder, order
from beatstitch.storage.configured import configured
from beatstitch.timeline.check import check
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.edl import Edl, loads

_ARGS: TypeAdapter[Args] = TypeAdapter(Args)
_CHUNK: TypeAdapter[ChunkOrder] = TypeAdapter(ChunkOrder)
_SONG: TypeAdapter[SongOrder] = TypeAdapter(SongOrder)


def prepare(job: Job) -> Ticket | FanOut:
    """The parts of the film that the project's cache lacks, or, when it has all, the join.

    Raises PreconditionFailed when the song is gone, Invalid when media are.
    """
    args = read(_ARGS, job.args, "bad_job_args")
    film = _order(args)
    with base.transaction():  # what is found here must not be cleaned away before it is marked
        kept = chunks.known(args.project_id, (film.song.name, *(c.name for c in film.chunks)))
        chunks.touch(args.project_id, kept, base.utc_now())
    children = list(_children(args.project_id, film, set(kept)))
    if children:
        missing = sum(child.weight for child in children)
        return FanOut(children, done_weight=max(0, film.plan.frames - missing))
    place = f"outputs/{args.project_id}/{args.job_type}/{job.id}.{job.attempt}"
    return Ticket(film, f"{place}.mp4", f"{place}.sync.json")


def settle(job: Job, ticket: Ticket, result: Joined) -> dict[str, object]:
    """The project has a new output. Raises MediaRejected for a film that fails its own check."""
    report = result.report
    if not report.ok:
        raise MediaRejected(
            "check_failed", f"The film failed its check and was not kept: {' '.join(report.faults)}"
        )
    args = read(_ARGS, job.args, "bad_job_args")
    output = outputs.add(
        args.project_id,
        output_id=job.id,
        job_id=job.id,
        kind=args.job_type,
        storage_key=ticket.film_key,
        file_size=result.size_bytes,
        edl_hash=args.edl_hash,
        sync_report_key=ticket.report_key,
    )
    return {
        "output_id": output.id,
        "file_size": result.size_bytes,
        "worst_cut_error_ms": report.worst_cut_error_ms,
    }


def _order(args: Args) -> FilmOrder:
    track = audio.of_project(args.project_id)
    if track is None or track.pcm_key is None:
        raise PreconditionFailed("precondition_failed", "The project has no song to render to.")
    edl = _edl(args)
    if edl.audio.checksum != f"sha256:{track.checksum}":
        raise PreconditionFailed(
            "precondition_failed", "The song was replaced since the timeline was made."
        )
    assets = {a.id: a for a in media.of_project(args.project_id) if a.probe is not None}
    check(edl, {a.id: Medium(a.id, a.media_type, a.duration_ms) for a in assets.values()})
    shown = {segment.media_asset_id for segment in edl.segments}
    make = profile.preview if args.job_type == "preview" else profile.final
    return order(
        edl,
        {asset_id: media.source(assets[asset_id]) for asset_id in shown},
        make(edl.settings),
        fingerprint=fingerprint(),
        pcm_key=track.pcm_key,
        prefix=f"derived/{args.project_id}",
    )


def _edl(args: Args) -> Edl:
    # By its hash and not by a version's row: one that was undone meanwhile is rendered to its end.
    with configured().open(timelines.edl_key(args.project_id, args.edl_hash)) as file:
        return loads(file.read())


def _children(project_id: str, film: FilmOrder, kept: set[str]) -> Iterator[Child]:
    """The song and the chunks that aren't kept, each once. Work under way for another render of
    the project is joined by its key."""
    for chunk in {c.name: c for c in film.chunks if c.name not in kept}.values():
        args = {
            "project_id": project_id,
            "order": _CHUNK.dump_python(chunk, mode="json"),
            "fingerprint": fingerprint(),
        }
        yield Child("render_chunk", args, f"{project_id}:{chunk.name}", chunk.chunk.frames)
    if film.song.name not in kept:
        args = {"project_id": project_id, "order": _SONG.dump_python(film.song, mode="json")}
        yield Child("render_audio", args, f"{project_id}:{film.song.name}", 0)
