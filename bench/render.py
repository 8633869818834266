"""`make bench-render`: what a film costs, against the floor of what encoding its frames costs.

The floor is FFmpeg, twice for each chunk: once decoding the frames that the chunk shows and once
encoding the same frames from raw, with the same options of x264 and as many processes at once. A
film is all that a render does: confined chunks, their proofs, the song, the join and its report.
Methods run in turn, pair by pair, so that a busy machine falls on both; ratios are medians.

bubblewrap leaves its children to whoever adopts orphans, and their CPU with them; so each run is
made in a fresh process that adopts them itself (PR_SET_CHILD_SUBREAPER, prctl(2)) and waits for
all. What it then knows of its children is the whole truth: seconds, and the largest one's memory.
"""

import argparse
import ctypes
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from beatstitch.cli.cache import Cache
from beatstitch.cli.recognise import recognised
from beatstitch.cli.workbench import Workbench
from beatstitch.ffmpeg.command import run_command
from beatstitch.ffmpeg.decoders import opened
from beatstitch.ffmpeg.fingerprint import fingerprint
from beatstitch.ffmpeg.run import Limits
from beatstitch.jobs.render_audio import handler as render_audio
from beatstitch.jobs.render_chunk import handler as render_chunk
from beatstitch.jobs.render_film import handler as render_film
from beatstitch.jobs.render_film.args import Spoiled, Ticket
from beatstitch.render.command import Command, Output, chunk_command
from beatstitch.render.order import ChunkOrder, FilmOrder, order
from beatstitch.render.profile import Profile, final
from beatstitch.timeline.edl import Edl
from beatstitch.timeline.settings import TimelineSettings
from reel import PEER, Reel, edited, reel, timeline

PROCESSES = 2
PR_SET_CHILD_SUBREAPER = 36
QUIET = ("ffmpeg", "-v", "error", "-nostdin", "-y")
EFFECTS: dict[str, dict[str, object]] = {
    "static photos": {},
    "Ken Burns": {"ken_burns_enabled": True},
    "crossfade": {"transition_type": "crossfade"},
    "slide": {"transition_type": "slide_left"},
    "wipe": {"transition_type": "wipe_left"},
    "zoom": {"transition_type": "zoom"},
    "pulse": {"pulse": 0.06},
    "flash": {"flash": 0.6},
    "blurred fit": {"fit": "blur", "output_width": 1080, "output_height": 1080},
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run took: seconds of all processes, seconds that passed, and the largest process."""

    cpu_s: float
    wall_s: float
    peak_mb: float


def main() -> None:
    """Make the footage, run what is asked for, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=list(TABLES), choices=[*TABLES, []])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=24, help="of each film, but of the edited")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        footage = reel(Path(folder))
        for name in asked.what:
            TABLES[name](footage, asked.pairs, asked.seconds)


def against_the_floor(footage: Reel, pairs: int, seconds: int) -> None:
    """A cold 1080p30 final with hard cuts and still photos against its floor."""
    film = ordered(timeline(footage, seconds=seconds, ken_burns_enabled=False), footage)
    raw = footage.folder / "raw"
    raw.mkdir()
    for number, chunk in enumerate(film.chunks):
        _write_raw(chunk, footage, raw / f"{number}.yuv")
    runs = [(taken(partial(made, film, footage)), taken(partial(floor, film, footage, raw)))
            for _ in range(pairs)]  # fmt: skip
    say(f"1080p30, {seconds} s", "CPU s", "wall s", "largest MB")
    for name, these in (("floor", [b for _, b in runs]), ("BeatStitch", [a for a, _ in runs])):
        say(name, *(_median(these, field) for field in ("cpu_s", "wall_s", "peak_mb")))
    for field, aim in (("cpu_s", 1.10), ("wall_s", 1.15)):
        say_ratios(f"{field[:-2]} / floor (aim {aim})", runs, field)


def by_the_beat(footage: Reel, pairs: int, seconds: int) -> None:
    """One cut per beat against one per bar."""
    films = [
        ordered(
            timeline(footage, seconds=seconds, beats_per_cut=n, ken_burns_enabled=False), footage
        )
        for n in (1, 4)
    ]
    runs = [tuple(taken(partial(made, film, footage)) for film in films) for _ in range(pairs)]
    say_ratios("a cut per beat / per bar (aim 1.1)", runs, "cpu_s")


