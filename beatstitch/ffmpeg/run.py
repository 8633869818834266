"""Run FFmpeg on files that nobody trusts, hear its progress, and turn its faults into codes.

Builds what is the same for every FFmpeg here and hands it to `process`. Refuses to know what the
options are for.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from beatstitch import process
from beatstitch.ffmpeg.decoders import opened
from beatstitch.ffmpeg.faults import FFmpegFailed, said
from beatstitch.process import Limits

__all__ = ["FFmpegFailed", "Level", "Limits", "Progress", "Source", "capture", "run"]

_QUIET = ("-hide_banner", "-nostdin")
Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Source:
    """One input: a file, the demuxer it is forced to be, and options that stand before its -i.

    `parts` are the mp4 files that a "concat" list names; all that lies in the list's folder may be
    seen, so that it may name thousands.
    """

    path: Path
    demuxer: str
    options: tuple[str, ...] = ()
    parts: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far FFmpeg is: frames written and the time reached in the output. Neither goes back."""

    frame: int
    out_time_us: int

    def percent(self, duration_us: float, first: int = 0, last: int = 100) -> int:
        """How far that is in an output of `duration_us`, as a part of the way from `first` to
        `last` percent."""
        return first + int((last - first) * min(1.0, self.out_time_us / max(1, duration_us)))


def run(
    sources: Sequence[Source],
    options: Sequence[str],
    outputs: Sequence[Path],
    *,
    limits: Limits,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    reads: Sequence[Path] = (),
    name: str = "The file",
    level: Level = "error",
) -> str:
    """Run FFmpeg and give what it said, from that level on, with the paths taken out.

    `options` name the `outputs` by absolute path; their folders become writable. `reads` are other
    files that `options` name; `name` is for messages. That it ends well proves little: it does so
    without a single frame. Raises FFmpegFailed, InsufficientStorage, and what `process.run`
    raises.
    """
    argv = [
        "ffmpeg",
        "-v",
        level,
        *_QUIET,
        "-y",
        "-progress",
        "pipe:1",
        *_inputs(sources),
        *options,
    ]
    seen = (*_files(sources), *reads)
    folders = tuple(dict.fromkeys(output.parent for output in outputs))
    heard = _Listener(on_progress).hear
    done = process.run(argv, limits=limits, reads=seen, writes=folders, on_line=heard, stop=stop)
    return said(done, (*seen, *outputs), name)


def capture(
    sources: Sequence[Source],
    options: Sequence[str],
    *,
    limits: Limits,
    stop: threading.Event | None = None,
    name: str = "The file",
) -> bytes:
    """What FFmpeg writes to `pipe:1`, as `options` tell it, up to `limits.output_bytes`.

    Raises as `run`.
    """
    argv = ["ffmpeg", "-v", "error", *_QUIET, *_inputs(sources), *options]
    seen = _files(sources)
    done = process.run(argv, limits=limits, reads=seen, stop=stop)
    said(done, seen, name)
    return done.stdout


def _inputs(sources: Sequence[Source]) -> list[str]:
    return [
        argument
        for source in sources
        for argument in opened(source.path, source.demuxer, source.options)
    ]


def _files(sources: Sequence[Source]) -> tuple[Path, ...]:
    files: list[Path] = []
    for source in sources:
        files += [source.path, *source.parts]
        if source.demuxer == "concat":
            files.append(source.path.parent)
    return tuple(files)


class _Listener:
    """Reads the lines of -progress: key=value, a block of them ending with progress=."""

    def __init__(self, on_progress: Callable[[Progress], None] | None) -> None:
        self._on_progress = on_progress
        self._last = Progress(0, 0)
        self._block: dict[str, int] = {}

    def hear(self, line: str) -> bool:
        """Whether this line shows that FFmpeg got further."""
        key, _, value = line.partition("=")
        if key in ("frame", "out_time_us"):
            # out_time_us is N/A or negative until something has been written.
            self._block[key] = int(value) if value.strip().isdigit() else 0
            return False
        return key == "progress" and self._advance()

    def _advance(self) -> bool:
        now = Progress(
            max(self._last.frame, self._block.get("frame", 0)),
            max(self._last.out_time_us, self._block.get("out_time_us", 0)),
        )
        has_advanced = now != self._last
        self._last = now
        if has_advanced and self._on_progress is not None:
            self._on_progress(now)
        return has_advanced
