"""A clip's small stand-in for previews, and what is told of its pictures on the way: all from one
decode of the file, as what FFmpeg is told.

The stand-in has the clip's own frames at their own times, as many as a preview can show, upright,
in SDR, with a keyframe every half second or so: what a preview pays for is decoding, and seeking to
where it begins to decode.
"""

from dataclasses import replace
from fractions import Fraction

from beatstitch.render import filters
from beatstitch.render.command import THREADS, Command, Input, Output, from_start, known
from beatstitch.render.source import Source

PROXY_SIDE_PX = 640
PHOTO_PROXY_SIDE_PX = 1280
# A keyframe every 12 frames: a seek decodes half of them. Bits are cheap here, CPU is not.
ENCODER = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "22", "-g", "12")
PROXY_FILE, GLANCES_FILE, STILLS_FILE, STRIP_FILE = (
    "proxy.mp4", "glances.gray", "stills.gray", "strip.jpg",
)  # fmt: skip
GLANCE_SIZE, GLANCES_A_SECOND = (64, 36), 10
"""Small grey pictures at a steady rate: enough to see that the scene changes, or that it moves."""
STILL_SIZE, STILLS_A_SECOND = (320, 180), 1
"""Larger ones, to see how sharp and how bright it is."""
STRIP_PICTURES, STRIP_SIZE = 10, (160, 90)
# A picture is left out where the one that follows is soon enough for a preview, which has 30 a
# second: every other one of 60, three of four of 120, none of 50. What follows is as far away as
# what came before.
SOON_S = 0.0345
SPARSE = f"select='isnan(prev_selected_t)+gt(2*t-prev_t-prev_selected_t,{SOON_S})'"


def proxy_size(source: Source) -> tuple[int, int]:
    """Long side 640, never larger than the clip, even."""
    scale = min(Fraction(1), Fraction(PROXY_SIDE_PX, max(source.width, source.height)))
    return filters.even_up(source.width * scale), filters.even_up(source.height * scale)


def proxy_command(source: Source) -> Command:
    """One decode of the clip: its proxy, a row of pictures over its length, and the grey pictures
    that its looks are told by."""
    width, height = proxy_size(source)
    length = f"{(source.start_us + 1000 * (source.duration_ms or 0)) / 1e6 + 1:.3f}"
    chain = ["yadif=deint=interlaced"] if source.is_interlaced else []
    chain.append(SPARSE)
    # Half the CPU of bicubic, for pictures that are looked at in passing.
    chain.append(filters.scale(width, height, source, how="fast_bilinear"))
    if source.is_hdr:
        chain.append(filters.to_sdr(source))
    chain += ["format=yuv420p", "setpts=PTS-STARTPTS", "split=4[p][g][s][r]"]
    graph = ";".join(
        (
            f"[0:{source.stream}]{','.join(chain)}",
            "[p]null[proxy]",
            f"[g]{_grey(GLANCES_A_SECOND, GLANCE_SIZE)}[glances]",
            f"[s]{_grey(STILLS_A_SECOND, STILL_SIZE)}[stills]",
            f"[r]{_row(source)}[strip]",
        )
    )
    opened = (*THREADS, *known(source), *from_start(source))
    return Command(
        # What lies behind a jump of the clock is no part of the clip.
        inputs=(Input(source.key, source.demuxer, (*opened, "-t", length)),),
        options=(
            *("-filter_threads", "1", "-filter_complex_threads", "1", "-filter_complex", graph),
        ),
        outputs=(
            Output(
                (
                    # The clip's own times, to the tick: no frame is doubled, dropped or moved.
                    *("-map", "[proxy]", "-vsync", "passthrough", "-enc_time_base", "-1"),
                    *(*ENCODER, *THREADS, "-pix_fmt", "yuv420p"),
                    *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
                    *("-color_range", "tv", "-video_track_timescale", "90000"),
                    *("-map_metadata", "-1", "-map_chapters", "-1", "-movflags", "+faststart"),
                    *("-f", "mp4"),
                ),
                PROXY_FILE,
            ),
            Output(("-map", "[glances]", "-f", "rawvideo"), GLANCES_FILE),
            Output(("-map", "[stills]", "-f", "rawvideo"), STILLS_FILE),
            Output(
                (
                    *("-map", "[strip]", "-frames:v", "1", "-q:v", "4", "-map_metadata", "-1"),
                    *("-f", "image2", "-update", "1", "-c:v", "mjpeg"),
                ),
                STRIP_FILE,
            ),
        ),
        texts=(filters.sdr_table(source),) if source.is_hdr else (),
    )


def as_proxy(source: Source, key: str, content: str, size: tuple[int, int]) -> Source:
    """How the renderer meets the proxy: the same medium, small, upright, in SDR, from its start."""
    width, height = size
    if source.media_type == "image":
        return replace(source, key=key, content=content, width=width, height=height)
    return replace(
        filters.as_sdr(source),
        key=key,
        content=content,
        demuxer="mov",
        width=width,
        height=height,
        stream=0,
        sound=None,
        start_us=0,
        gop_us=0,
        keyframes_ms=(),
        pixel_format="yuv420p",
        kept_pictures=1,
        is_known_at_once=True,
        is_interlaced=False,
    )


def _grey(rate: int, size: tuple[int, int]) -> str:
    return f"fps={rate}:start_time=0,scale={size[0]}:{size[1]}:flags=area,format=gray"


def _row(source: Source) -> str:
    """A row of pictures over the length of a clip; one that breaks off is filled up."""
    length_s = Fraction(max(1, source.duration_ms or 1), 1000)
    width, height = STRIP_SIZE
    return (
        f"fps={filters.ratio(STRIP_PICTURES / length_s)}:start_time=0,"
        f"scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height},"
        f"setsar=1,tpad=stop={STRIP_PICTURES}:stop_mode=clone,tile={STRIP_PICTURES}x1"
    )