def after_an_edit(footage: Reel, _pairs: int, _seconds: int) -> None:
    """One changed segment of ninety: what is rendered again, as a share of the whole film."""
    for width, height in ((640, 360), (1920, 1080)):
        whole = timeline(footage, seconds=180, output_width=width, output_height=height)
        cache = footage.folder / f"kept {height}"
        full = taken(partial(made, ordered(whole, footage), footage, cache))
        again = taken(partial(made, ordered(edited(whole), footage), footage, cache))
        say(f"{len(whole.segments)} segments, {height}p", "CPU s", "wall s")
        say("all of it", f"{full.cpu_s:.1f}", f"{full.wall_s:.1f}")
        say("one changed", f"{again.cpu_s:.2f}", f"{again.wall_s:.2f}")
        say("share of the CPU (aim 3 %)", f"{100 * again.cpu_s / full.cpu_s:.1f} %")


def effects(footage: Reel, _pairs: int, _seconds: int) -> None:
    """What each effect adds to a film of photos, encoding included."""
    say("4 s of photos, 1080p30", "CPU ms a frame", "largest MB")
    for name, settings in EFFECTS.items():
        wished = {"ken_burns_enabled": False, "beats_per_cut": 1, **settings}
        film = ordered(timeline(footage.photos_only(), seconds=4, **wished), footage)
        run = taken(partial(made, film, footage))
        say(name, f"{1000 * run.cpu_s / film.plan.frames:.1f}", f"{run.peak_mb:.0f}")


def peers(footage: Reel, pairs: int, seconds: int) -> None:
    """The same cuts by one big filter graph, the way of the first BeatStitch, and by moviepy."""
    edl = timeline(footage, seconds=seconds, ken_burns_enabled=False)
    film = ordered(edl, footage)
    python = _moviepy(Path("build/moviepy"))
    others: dict[str, Callable[[], object]] = {
        "one filter graph": partial(one_graph, edl, footage),
        "moviepy": partial(by_moviepy, edl, footage, python),
    }
    runs = [
        (taken(partial(made, film, footage)), *(taken(other) for other in others.values()))
        for _ in range(pairs)
    ]
    say(f"1080p30, {seconds} s", "CPU s", "wall s", "largest MB")
    for place, name in enumerate(("BeatStitch", *others)):
        these = [run[place] for run in runs]
        say(name, *(_median(these, field) for field in ("cpu_s", "wall_s", "peak_mb")))


TABLES: dict[str, Callable[[Reel, int, int], None]] = {
    "floor": against_the_floor,
    "beats": by_the_beat,
    "edit": after_an_edit,
    "effects": effects,
    "peers": peers,
}


def say(name: str, *columns: str) -> None:
    """Print a row at once, also into a pipe."""
    sys.stdout.write(f"{name:36}" + "".join(f"{column:>16}" for column in columns) + "\n")
    sys.stdout.flush()


def say_ratios(name: str, runs: Sequence[tuple[Taken, ...]], field: str) -> None:
    """The first of each pair over the second: median, least and most."""
    ratios = [getattr(a, field) / getattr(b, field) for a, b, *_ in runs]
    spread = f"{min(ratios):.2f}–{max(ratios):.2f}"
    say(name, f"{statistics.median(ratios):.2f}", spread, f"n={len(ratios)}")


def _median(these: Sequence[Taken], field: str) -> str:
    return f"{statistics.median(getattr(one, field) for one in these):.1f}"


