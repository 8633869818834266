"""`make bench-render`: what a film costs, against the floor of what encoding its frames costs.

The floor is FFmpeg, twice for each chunk: once decoding the frames that the chunk shows and once
encoding the same frames from raw, with the same options of x264 and as many processes at once. A
film is all that a render does: confined chunks, their proofs, the song, the join and its report.
Methods run in turn, pair by pair, so that a busy machine falls on both; ratios are medians.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from beatstitch.ffmpeg.command import run_command
from beatstitch.ffmpeg.decoders import opened
from beatstitch.ffmpeg.run import Limits
from beatstitch.render.command import Command, Output, chunk_command
from beatstitch.render.order import ChunkOrder, FilmOrder
from costs import median, say, say_ratios, taken
from films import PROCESSES, QUIET, made, ordered
from peers import by_moviepy, moviepy, one_graph
from reel import Reel, edited, reel, timeline

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
        say(name, *(median(these, field) for field in ("cpu_s", "wall_s", "peak_mb")))
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
    python = moviepy(Path("build/moviepy"))
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
        say(name, *(median(these, field) for field in ("cpu_s", "wall_s", "peak_mb")))


TABLES: dict[str, Callable[[Reel, int, int], None]] = {
    "floor": against_the_floor,
    "beats": by_the_beat,
    "edit": after_an_edit,
    "effects": effects,
    "peers": peers,
}


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


if __name__ == "__main__":
    main()
