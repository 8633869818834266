"""Join proved chunks and the song by stream copy, then measure the film that came of it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from beatstitch import __version__
from beatstitch.documents import file_sha256
from beatstitch.errors import Invalid
from beatstitch.ffmpeg.command import keyframes
from beatstitch.ffmpeg.fingerprint import fingerprint
from beatstitch.ffmpeg.run import Limits, Progress, Source
from beatstitch.ffmpeg.run import run as run_ffmpeg
from beatstitch.ffmpeg.written import written
from beatstitch.jobs.render_film.args import Joined, Origins, Spoiled, Ticket
from beatstitch.render.command import JOIN_INPUT, join_list, join_options
from beatstitch.render.order import ChunkOrder, FilmOrder, SongOrder
from beatstitch.render.proof import ChunkUnfit, Proof, SongProof, read_proof, read_song_proof
from beatstitch.render.sync import SyncReport, report_json, sync_report
from beatstitch.workspace import Workspace


def run(ticket: Ticket, workspace: Workspace) -> Joined | Spoiled:
    """The film and its sync report, whose `ok` says whether the film keeps its promises; both are
    kept. Nothing is made of parts that were damaged since.

    Raises ChunkUnfit when two chunks don't fit together.
    """
    order = ticket.order
    workspace.report(0, "joining", "Joining the film")
    found = {chunk.name: _proof(chunk, workspace) for chunk in order.chunks}
    song = _song_proof(order.song, workspace)
    without = [name for name, proof in found.items() if proof is None]
    without += [order.song.name] if song is None else []
    spoiled = tuple(dict.fromkeys((*_spoiled(ticket, workspace), *without)))
    if spoiled or song is None:
        return Spoiled(spoiled)
    film = workspace.scratch / "film.mp4"
    proofs = [proof for chunk in order.chunks if (proof := found[chunk.name]) is not None]
    if len({proof.extradata for proof in proofs}) > 1:
        raise ChunkUnfit("Chunks of one film were encoded with different parameters.")
    limits = Limits(timeout_s=120 + float(order.plan.duration_s), stall_s=60)
    _join(order, film, workspace, limits)
    shown = keyframes(
        film,
        workspace.scratch,
        limits=limits,
        on_progress=_heard(order, workspace, 20, 100, "checking", "Measuring every cut"),
        stop=workspace.stop,
    )
    workspace.report(100, "checking", "Measured every cut")  # the last keyframe is not the end
    now = written(film)
    report = sync_report(
        order.plan,
        proofs,
        now.picture,
        shown,
        now.sound,
        song,
        edl_hash=order.edl_hash,
        film_sha256=file_sha256(film),
        made_with=f"BeatStitch {__version__}, {fingerprint()}",
    )
    file = workspace.scratch / "sync-report.json"
    file.write_text(json.dumps(report_json(report), indent=1) + "\n")
    workspace.keep(film, ticket.film_key)
    workspace.keep(file, ticket.report_key)
    if ticket.origins is not None:
        workspace.keep(_provenance(ticket.origins, report, workspace), ticket.origins.key)
    return Joined(film.stat().st_size, report)


def _provenance(origins: Origins, report: SyncReport, workspace: Workspace) -> Path:
    """Everything that the film came from, whole, so that it can be told when rows are gone."""
    grid = workspace.fetch(origins.grid_key).read_bytes() if origins.grid_key else b"null"
    said = {
        "film_sha256": report.film_sha256,
        "made_with": report.made_with,
        "edl_hash": report.edl_hash,
        "target": asdict(origins.target),
        "song": asdict(origins.song),
        "media": [asdict(medium) for medium in origins.media],
        "beat_grid": json.loads(grid),
        "edl": json.loads(workspace.fetch(origins.edl_key).read_bytes()),
    }
    path = workspace.scratch / "provenance.json"
    path.write_text(json.dumps(said, indent=1) + "\n")
    return path


def _proof(chunk: ChunkOrder, workspace: Workspace) -> Proof | None:
    """The proof that was kept with a chunk; None when it can't be read any more, or is of another
    chunk."""
    try:
        proof = read_proof(workspace.fetch(chunk.proof_key).read_bytes())
    except Invalid:
        return None
    return proof if proof.is_of(chunk.chunk) else None


def _song_proof(song: SongOrder, workspace: Workspace) -> SongProof | None:
    """The same of the song."""
    try:
        return read_song_proof(workspace.fetch(song.proof_key).read_bytes())
    except Invalid:
        return None


def _spoiled(ticket: Ticket, workspace: Workspace) -> Iterator[str]:
    """The names of parts whose files are other ones than were kept."""
    order = ticket.order
    parts = [(c.film_key, c.name) for c in order.chunks]
    for key, name in (*parts, (order.song.song_key, order.song.name)):
        known = ticket.sha256.get(key)
        if known is not None and file_sha256(workspace.fetch(key)) != known:
            yield name


def _join(order: FilmOrder, film: Path, workspace: Workspace, limits: Limits) -> None:
    """Chunks are named by their content key, which is all that the list may hold."""
    parts = tuple(workspace.fetch(chunk.film_key) for chunk in order.chunks)
    folder = workspace.scratch / "parts"
    folder.mkdir()
    names = []
    for number, part in enumerate(parts):
        names.append(f"{number:05}.mp4")
        (folder / names[-1]).hardlink_to(part)
    script = folder / "film.ffconcat"
    lengths = [chunk.chunk.frames for chunk in order.chunks]
    parts_in_order = list(zip(names, lengths, strict=True))
    script.write_text(join_list(parts_in_order, order.plan.profile.frame_rate))
    song = workspace.fetch(order.song.song_key)
    run_ffmpeg(
        [
            Source(script, "concat", JOIN_INPUT, parts=tuple(folder / name for name in names)),
            Source(song, "mov"),
        ],
        (*join_options(order.plan.profile), str(film)),
        [film],
        limits=limits,
        on_progress=_heard(order, workspace, 0, 20, "joining", "Joining the film"),
        stop=workspace.stop,
    )


def _heard(
    order: FilmOrder, workspace: Workspace, first: int, last: int, stage: str, message: str
) -> Callable[[Progress], None]:
    """Hands on how far FFmpeg is: a long film takes minutes, and silence is taken for death."""
    duration_us = float(order.plan.duration_s) * 1e6
    return lambda heard: workspace.report(heard.percent(duration_us, first, last), stage, message)
