"""The same cuts as others make them: by one big filter graph, the way of the first BeatStitch, and
by moviepy's own words."""

import json
import os
import subprocess
import venv
from pathlib import Path

from beatstitch.timeline.edl import Edl
from films import PROCESSES, QUIET
from reel import Reel

PEER = """
import json, sys
from moviepy import AudioFileClip, ImageClip, VideoFileClip, concatenate_videoclips
told = json.load(sys.stdin)
clips = []
for cut in told["cuts"]:
    if cut["type"] == "image":
        clip = ImageClip(cut["path"]).with_duration(cut["length_s"])
    else:
        clip = VideoFileClip(cut["path"], audio=False)
        clip = clip.subclipped(cut["start_s"], cut["start_s"] + cut["length_s"])
    if tuple(clip.size) != (1920, 1080):
        clip = clip.resized(max(1920 / clip.w, 1080 / clip.h))
        clip = clip.cropped(x_center=clip.w / 2, y_center=clip.h / 2, width=1920, height=1080)
    clips.append(clip)
film = concatenate_videoclips(clips)
film = film.with_audio(AudioFileClip(told["song"]).subclipped(0, film.duration))
film.write_videofile(told["film"], fps=30, codec="libx264", preset="veryfast", audio_codec="aac",
                     ffmpeg_params=["-crf", "20"], threads=told["threads"], logger=None)
"""


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


def moviepy(folder: Path) -> Path:
    """A Python that has it: a venv of its own, for moviepy wants an older Pillow than we do."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "moviepy==2.2.1"], check=True)
    return python.absolute()
