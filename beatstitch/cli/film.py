"""Rendering a film on the command line: chunks that the cache lacks, on all threads; then the join
and the check."""

from collections.abc import Collection, Iterable
from functools import partial
from pathlib import Path
from threading import Lock

from beatstitch.cli.footage import Footage
from beatstitch.cli.progress import Step
from beatstitch.cli.song import Song
from beatstitch.cli.workbench import Workbench
from beatstitch.errors import BeatstitchError
from beatstitch.ffmpeg.fingerprint import fingerprint
from beatstitch.jobs.mezzanine import handler as mezzanine
from beatstitch.jobs.render_chunk import handler as render_chunk
from beatstitch.jobs.render_film import handler as render_film
from beatstitch.jobs.render_film.args import Spoiled, Ticket
from beatstitch.render.mezzanine import mezzanines, standing_in
from beatstitch.render.order import ChunkOrder, FilmOrder, SongOrder, order
from beatstitch.render.profile import Profile
from beatstitch.render.proof import ChunkUnfit
from beatstitch.render.sync import SyncReport
from beatstitch.timeline.edl import Edl


class ClipsBreakOff(BeatstitchError):
    """Chunks came out short: one of the clips in `ids` has fewer frames than its packets say."""

    def __init__(self, ids: tuple[str, ...], message: str) -> None:
        super().__init__("clip_breaks_off", message)
        self.ids = ids


class ClipsDamaged(BeatstitchError):
    """A decoder told that data are damaged in one of the clips in `ids`."""

    def __init__(self, ids: tuple[str, ...]) -> None:
        super().__init__("clip_damaged", "A clip is damaged and shows broken pictures.")
        self.ids = ids


def order_film(edl: Edl, footage: Footage, song: Song, profile: Profile) -> FilmOrder:
    """What has to be made for the film."""
    return order(
        edl,
        {shot.given.id: shot.facts.source for shot in footage.shots},
        profile,
        fingerprint=fingerprint(),
        pcm_key=song.pcm_key,
        prefix="film",
    )


def render(
    film: FilmOrder, footage: Footage, bench: Workbench, step: Step, examined: Collection[str]
) -> tuple[str, ...]:
    """Render the chunks and the song that the cache lacks; gives the keys of what it had.

    After everything else is done raises ClipsBreakOff if chunks came out short, and ClipsDamaged
    if a decoder told of damage in a clip that isn't `examined` yet.
    """
    missing = {
        chunk.film_key: chunk
        for chunk in film.chunks
        if not _is_kept(chunk.film_key, chunk.proof_key, bench)
    }
    found = [
        key
        for chunk in film.chunks
        if chunk.film_key not in missing
        for key in (chunk.film_key, chunk.proof_key)
    ]
    song = (film.song.song_key, film.song.proof_key)
    if _is_kept(*song, bench):
        found += song
    else:
        _render_song(film.song, footage, bench)
    orders = mezzanines(missing.values(), fingerprint=fingerprint(), prefix="film")
    bench.all(
        partial(bench.run, mezzanine.run, order, footage.files)
        for order in orders.values()
        if bench.hold(order.key) is None
    )
    tally = _Tally(film.plan.frames - sum(c.chunk.frames for c in missing.values()), film, step)
    came = bench.all(
        partial(_render, standing_in(chunk, orders), footage, bench, tally)
        for chunk in missing.values()
    )
    unfit = next((fault for fault in came if isinstance(fault, ChunkUnfit)), None)
    if unfit is not None:
        raise ClipsBreakOff(_clips(missing.values(), came, ChunkUnfit), unfit.message)
    damaged = tuple(c for c in _clips(missing.values(), came, ClipsDamaged) if c not in examined)
    if damaged:
        raise ClipsDamaged(damaged)
    return tuple(dict.fromkeys(found))


def join(film: FilmOrder, bench: Workbench, step: Step) -> tuple[Path, SyncReport] | None:
    """Join the film and measure it; gives its place in the run's scratch folder, and the report.
    None where parts of it aren't those that their names promise."""
    joined = bench.run(
        render_film.run,
        Ticket(film, "film.mp4", "sync-report.json"),
        report=lambda percent, _: step.reach(percent),
        keep=lambda path, key: path.replace(bench.scratch / key),
    )
    if isinstance(joined, Spoiled):
        return None
    return bench.scratch / "film.mp4", joined.report


class _Tally:
    """Frames done by all threads, as percent of the film."""

    def __init__(self, done: int, film: FilmOrder, step: Step) -> None:
        self._film, self._step, self._lock = film, step, Lock()
        self._done = {"": done}

    def note(self, chunk: ChunkOrder, percent: int) -> None:
        """Hear how far a chunk is."""
        with self._lock:
            self._done[chunk.film_key] = chunk.chunk.frames * percent // 100
            total = sum(self._done.values())
        self._step.reach(100 * total // self._film.plan.frames)


def _render(
    chunk: ChunkOrder, footage: Footage, bench: Workbench, tally: _Tally
) -> ChunkUnfit | ClipsDamaged | None:
    try:
        rendered = bench.run(
            render_chunk.run, chunk, footage.files, lambda percent, _: tally.note(chunk, percent)
        )
    except ChunkUnfit as unfit:
        if not unfit.short_of:
            raise
        return unfit
    tally.note(chunk, 100)
    return ClipsDamaged(()) if rendered.is_told else None


def _render_song(song: SongOrder, footage: Footage, bench: Workbench) -> None:
    # numpy comes with it, which a film of a kept song has no use for.
    from beatstitch.jobs.render_audio import handler as render_audio

    bench.run(render_audio.run, song, footage.files)


def _is_kept(part: str, proof: str, bench: Workbench) -> bool:
    return all(bench.hold(key) for key in (part, proof))


def _clips(
    chunks: Iterable[ChunkOrder],
    came: Iterable[BeatstitchError | None],
    what: type[BeatstitchError],
) -> tuple[str, ...]:
    """The clips of the chunks to which this came, each once."""
    shown = (
        layer.source
        for chunk, fault in zip(chunks, came, strict=True)
        if isinstance(fault, what)
        for piece in chunk.chunk.pieces
        for layer in piece.layers
    )
    return tuple(dict.fromkeys(s.id for s in shown if s.media_type == "video"))
