"""`make bench-previews`: what a preview of three minutes costs, and how soon it can be looked at.

The cost is all processes' CPU for the film from proxies, with its song encoded already. How soon
is measured as a user meets it: a server, a worker, the request for a preview, and the first chunk
of it as a file that plays. That is wall time, and says something on a machine with nothing else to
do.
"""

import statistics
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from beatstitch.cli.cache import Cache
from beatstitch.cli.gather import given
from beatstitch.cli.workbench import Workbench
from beatstitch.jobs.proxy import handler as proxy
from beatstitch.jobs.proxy.args import Ticket
from beatstitch.jobs.render_audio import handler as render_audio
from beatstitch.render.order import FilmOrder
from beatstitch.render.profile import preview
from beatstitch.render.source import Source
from beatstitch.workspace import Workspace
from costs import say, taken
from films import PROCESSES, made, ordered
from footage import ffmpeg
from reel import Reel, reel, timeline
from servers import HttpCaller, deployed, waited

SECONDS = 180
AIM_CPU_S, AIM_FIRST_S = 25, 3
TIMES = 3


def main() -> None:
    """Make the footage and both measurements, or the one that is named."""
    with tempfile.TemporaryDirectory() as folder:
        footage = reel(Path(folder))
        if "first" not in sys.argv[1:]:
            cost(footage)
        if "cost" not in sys.argv[1:]:
            first_chunk(footage)


def cost(footage: Reel) -> None:
    """A preview of three minutes from proxies."""
    small = replace(footage, sources={k: _proxy(s, footage) for k, s in footage.sources.items()})
    say(f"preview of {SECONDS} s from proxies", "CPU s", "wall s", f"aim {AIM_CPU_S} s")
    for name, settings in (
        ("a cut per bar, Ken Burns", {}),
        ("a cut per bar, photos still", {"ken_burns_enabled": False}),
        ("a cut per beat, Ken Burns", {"beats_per_cut": 1}),
    ):
        film = ordered(timeline(footage, seconds=SECONDS, **settings), small, preview)
        cache = footage.folder / f"kept {name}"
        _encode_song(film, small, cache)
        run = taken(partial(made, film, small, cache))
        say(name, f"{run.cpu_s:.1f}", f"{run.wall_s:.1f}")


def first_chunk(footage: Reel) -> None:
    """From the request for a preview to its first chunk, on a server with one worker."""
    song = footage.folder / "short.wav"
    ffmpeg("-i", footage.song, "-t", "30", song)
    with deployed(footage.folder / "service") as service:
        service.serve()
        service.work()
        caller = service.caller()
        project = f"/projects/{caller.post('/projects', json={'name': 'Bench'}).json()['id']}"
        for source in footage.sources.values():
            caller.upload(f"{project}/media", "files", Path(source.key)).raise_for_status()
        heard = caller.upload(f"{project}/audio", "file", song).json()["analysis_job_id"]
        caller.ended(heard)
        if not waited(lambda: _has_proxies(caller, project), limit_s=600):
            raise AssertionError("the proxies were not made")
        took = [_began(caller, project, number) for number in range(TIMES)]
    spread = f"{min(took):.1f}–{max(took):.1f}"
    say(f"first chunk after (aim {AIM_FIRST_S} s)", f"{statistics.median(took):.1f}", spread)


def _began(caller: HttpCaller, project: str, number: int) -> float:
    """Another preview of the project, none of which was rendered before."""
    another = {"pulse": 0.01 * (number + 1)}
    job = caller.post(f"{project}/timeline/generate", json={"settings": another}).json()["job_id"]
    if caller.ended(job)["status"] != "complete":
        raise AssertionError("the timeline was not made")
    wish = {"job_type": "preview", "edl_hash": caller.get(f"{project}/timeline").json()["edl_hash"]}
    began = time.monotonic()
    job = caller.post(f"{project}/render", json=wish).json()["job_id"]
    caller.get(f"/jobs/{job}/first-chunk?wait=30").raise_for_status()
    took = time.monotonic() - began
    caller.ended(job)
    return took


def _has_proxies(caller: HttpCaller, project: str) -> bool:
    return all(asset["looks"] for asset in caller.get(project).json()["media_assets"])


def _proxy(source: Source, footage: Reel) -> Source:
    folder = footage.folder / f"proxy {source.id}"
    folder.mkdir()
    space = Workspace(folder, {source.key: Path(source.key)}, lambda *_: None)
    made = proxy.run(Ticket(source, "proxies"), space)
    small = made.proxy if made else None
    return replace(small, key=str(space.kept[small.key])) if small else source


def _encode_song(film: FilmOrder, footage: Reel, folder: Path) -> None:
    files = {key: given(path) for key, path in footage.files.items()}
    kept = Cache(folder, 10**10)
    with kept.scratch() as scratch, Workbench(kept, scratch, PROCESSES) as bench:
        bench.run(render_audio.run, film.song, files)


if __name__ == "__main__":
    main()