def taken(run: Callable[[], object]) -> Taken:
    """What a run takes in a process of its own."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        return pool.submit(_measured, run).result()


def _measured(run: Callable[[], object]) -> Taken:
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError("this kernel doesn't let a process adopt orphans")
    fingerprint()
    before, began = _cpu_s(), time.monotonic()
    run()
    wall_s = time.monotonic() - began
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Taken(_cpu_s() - before, wall_s, largest)


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


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


def floor(film: FilmOrder, footage: Reel, raw: Path) -> None:
    """The same frames decoded, and encoded from raw."""
    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(_floor_of, range(len(film.chunks)), film.chunks, [raw] * len(film.chunks)))


def _floor_of(number: int, chunk: ChunkOrder, raw: Path) -> None:
    command = chunk_command(chunk.chunk, chunk.profile)
    shown = [*QUIET, *_inputs(command)]
    for index, piece in enumerate(chunk.chunk.pieces):
        frames = piece.frames if piece.layers[0].source.media_type == "video" else 1
        shown += ["-map", f"{index}:v:0", "-frames:v", str(frames), "-f", "null", "-"]
    subprocess.run(shown, check=True)
    size = f"{chunk.profile.width}x{chunk.profile.height}"
    source = ("-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", size, "-r", "30")
    encoded = raw / f"{number}.mp4"
    encoder = command.outputs[0].options[2:]
    subprocess.run(
        [*QUIET, *source, "-i", str(raw / f"{number}.yuv"), *encoder, str(encoded)], check=True
    )


def _inputs(command: Command) -> list[str]:
    return [
        argument
        for one in command.inputs
        for argument in opened(Path(one.key), one.demuxer, one.options)
    ]


def _write_raw(chunk: ChunkOrder, footage: Reel, path: Path) -> None:
    command = chunk_command(chunk.chunk, chunk.profile)
    frames = ("-frames:v", str(chunk.chunk.frames))
    outputs = (
        Output(("-map", "[film]", *frames, "-f", "rawvideo"), path.name),
        Output(("-map", "[tiny]", *frames, "-f", "rawvideo"), "tiny"),
    )
    limits = Limits(timeout_s=600)
    run_command(replace(command, outputs=outputs), footage.files, path.parent, limits=limits)


def one_graph(edl: Edl, footage: Reel) -> None:
    """Every source once, split, trimmed, scaled and joined by one FFmpeg."""
    sources = list(footage.sources.values())
    argv, parts, shown = [*QUIET], [], []
    for source in sources:
        argv += ["-loop", "1", "-framerate", "30"] if source.media_type == "image" else []
        argv += ["-i", source.key]
    for index, source in enumerate(sources):
        uses = [s for s in edl.segments if s.media_asset_id == source.id]
        parts.append(f"[{index}:v]split={len(uses)}" + "".join(f"[u{s.index}]" for s in uses))
    for s in edl.segments:
        start, length = s.source_in_ms / 1000, (s.timeline_out_us - s.timeline_in_us) / 1e6
        parts.append(
            f"[u{s.index}]trim={start}:{start + length},setpts=PTS-STARTPTS,fps=30,scale=1920:1080:"
            f"force_original_aspect_ratio=increase,crop=1920:1080,setsar=1,format=yuv420p[s{s.index}]"
        )
        shown.append(f"[s{s.index}]")
    parts.append(f"{''.join(shown)}concat=n={len(shown)}:v=1:a=0[film]")
    argv += ["-i", str(footage.song), "-filter_complex", ";".join(parts), "-map", "[film]"]
    argv += ["-map", f"{len(sources)}:a", "-t", str(edl.total_duration_us / 1e6), *_X264]
    subprocess.run([*argv, str(footage.folder / "graph.mp4")], check=True)


_X264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-threads", str(PROCESSES))


def by_moviepy(edl: Edl, footage: Reel, python: Path) -> None:
    """The same segments by moviepy's own words."""
    cuts = [
        {
            "path": footage.sources[s.media_asset_id].key,
            "type": s.media_type,
            "start_s": s.source_in_ms / 1000,
            "length_s": (s.timeline_out_us - s.timeline_in_us) / 1e6,
        }
        for s in edl.segments
    ]
    film = str(footage.folder / "moviepy.mp4")
    told = json.dumps({"cuts": cuts, "song": str(footage.song), "film": film, "threads": PROCESSES})
    environment = {**os.environ, "FFMPEG_BINARY": "ffmpeg", "IMAGEIO_FFMPEG_EXE": "ffmpeg"}
    subprocess.run(
        [str(python), "-c", PEER], input=told.encode(), check=True, env=environment,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _moviepy(folder: Path) -> Path:
    """A venv of its own, for moviepy wants an older Pillow than we do."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "moviepy==2.2.1"], check=True)
    return python.absolute()


if __name__ == "__main__":
    main()
