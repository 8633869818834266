"""Running what the renderer decided: a command whose inputs are keys and whose outputs are names
meets the files and the folder that they stand for."""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from beatstitch.ffmpeg.run import Level, Limits, Progress, Source, capture, run
from beatstitch.render.command import Command, Output
from beatstitch.render.proof import (
    KEYFRAMES_OUTPUT,
    LOOK_INPUT,
    LOOK_OUTPUT,
    MEASURE_INPUT,
    Listing,
    PacketHash,
    packet_outputs,
    read_listing,
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a film was measured to hold: packets of the picture, packets of the sound, and the
    keyframes decoded."""

    packets: Listing
    sound: Listing
    keyframes: Listing


def capture_command(
    command: Command,
    files: Mapping[str, Path],
    *,
    limits: Limits,
    stop: threading.Event | None = None,
) -> bytes:
    """Run a command that writes to standard output and give what it wrote. Raises what `capture`
    does."""
    options = [*command.options]
    for output in command.outputs:
        options += [*output.options, output.name]
    return capture(_sources(command, files), options, limits=limits, stop=stop)


def run_command(
    command: Command,
    files: Mapping[str, Path],
    folder: Path,
    *,
    limits: Limits,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    level: Level = "error",
) -> str:
    """Run a command; its outputs lie in `folder` afterwards. Gives and raises what `run` does."""
    outputs = [folder / output.name for output in command.outputs]
    options = [_placed(option, command, folder) for option in command.options]
    for text in command.texts:
        (folder / text.name).write_text(text.content)
    for output, path in zip(command.outputs, outputs, strict=True):
        options += [*output.options, str(path)]
    return run(
        _sources(command, files),
        options,
        outputs,
        limits=limits,
        on_progress=on_progress,
        stop=stop,
        level=level,
    )


def _placed(option: str, command: Command, folder: Path) -> str:
    """The option with the files of its texts in the places that were left for them."""
    for text in command.texts:
        option = option.replace(text.place, escaped(str(folder / text.name)))
    return option


def escaped(value: str) -> str:
    """A value inside a filter graph: escaped for the filter's options, then for the graph.
    https://ffmpeg.org/ffmpeg-filters.html#Notes-on-filtergraph-escaping"""
    inner = re.sub(r"([\\':])", r"\\\1", value)
    return re.sub(r"([\\'\[\],;\s])", r"\\\1", inner)


def measure(film: Path, folder: Path, *, limits: Limits, packet_hash: PacketHash) -> Measured:
    """Measure a film of which nobody knows who wrote it, in one pass; `folder` holds what FFmpeg
    writes meanwhile.

    Raises what `run` does.
    """
    outputs = (*packet_outputs(packet_hash), KEYFRAMES_OUTPUT)
    return Measured(*_listed(Source(film, "mov", MEASURE_INPUT), outputs, folder, limits=limits))


def keyframes(
    film: Path,
    folder: Path,
    *,
    limits: Limits,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> Listing:
    """The keyframes of a film of ours, decoded; `folder` as in `measure`. Raises what `run` does.

    FFmpeg needs not look at the first pictures of what x264 and x265 wrote: their headers say all.
    """
    source = Source(film, "mov", ("-nofind_stream_info", *MEASURE_INPUT))
    (found,) = _listed(
        source, (KEYFRAMES_OUTPUT,), folder, limits=limits, on_progress=on_progress, stop=stop
    )
    return found


def _listed(
    source: Source,
    outputs: Sequence[Output],
    folder: Path,
    *,
    limits: Limits,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> list[Listing]:
    places = [folder / output.name for output in outputs]
    options = [
        option
        for output, place in zip(outputs, places, strict=True)
        for option in (*output.options, str(place))
    ]
    run([source], options, places, limits=limits, on_progress=on_progress, stop=stop)
    return [read_listing(place.read_text()) for place in places]


def look(film: Path, folder: Path, *, limits: Limits, stop: threading.Event | None = None) -> bytes:
    """Every frame of a film as 32 x 18 grey points; `folder` holds them meanwhile.

    Raises what `run` does, at the first frame that doesn't decode.
    """
    seen = folder / LOOK_OUTPUT.name
    run(
        [Source(film, "mov", LOOK_INPUT)],
        (*LOOK_OUTPUT.options, str(seen)),
        [seen],
        limits=limits,
        stop=stop,
    )
    return seen.read_bytes()


def _sources(command: Command, files: Mapping[str, Path]) -> list[Source]:
    return [Source(files[i.key], i.demuxer, i.options) for i in command.inputs]
