"""`make bench-ingest`: what it costs to take a clip in: facts, thumbnail, proxy, filmstrip, looks.

Seconds of CPU of all processes for a second of 1080p, Python's own included; beside it what its
decoder alone takes.
"""

import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from beatstitch.jobs.proxy import handler as proxy
from beatstitch.jobs.proxy.args import Ticket
from beatstitch.workspace import Workspace
from costs import say, taken
from footage import ffmpeg
from reel import BT709, CLIP_S, PHONE, reel, taken_in

AIM_CPU_S = 0.6
HEVC = ("-c:v", "libx265", "-preset", "superfast", "-b:v", "12M", "-tag:v", "hvc1")
SIXTY = "setpts=PTS/2,fps=60,noise=alls=3:allf=t"
CODED: Mapping[str, tuple[str, ...]] = {
    "H.264, 30 fps, 14 Mbit/s": ("-c", "copy"),
    "HEVC, 30 fps, 12 Mbit/s": (*HEVC, "-x265-params", "log-level=error:keyint=30"),
    "H.264, 60 fps, 24 Mbit/s": ("-vf", SIXTY, *PHONE, "-b:v", "24M", "-g", "60", *BT709),
}


def main() -> None:
    """Make the clips and take each in, three times."""
    with tempfile.TemporaryDirectory() as folder:
        first = next(iter(reel(Path(folder)).sources.values()))
        say("CPU s a second of 1080p", f"aim {AIM_CPU_S}", "decoder alone", "without it")
        for number, (name, coded) in enumerate(CODED.items()):
            clip = Path(folder) / f"ingest{number}.mp4"
            ffmpeg("-i", first.key, *coded, clip)
            seconds = CLIP_S / (2 if coded[1:2] == (SIXTY,) else 1)
            whole = min(taken(partial(_whole, clip)).cpu_s for _ in range(3)) / seconds
            alone = min(taken(partial(_decoded, clip)).cpu_s for _ in range(3)) / seconds
            say(name, f"{whole:.2f}", f"{alone:.2f}", f"{whole - alone:.2f}")


def _whole(clip: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = taken_in(clip, Path(folder))
        space = Workspace(Path(folder), {source.key: Path(source.key)}, lambda *_: None)
        if proxy.run(Ticket(source, "proxies"), space) is None:
            raise AssertionError("no proxy was made")


def _decoded(clip: Path) -> None:
    ffmpeg("-threads", "1", "-i", clip, "-f", "null", "-")


if __name__ == "__main__":
    main()
