"""Films as `beatstitch make` renders them, for benches: planned, made, and all that it takes."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from beatstitch.cli.cache import Cache
from beatstitch.cli.recognise import recognised
from beatstitch.cli.workbench import Workbench
from beatstitch.ffmpeg.fingerprint import fingerprint
from beatstitch.jobs.render_audio import handler as render_audio
from beatstitch.jobs.render_chunk import handler as render_chunk
from beatstitch.jobs.render_film import handler as render_film
from beatstitch.jobs.render_film.args import Spoiled, Ticket
from beatstitch.render.order import FilmOrder, order
from beatstitch.render.profile import Profile, final
from beatstitch.timeline.edl import Edl
from beatstitch.timeline.settings import TimelineSettings
from reel import Reel

PROCESSES = 2
QUIET = ("ffmpeg", "-v", "error", "-nostdin", "-y")


def ordered(
    edl: Edl, footage: Reel, look: Callable[[TimelineSettings], Profile] = final
) -> FilmOrder:
    """Everything to be made for the film."""
    return order(
        edl,
        footage.sources,
        look(edl.settings),
        fingerprint=fingerprint(),
        pcm_key=str(footage.song),
        prefix="film",
    )


def made(film: FilmOrder, footage: Reel, cache: Path | None = None) -> None:
    """The film, as the command line makes it; from nothing where no `cache` is given."""
    with tempfile.TemporaryDirectory(dir=footage.folder) as folder:
        kept = Cache(cache or Path(folder) / "cache", 10**10)
        with kept.scratch() as scratch, Workbench(kept, scratch, PROCESSES) as bench:
            files = {key: recognised(path, bench) for key, path in footage.files.items()}
            if not all(bench.hold(key) for key in (film.song.song_key, film.song.proof_key)):
                bench.run(render_audio.run, film.song, files)
            missing = [chunk for chunk in film.chunks if bench.hold(chunk.film_key) is None]
            for chunk in film.chunks:
                bench.hold(chunk.proof_key)
            bench.all(partial(bench.run, render_chunk.run, chunk, files) for chunk in missing)
            joined = bench.run(render_film.run, Ticket(film, "film.mp4", "report"), files)
    if isinstance(joined, Spoiled) or not joined.report.ok:
        raise AssertionError(joined)
