"""What a file says about itself, as ffprobe reads it: streams, sizes, clocks, and how to turn it.

It may lie: `packets` measures what is really there. Refuses to know what is good enough to use.
"""

import math
from fractions import Fraction
from pathlib import Path

from pydantic import BaseModel, ValidationError

from beatstitch import process
from beatstitch.errors import LimitReached
from beatstitch.ffmpeg.decoders import CODECS, probed
from beatstitch.ffmpeg.faults import FFmpegFailed, has_too_many_pixels, said
from beatstitch.limits import MAX_VIDEO_PIXELS
from beatstitch.process import Limits

HEADER_LIMITS = Limits(timeout_s=15, threads=1)

_ENTRIES = (
    "stream=index,codec_name,codec_type,width,height,sample_aspect_ratio,pix_fmt,level,color_range,"
    "color_space,color_primaries,color_transfer,field_order,avg_frame_rate,r_frame_rate,time_base,"
    "duration,sample_rate,channels,extradata:stream_disposition=attached_pic,timed_thumbnails"
    ":stream_side_data=displaymatrix:format=duration"
)


class Disposition(BaseModel):
    """What a stream is for, where that is not to be played."""

    attached_pic: int = 0
    timed_thumbnails: int = 0


class SideData(BaseModel):
    """What hangs on a stream; only the display matrix is asked for."""

    displaymatrix: str = ""


class Stream(BaseModel):
    """One stream in ffprobe's words and units."""

    index: int
    codec_type: str = ""
    codec_name: str = ""
    width: int = 0
    height: int = 0
    sample_aspect_ratio: str = ""
    pix_fmt: str = ""
    level: int = 0
    color_range: str = ""
    color_space: str = ""
    color_primaries: str = ""
    color_transfer: str = ""
    field_order: str = ""
    avg_frame_rate: str = ""
    r_frame_rate: str = ""
    time_base: str = ""
    duration: str = ""
    sample_rate: int = 0
    channels: int = 0
    extradata: str = ""
    disposition: Disposition = Disposition()
    side_data_list: tuple[SideData, ...] = ()

    @property
    def is_picture(self) -> bool:
        """Whether it is a film's picture, and not a song's cover or a strip of thumbnails."""
        still = self.disposition.attached_pic or self.disposition.timed_thumbnails
        return self.codec_type == "video" and not still

    @property
    def is_known(self) -> bool:
        """Whether its codec is one of those that are decoded here."""
        return self.codec_name in CODECS

    @property
    def tick_s(self) -> Fraction:
        """The unit of its time stamps in seconds; 0 if it has none."""
        return ratio(self.time_base)

    def parameters(self) -> bytes:
        """What its decoder is told before the first packet, out of ffprobe's dump: lines of a
        place, eight times two bytes in hex, and the same as text."""
        lines = (line.partition(": ")[2][:40] for line in self.extradata.splitlines())
        return bytes.fromhex("".join(lines))

    def orientation(self) -> tuple[int, bool]:
        """Clockwise turn for display in degrees (0, 90, 180, 270), and whether to mirror.

        As FFmpeg's own autorotation reads the display matrix (ffmpeg_filter.c, display.h).
        """
        matrix = next(
            (data.displaymatrix for data in self.side_data_list if data.displaymatrix), ""
        )
        rows = [line.partition(":")[2].split() for line in matrix.split("\n") if ":" in line]
        if len(rows) < 2:
            return 0, False
        (a, b), (c, d) = (map(int, row[:2]) for row in rows[:2])
        turn = math.degrees(math.atan2(b, a))
        return round(turn / 90) % 4 * 90, a * d - b * c < 0


class Header(BaseModel):
    """A file's streams and how long it says it is."""

    class Format(BaseModel):
        """What is said of the file as a whole."""

        duration: str = ""

    streams: tuple[Stream, ...] = ()
    format: Format = Format()

    def duration_us(self, stream: Stream) -> int:
        """How long the header says the stream is; 0 if it says nothing."""
        for text in (stream.duration, self.format.duration):
            seconds = ratio(text)
            if seconds > 0:
                return round(seconds * 1_000_000)
        return 0


def read_header(path: Path, demuxer: str, name: str) -> Header:
    """What the file says; `name` is for messages.

    Raises LimitReached for pictures that are not even looked at, FFmpegFailed for a file without
    sense, and what `process.run` raises.
    """
    argv = ["ffprobe", "-hide_banner", "-v", "error", "-show_entries", _ENTRIES, "-show_data"]
    argv += ["-of", "json"]
    done = process.run([*argv, *probed(path, demuxer)], limits=HEADER_LIMITS, reads=(path,))
    tail = said(done, (path,), name)
    if has_too_many_pixels(tail):
        raise LimitReached(
            "too_many_pixels",
            f"{name} has larger pictures than the {MAX_VIDEO_PIXELS // 1_000_000} million pixels "
            "that a video may have.",
        )
    try:
        return Header.model_validate_json(done.stdout)
    except ValidationError as nonsense:
        raise FFmpegFailed(
            "corrupt_media", f"{name} is damaged and can't be read.", tail
        ) from nonsense


def ratio(text: str) -> Fraction:
    """FFmpeg's "30000/1001", "4:3" or "2.5" as a fraction; 0 for "N/A", "0/0" and the like."""
    try:
        return Fraction(text.replace(":", "/"))
    except (ValueError, ZeroDivisionError):
        return Fraction(0)
