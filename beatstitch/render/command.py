"""A chunk and the join as what FFmpeg is told: inputs by key, a graph, options.

Pure data: who runs it adds what confines the inputs and puts in the paths. Times become decimal
seconds only here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from beatstitch.render.chunk import Chunk, Layer
from beatstitch.render.filters import ratio
from beatstitch.render.graph import graph
from beatstitch.render.profile import Profile
from beatstitch.render.source import RAW, WITHOUT_INDEX, Source
from beatstitch.render.takes import takes
from beatstitch.render.text import Text

# One thread a process: two processes of one thread encode the same film in 0.79 of the time that
# one of two threads takes.
THREADS = ("-threads", "1")
# Source frames past the end of a piece, for rates that don't divide.
SPARE_S = Fraction(1, 2)
# Without auto_convert=0 the list puts parameter sets into every keyframe that a chunk begins with.
# No decoder is allowed, or FFmpeg would look at the first picture of every chunk: a third of what
# the join costs.
JOIN_INPUT = ("-safe", "1", "-auto_convert", "0", "-codec_whitelist", "none")
# Two B-frames have little use for a pyramid: without it x264 holds two pictures less (23 MB at
# 1080p) for a file as large and as good (-1.0 to +0.6 %, 0.0 to +0.08 dB). A picture that it looks
# ahead is 7 MB, and 27 in 4K; half as many see as much: the same size and PSNR of footage with
# grain, and what stands or moves slowly gets 8 % smaller and 0.4 dB less, as with half a step of
# crf.
X264 = ("-profile:v", "high", "-bf", "2", "-b-pyramid", "none")
X264_LOOKAHEAD, X264_LARGE_LOOKAHEAD = ("-rc-lookahead", "6"), ("-rc-lookahead", "3")
LARGE_PX = 2 * 1920 * 1080
# x265 has threads and GOPs of its own to close, makes a forced keyframe an IDR one only if told,
# and Apple's players want the tag hvc1. Of each picture that it codes it keeps all that it decided
# (19 MB at 1080p, 76 in 4K), so there are no B-frames and it looks two ahead: 209 MB where it took
# 270; at about the same PSNR a street gets 9 % smaller and a cartoon 21 % larger.
X265 = (
    *("-bf", "0", "-tag:v", "hvc1", "-forced-idr", "1", "-x265-params"),
    "pools=none:frame-threads=1:open-gop=0:rc-lookahead=2:info=0:log-level=error",
)
# Of a second at the cap: 0.65 + 1.9 × 0.18 < 1. A buffer of a whole second let 1.5 times the cap
# through in one, of noise that came and went.
LET_THROUGH, HELD = Fraction(65, 100), Fraction(18, 100)
CHUNK_FILE, TINY_FILE = "chunk.mp4", "tiny.gray"


@dataclass(frozen=True, slots=True)
class Input:
    """One input of FFmpeg: the key of its file, its forced demuxer, the options before it."""

    key: str
    demuxer: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Output:
    """One output of FFmpeg: the options before it, and what its file is called in the scratch
    folder of whoever runs it."""

    options: tuple[str, ...]
    name: str


@dataclass(frozen=True, slots=True)
class Command:
    """What FFmpeg is told: inputs, options that hold for all, outputs, and the texts that a
    filter graph among the options names."""

    inputs: tuple[Input, ...]
    options: tuple[str, ...]
    outputs: tuple[Output, ...]
    texts: tuple[Text, ...] = ()


def chunk_command(chunk: Chunk, profile: Profile) -> Command:
    """The one FFmpeg process that renders a chunk: exact frames, closed GOPs, a keyframe at every
    cut, and parameter sets that are the same for every chunk of the profile.

    Its second output is each frame as it went into the encoder, as TINY: what the sync report
    tells pictures apart by, for next to nothing.
    """
    frames = ("-frames:v", str(chunk.frames))
    drawn, texts = graph(chunk, profile)
    return Command(
        inputs=tuple(
            _input(take.layer, take.frames, profile.frame_rate)
            for take in takes(chunk.pieces, profile.frame_rate)
        ),
        options=(
            *("-filter_threads", "1", "-filter_complex_threads", "1"),
            *("-filter_complex", drawn),
        ),
        outputs=(
            Output(
                ("-map", "[film]", *frames, *_keyframes(chunk), *encoder(profile), "-f", "mp4"),
                CHUNK_FILE,
            ),
            Output(("-map", "[tiny]", *frames, "-f", "rawvideo"), TINY_FILE),
        ),
        texts=texts,
    )


def encoder(profile: Profile) -> tuple[str, ...]:
    """The encoder's options and the tags. `chroma_sample_location` is said, for JPEG's "center"
    would change the parameter sets; `bitexact` keeps versions and dates out of the bytes."""
    is_h265 = profile.codec == "h265"
    name, options = ("libx265", X265) if is_h265 else ("libx264", (*X264, *_lookahead(profile)))
    return (
        *("-c:v", name, "-preset", profile.preset, "-crf", str(profile.crf), *options),
        *("-pix_fmt", "yuv420p", "-g", "60", "-flags", "+cgop+bitexact", *THREADS),
        *_cap(profile),
        *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
        *("-color_range", "tv", "-chroma_sample_location", "left"),
        *_timescale(profile),
        *("-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"),
    )


def _lookahead(profile: Profile) -> tuple[str, ...]:
    """How far x264 looks ahead: superfast doesn't."""
    if profile.preset == "superfast":
        return ()
    is_large = profile.width * profile.height > LARGE_PX
    return X264_LARGE_LOOKAHEAD if is_large else X264_LOOKAHEAD


