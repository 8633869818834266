"""The rows around a render: what has to be made for it, and the film that came of it."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import PurePosixPath

from pydantic import TypeAdapter

from beatstitch import queue
from beatstitch.db import audio, base, chunks, jobs, media, outputs
from beatstitch.db.jobs import Job
from beatstitch.documents import read
from beatstitch.errors import Conflict, MediaRejected, NotFound
from beatstitch.ffmpeg.fingerprint import fingerprint
from beatstitch.inventory import sources
from beatstitch.jobs.kinds import KINDS
from beatstitch.jobs.render_film.args import Args, Joined, Spoiled, Ticket
from beatstitch.jobs.render_film.wanted import film_order, origins_of
from beatstitch.queue.family import Child, FanOut
from beatstitch.render.mezzanine import MezzanineOrder, mezzanines, standing_in
from beatstitch.render.order import ChunkOrder, FilmOrder, SongOrder
from beatstitch.storage.configured import configured

log = logging.getLogger(__name__)
_ARGS: TypeAdapter[Args] = TypeAdapter(Args)
_CHUNK: TypeAdapter[ChunkOrder] = TypeAdapter(ChunkOrder)
_MEZZANINE: TypeAdapter[MezzanineOrder] = TypeAdapter(MezzanineOrder)
MOST_PREPARATIONS = 2
_SONG: TypeAdapter[SongOrder] = TypeAdapter(SongOrder)


def prepare(job: Job) -> Ticket | FanOut:
    """The parts of the film that the project's cache lacks, or, when it has all, the join.

    Raises PreconditionFailed when the song is gone, Invalid when media are.
    """
    args = read(_ARGS, job.args, "bad_job_args")
    if args.job_type == "preview":
        _see_to_proxies(job, args.project_id)
    film = film_order(args, fingerprint())
    with base.transaction():  # what is found here must not be cleaned away before it is marked
        kept = chunks.known(args.project_id, (film.song.name, *(c.name for c in film.chunks)))
        kept = {name: part for name, part in kept.items() if _is_whole(part)}
        chunks.touch(args.project_id, kept, base.utc_now())
    wish = _to_be_made(job, args, film, set(kept))
    if wish is not None:
        return wish
    place = f"outputs/{args.project_id}/{args.job_type}/{job.id}.{job.attempt}"
    origins = origins_of(args, f"{place}.provenance.json")
    known = {part.storage_key: part.sha256 for part in kept.values() if part.sha256}
    return Ticket(film, f"{place}.mp4", f"{place}.sync.json", origins, known)


def _to_be_made(job: Job, args: Args, film: FilmOrder, kept: set[str]) -> FanOut | None:
    """What has to be made, or looked at, before the film can be joined; None when nothing has."""
    wanted = [chunk for chunk in film.chunks if chunk.name not in kept]
    is_song_kept = film.song.name in kept
    doubtful = list(_to_look_at(_shown(wanted, film, is_song_kept=is_song_kept)))
    if not is_song_kept:
        doubtful += _song_to_decode(args.project_id)
    if doubtful:
        return FanOut(doubtful, stage="checking")
    needed = mezzanines(wanted, fingerprint=fingerprint(), prefix=f"derived/{args.project_id}")
    absent = _absent(args.project_id, needed)
    # What is wanted may change meanwhile, and a film can do without.
    if absent and job.fan_outs < MOST_PREPARATIONS:
        return FanOut(list(absent.values()), stage="preparing", fingerprint=fingerprint())
    there = {key: order for key, order in needed.items() if key not in absent}
    return _missing(args.project_id, film, kept, there)


def settle(job: Job, ticket: Ticket, result: Joined | Spoiled) -> dict[str, object] | FanOut:
    """The project has a new output, or parts of it that were damaged are made anew first.

    Raises MediaRejected for a film that fails its own check.
    """
    if isinstance(result, Spoiled):
        return _anew(job, ticket.order, result.names)
    report = result.report
    if not report.ok and (kept := _made_before(job, ticket.order)):
        return _anew(job, ticket.order, kept)  # it may be what was kept that is wrong
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
        provenance_key=ticket.origins.key if ticket.origins else None,
        target=asdict(args.target),
    )
    return {
        "output_id": output.id,
        "file_size": result.size_bytes,
        "worst_cut_error_ms": report.worst_cut_error_ms,
    }


def _see_to_proxies(job: Job, project_id: str) -> None:
    """Proxies are used again, and those that were cleaned away are made for the next time."""
    assets = [asset for asset in media.of_project(project_id) if asset.probe is not None]
    media.touch_proxies([asset.id for asset in assets], base.utc_now())
    for asset in assets:
        if asset.proxy_used_at is None:
            with suppress(Conflict):  # it is being made already
                queue.submit(
                    KINDS["proxy"],
                    {"media_asset_id": asset.id},
                    at=queue.now(),
                    user_id=job.user_id,
                    project_id=project_id,
                    unique_key=f"proxy:{asset.id}",
                    request_id=job.request_id,
                )


def _made_before(job: Job, film: FilmOrder) -> set[str]:
    """The names of the film's parts that were there already when it was asked for."""
    project_id = job.project_id
    made = jobs.done_parts(job.id, job.started_at)
    names = (film.song.name, *(chunk.name for chunk in film.chunks))
    return {name for name in names if f"{project_id}:{name}" not in made}


