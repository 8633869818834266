"""What a film shows of a clip whose keyframes are far apart, coded anew so that it can begin
anywhere: without it, each showing decodes all that lies before it since the last keyframe.

One decode of the clip, up to the last moment that is shown, gives all parts of it, each at its own
time. What can't be told apart has one name: a chunk made from a mezzanine has the key that it
would have from the clip.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from beatstitch.render.chunk import Layer
from beatstitch.render.command import SPARE_S, THREADS, Command, Input, Output, from_start
from beatstitch.render.keys import command_key
from beatstitch.render.order import ChunkOrder
from beatstitch.render.source import Source
from beatstitch.render.takes import takes

# Nearer ones are never worth it.
FAR_APART_US = 2_000_000
MEZZANINE_FILE, PASSED_FILE = "mezzanine.mov", "passed.gray"
# Far below what an eye can tell, for it is coded once more, and quick both ways: superfast at crf
# 12 is a quarter smaller and 0.8 dB worse, and takes 2.0 times as much to encode and 2.2 to decode.
# B-frames, which ultrafast has none of, would be shown before what they are made from, and a
# showing may begin there.
ENCODER = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-g", "15")
# x264 takes no odd side unless colours are stored for every pixel.
EVEN = "scale=w='ceil(iw/2)*2':h='ceil(ih/2)*2'"
# Frames before and after what is shown, for times that were rounded.
MARGIN_US = 100_000


@dataclass(frozen=True, slots=True)
class Part:
    """From `start_us` to `end_us` in the time that FFmpeg gives the clip's file."""

    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class MezzanineOrder:
    """A clip, the parts of it that are wanted, and where they are kept."""

    source: Source
    parts: tuple[Part, ...]
    key: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The storage keys that have to be at hand."""
        return (self.source.key,)

    @property
    def shown(self) -> dict[str, str]:
        """The file that is read, and whose it is."""
        return {self.source.key: self.source.id}

    @property
    def name(self) -> str:
        """Its content key."""
        return PurePosixPath(self.key).stem

    @property
    def media_s(self) -> float:
        """How much of the clip has to be decoded."""
        return self.parts[-1].end_us / 1_000_000

    @property
    def stand_in(self) -> Source:
        """How the renderer meets the parts: the same medium at the same times, upright."""
        return replace(
            self.source,
            key=self.key,
            content=self.name,
            demuxer="mov",
            stream=0,
            sound=None,
            start_us=0,
            gop_us=0,
            is_known_at_once=False,
        )


def mezzanines(
    chunks: Iterable[ChunkOrder], *, fingerprint: str, prefix: str
) -> dict[str, MezzanineOrder]:
    """The mezzanines that these chunks are cheaper made with, by the key of the clip's file."""
    shown: dict[str, tuple[Source, list[tuple[int, Part]]]] = {}
    for chunk in {chunk.name: chunk for chunk in chunks}.values():
        for layer, part in _showings(chunk):
            _, seen = shown.setdefault(layer.source.key, (layer.source, []))
            seen.append((layer.way_us, part))
    orders = {}
    for key, (source, seen) in shown.items():
        parts = tuple(_merged(part for _, part in seen))
        coded_us = sum(part.end_us - part.start_us for part in parts)
        # Coding a second costs about as much as decoding two.
        if sum(way_us for way_us, _ in seen) > parts[-1].end_us + 2 * coded_us:
            command = mezzanine_command(source, parts)
            name = command_key(command, {key: source.content}, fingerprint)
            orders[key] = MezzanineOrder(
                source, parts, f"{prefix}/mezzanines/{name[:2]}/{name}.mov"
            )
    return orders


def standing_in(chunk: ChunkOrder, orders: Mapping[str, MezzanineOrder]) -> ChunkOrder:
    """The chunk, under the same name, made from mezzanines where there are some."""
    pieces = tuple(
        replace(piece, layers=tuple(_from_mezzanine(layer, orders) for layer in piece.layers))
        for piece in chunk.chunk.pieces
    )
    return replace(chunk, chunk=replace(chunk.chunk, pieces=pieces))


def mezzanine_command(source: Source, parts: tuple[Part, ...]) -> Command:
    """One decode of the clip; its first frame is kept too, for the times are counted from it."""
    wanted = "+".join(f"between(t,{_s(part.start_us)},{_s(part.end_us)})" for part in parts)
    # A dot for each second that is decoded, or nothing would be heard on the way to the next part.
    graph = (
        f"[0:{source.stream}]split[shown][passed];"
        f"[shown]select='eq(n,0)+{wanted}',{EVEN}[film];"
        "[passed]fps=1,scale=2:2,format=gray[dots]"
    )
    return Command(
        inputs=(
            Input(
                source.key,
                source.demuxer,
                (*THREADS, *from_start(source), "-t", _s(parts[-1].end_us + MARGIN_US)),
            ),
        ),
        options=("-filter_threads", "1", "-filter_complex_threads", "1", "-filter_complex", graph),
        outputs=(
            Output(
                (
                    *("-map", "[film]", "-vsync", "passthrough", "-enc_time_base", "-1"),
                    *(*ENCODER, *THREADS, "-video_track_timescale", "90000"),
                    *("-map_metadata", "-1", "-map_chapters", "-1", "-f", "mov"),
                ),
                MEZZANINE_FILE,
            ),
            Output(("-map", "[dots]", "-f", "rawvideo"), PASSED_FILE),
        ),
    )


def _showings(chunk: ChunkOrder) -> Iterator[tuple[Layer, Part]]:
    rate = chunk.profile.frame_rate
    for take in takes(chunk.chunk.pieces, rate):
        layer, source = take.layer, take.layer.source
        # RGB would be coded as something else, and so would fields.
        is_fit = not source.is_interlaced and source.color_space != "gbr"
        if source.gop_us > FAR_APART_US and is_fit:
            length_s = take.frames / rate * layer.speed + SPARE_S
            end_us = layer.start_us + int(length_s * 1_000_000)
            start_us = layer.start_us - source.lead_us - MARGIN_US
            yield layer, Part(max(0, start_us), end_us + MARGIN_US)


def _merged(parts: Iterable[Part]) -> Iterator[Part]:
    first, *others = sorted(parts, key=lambda part: part.start_us)
    for part in others:
        if part.start_us > first.end_us:
            yield first
            first = part
        else:
            first = Part(first.start_us, max(first.end_us, part.end_us))
    yield first


def _from_mezzanine(layer: Layer, orders: Mapping[str, MezzanineOrder]) -> Layer:
    order = orders.get(layer.source.key)
    if order is None:
        return layer
    # FFmpeg counts from the first picture where there is no sound that comes before it.
    start_us = max(0, layer.start_us - layer.source.start_us)
    return replace(layer, source=order.stand_in, start_us=start_us)


def _s(time_us: int) -> str:
    return f"{time_us / 1_000_000:.6f}"