def _cap(profile: Profile) -> tuple[str, ...]:
    """No second of the film exceeds the cap. In a second goes what is let through and all that the
    buffer holds, where two chunks meet that of both, and each begins nine tenths full."""
    if profile.max_bitrate_kbps is None:
        return ()
    most, held = (int(share * profile.max_bitrate_kbps) for share in (LET_THROUGH, HELD))
    return ("-maxrate", f"{most}k", "-bufsize", f"{held}k")


def join_options(profile: Profile) -> tuple[str, ...]:
    """Between the inputs (0: the list of chunks, 1: the song) and the film: copy, don't encode."""
    return (
        *("-map", "0:v:0", "-map", "1:a:0", "-c", "copy"),
        *("-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"),
        *("-movflags", "+faststart", *_timescale(profile), "-f", "mp4"),
    )


def join_list(parts: Sequence[tuple[str, int]], rate: Fraction) -> str:
    """The concat demuxer's script for chunk files of those names, which are our own words, each
    with so many frames.

    FFmpeg counts in whole µs where a file begins. If it asked the files how long they are, a third
    of one would be lost at most of them: after 25 chunks at 59.94, or 50 at 29.97, frames could lie
    a tick off. So it is told, by differences of absolute times.
    """
    script, first, begins_us = "ffconcat version 1.0\n", 0, 0
    for name, frames in parts:
        first += frames
        ends_us = round(first * 1_000_000 / rate)
        length_us, begins_us = ends_us - begins_us, ends_us
        script += f"file {name}\nduration {length_us // 1_000_000}.{length_us % 1_000_000:06}\n"
    return script


def _timescale(profile: Profile) -> tuple[str, ...]:
    ticks = str(profile.timescale)
    return ("-video_track_timescale", ticks, "-movie_timescale", ticks)


def _keyframes(chunk: Chunk) -> tuple[str, ...]:
    frames = [frame for frame in chunk.cut_frames if frame]
    if not frames:
        return ()
    return ("-force_key_frames", "expr:" + "+".join(f"eq(n,{frame})" for frame in frames))


def _input(layer: Layer, frames: int, rate: Fraction) -> Input:
    source = layer.source
    if source.media_type == "image":
        return Input(source.key, source.demuxer, THREADS)
    if source.demuxer == RAW:
        told = ("-pixel_format", source.pixel_format, "-framerate", ratio(rate))
        size = ("-video_size", f"{source.width}x{source.height}")
        return Input(source.key, source.demuxer, (*THREADS, *told, *size))
    lead_s = layer.lead_us(rate) / 1_000_000
    needed_s = frames / rate * layer.speed + lead_s + SPARE_S
    start_s = Fraction(layer.start_us, 1_000_000) - lead_s
    if start_s <= 0:
        whole = (*from_start(source), "-t", _seconds(needed_s))
        return Input(source.key, source.demuxer, (*THREADS, *known(source), *whole))
    # From the keyframe on, and the graph chooses: an accurate seek throws away the picture that is
    # shown at that moment if it began before, and the next would be seen early, and twice.
    start = ("-noaccurate_seek", "-ss", _seconds(start_s))
    # -t counts from the keyframe, which may be the file's first.
    length = ("-t", _seconds(needed_s + start_s))
    return Input(source.key, source.demuxer, (*THREADS, *known(source), *start, *length))


def from_start(source: Source) -> tuple[str, ...]:
    """The options with which the times of a file that is read from its start are the same as after
    a seek: counted from its earliest stream, which FFmpeg does in these containers only where it
    was told any other time."""
    return ("-itsoffset", "0.000001") if source.demuxer in WITHOUT_INDEX else ()


def known(source: Source) -> tuple[str, ...]:
    """The options with which FFmpeg opens a clip without a look at its first pictures, where that
    tells it nothing."""
    return ("-nofind_stream_info",) if source.is_known_at_once else ()


def _seconds(value: Fraction) -> str:
    return f"{float(value):.6f}"