def _shown(
    wanted: Iterable[ChunkOrder], film: FilmOrder, *, is_song_kept: bool
) -> Mapping[str, str]:
    """The files that are about to be read, by key, and whose they are; clips that are heard under
    the song too."""
    heard = () if is_song_kept else film.song.inputs
    in_film = {key: asset_id for chunk in film.chunks for key, asset_id in chunk.shown.items()}
    shown = {key: asset_id for chunk in wanted for key, asset_id in chunk.shown.items()}
    return shown | {key: in_film[key] for key in heard if key in in_film}


def _song_to_decode(project_id: str) -> Iterator[Child]:
    """The song, when its PCM isn't any more as it was decoded; its beats stay as they are.

    Raises MediaRejected when it isn't stored any more either.
    """
    track = audio.of_project(project_id)
    if track is None or not sources.is_song_doubtful(track):
        return
    if _size(track.original_key) != track.file_size:
        raise MediaRejected(
            "source_missing",
            f"{track.filename} can't be heard: its file is gone or not whole any more. Upload the "
            "song again.",
        )
    args = {"audio_track_id": track.id, "is_doubted": True}
    yield Child("beat_analysis", args, f"pcm:{track.id}")


def _to_look_at(shown: Mapping[str, str]) -> Iterator[Child]:
    """The photos and clips whose files are not any more as they were found, or of which nobody
    noted how that was: each is read again first, or made again where it is a copy of ours.

    Raises MediaRejected, naming the file, when what was uploaded isn't stored any more: every
    chunk of it would fail, and say less.
    """
    for key, asset in (sources.doubtful(shown) | sources.unstamped(shown)).items():
        if _size(asset.original_key) != asset.file_size:
            raise MediaRejected(
                "source_missing",
                f"{asset.filename} can't be shown: its file is gone or not whole any more. "
                "Remove it and upload it again, then build the timeline anew.",
            )
        kind = "proxy" if key == asset.proxy_key else "media_processing"
        doubt = {"is_doubted": True} if kind == "proxy" else {}
        yield Child(kind, {"media_asset_id": asset.id, **doubt}, f"{kind}:{asset.id}")


def _size(key: str) -> int:
    try:
        return configured().fetch(key).stat().st_size
    except (NotFound, FileNotFoundError):  # never there, or deleted since it was found
        return 0


def _is_whole(part: chunks.Chunk) -> bool:
    """Whether the files of a kept part are there, as large as they were made, and those that
    nobody reads to the end again not written to since."""
    storage = configured()
    film = PurePosixPath(part.storage_key)
    try:
        if film.suffix == ".mp4":
            storage.fetch(str(film.with_suffix(".json")))
        is_as_made = part.stamp in (None, storage.stamp(part.storage_key))
    except NotFound:
        return False
    return is_as_made and _size(part.storage_key) == part.bytes


def _anew(job: Job, film: FilmOrder, names: Collection[str]) -> FanOut:
    """Forget these parts of the film and have them made again."""
    log.warning("parts of a film were damaged and are made anew", extra={"parts": len(names)})
    args = read(_ARGS, job.args, "bad_job_args")
    everything = (film.song.name, *(chunk.name for chunk in film.chunks))
    for part in chunks.known(args.project_id, names).values():
        chunks.forget(part)
    wish = _to_be_made(job, args, film, set(everything) - set(names))
    if wish is None:
        raise Conflict("parts_missing", "Parts of this film are damaged. Render it again.")
    return wish


def _absent(project_id: str, needed: Mapping[str, MezzanineOrder]) -> dict[str, Child]:
    """Of the mezzanines, by the key of their clip, those that have to be made first."""
    kept = chunks.known(project_id, [order.name for order in needed.values()])
    there = {name for name, part in kept.items() if _is_whole(part)}
    chunks.touch(project_id, there, base.utc_now())
    return {
        key: Child(
            "mezzanine",
            {"project_id": project_id, "order": _MEZZANINE.dump_python(order, mode="json")},
            f"{project_id}:{order.name}",
        )
        for key, order in needed.items()
        if order.name not in there
    }


def _missing(
    project_id: str,
    film: FilmOrder,
    kept: set[str],
    there: Mapping[str, MezzanineOrder],
) -> FanOut | None:
    """What has to be made before the film can be joined, from the mezzanines that are there; None
    when nothing has."""
    children = list(_children(project_id, film, kept, there))
    if not children:
        return None
    missing = sum(child.weight for child in children)
    return FanOut(
        children, done_weight=max(0, film.plan.frames - missing), fingerprint=fingerprint()
    )


def _children(
    project_id: str, film: FilmOrder, kept: set[str], there: Mapping[str, MezzanineOrder]
) -> Iterator[Child]:
    """The song and the chunks that aren't kept, each once. Work under way for another render of
    the project is joined by its key."""
    for chunk in {c.name: c for c in film.chunks if c.name not in kept}.values():
        args = {
            "project_id": project_id,
            "order": _CHUNK.dump_python(standing_in(chunk, there), mode="json"),
            "fingerprint": fingerprint(),
        }
        yield Child("render_chunk", args, f"{project_id}:{chunk.name}", chunk.chunk.frames)
    if film.song.name not in kept:
        args = {"project_id": project_id, "order": _SONG.dump_python(film.song, mode="json")}
        yield Child("render_audio", args, f"{project_id}:{film.song.name}", 0)
