"""Footage for the bench of rendering, made by code: two clips of 1080p30 as a phone writes them,
panned over painted hills with grain, three photos, and a song of noise."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

import demo_photos
from beatstitch.beats.steady import steady_grid
from beatstitch.documents import file_sha256
from beatstitch.jobs.media_processing import handler as media_processing
from beatstitch.jobs.media_processing.args import Ticket
from beatstitch.render.source import Source
from beatstitch.timeline.build import build
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.edl import Edl
from beatstitch.timeline.settings import read_settings
from beatstitch.workspace import Workspace
from footage import ffmpeg

CLIP_S, BPM = 12, 120.0
# 1080p30 of a phone: 14 Mbit/s, a keyframe each second.
PAN = (
    "scale=2560:-2,format=yuv420p,loop=loop=-1:size=1,setpts=N/30/TB,fps=30,"
    "crop=1920:1080:'(iw-1920)*(0.5+0.45*sin(n/40))':'(ih-1080)*(0.5+0.4*cos(n/55))',"
    "noise=alls=5:allf=t"
)
PHONE = ("-c:v", "libx264", "-preset", "veryfast", "-b:v", "14M", "-g", "30", "-pix_fmt", "yuv420p")
BT709 = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")


@dataclass(frozen=True, slots=True)
class Reel:
    """What a bench cuts, in a folder that it may write to."""

    folder: Path
    sources: Mapping[str, Source]
    song: Path

    @property
    def files(self) -> dict[str, Path]:
        """The files by their keys."""
        keys = (*(source.key for source in self.sources.values()), str(self.song))
        return {key: Path(key) for key in keys}

    def photos_only(self) -> "Reel":
        """The same without its clips."""
        photos = {k: s for k, s in self.sources.items() if s.media_type == "image"}
        return replace(self, sources=photos)


def reel(folder: Path) -> Reel:
    """Paint, film and compose."""
    media = folder / "media"
    media.mkdir()
    demo_photos.paint_all(media)
    paths = [path for path in sorted(media.iterdir()) if _is_wide(path)]
    sources: dict[str, Source] = {}
    for number, path in enumerate(paths[:2]):
        clip = folder / f"clip{number}.mp4"
        frames = ("-frames:v", str(30 * CLIP_S))
        ffmpeg("-i", path, "-vf", PAN, *frames, *PHONE, *BT709, clip)
        for file in (clip, paths[2 + number]):
            sources[file.stem] = taken_in(file, folder)
    song = folder / "song.wav"
    noise = ("-f", "lavfi", "-i", "anoisesrc=r=44100:a=0.1:d=190")
    ffmpeg(*noise, "-ac", "2", "-c:a", "pcm_s16le", song)
    return Reel(folder, sources, song)


def taken_in(file: Path, folder: Path) -> Source:
    """The file with the facts that a film is rendered by, under its path as its key."""
    scratch = folder / f"taken in {file.stem}"
    scratch.mkdir()
    space = Workspace(scratch, {str(file): file}, lambda *_: None)
    ticket = Ticket(file.stem, file.name, str(file), file_sha256(file), prefix="media")
    source = media_processing.run(ticket, space).source
    return replace(source, key=str(space.kept.get(source.key, file)))


def _is_wide(path: Path) -> bool:
    with Image.open(path) as image:
        return image.width > image.height


def timeline(footage: Reel, seconds: int, **settings: object) -> Edl:
    """A timeline of so many seconds at 120 BPM, a cut per bar unless said otherwise."""
    media = [
        Medium(s.id, s.media_type, s.duration_ms, keyframes_ms=s.keyframes_ms)
        for s in footage.sources.values()
    ]
    return build(
        steady_grid(BPM, 0, seconds * 1_000_000),
        media,
        read_settings(settings),
        audio_duration_us=seconds * 1_000_000,
        project_id="bench",
    )


def edited(edl: Edl) -> Edl:
    """The timeline with another part of a clip in the middle."""
    segments = list(edl.segments)
    place = next(
        i for i in range(len(segments) // 2, len(segments)) if segments[i].media_type == "video"
    )
    old = segments[place]
    moved_ms = 333 if old.source_in_ms < 333 else -333
    segments[place] = replace(
        old,
        source_in_ms=old.source_in_ms + moved_ms,
        source_out_ms=old.source_out_ms + moved_ms,
    )
    return replace(edl, segments=tuple(segments))
