"""What the renderer has to know of a medium: facts, measured when it was taken in."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from beatstitch.timeline.edl import MediaType

# In these FFmpeg finds a moment, but not the keyframe before it, without which nothing decodes.
WITHOUT_INDEX = {"mpegts", "mpeg"}
# And where pictures are refreshed strip by strip, none is whole until the next such keyframe.
REFRESH_US = 2_000_000

RAW = "rawvideo"
"""The demuxer of pictures of a film that lie ready, which has to be told all about them."""

# FFmpeg goes 130 ms further back for clips with B-frames in containers other than MP4. Before the
# start of the file it finds any other keyframe, or the end.
NOT_SOUGHT_US = 140_000
# So many damaged places are named, and the rest counted.
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Source:
    """A medium as the filters meet it.

    `width` and `height` are as displayed: after rotation and sample aspect. `content` is the
    SHA-256 of the file that FFmpeg reads; `key` names that file to whoever fetches it and `stream`
    is the picture's index in it. `start_us` is where the picture begins after the earliest stream
    of the file, from which FFmpeg seeks. `hold_us` is how long a picture may stand still, where
    that can be seen, and `gop_us` the longest way from one keyframe to the next; `keyframes_ms` are
    places from which it is decoded without anything before them. `sound` is the index of a sound
    that can be decoded, `is_mono` where it has one channel. `kept_pictures` is how many a decoder
    may keep of it, 0 where that is not known; `is_known_at_once` is a clip of which FFmpeg needs
    not decode anything to know how it is decoded. `damaged_ms` is from when to when its pictures
    may be broken, as its decoder told. The words of pixels and colours are ffprobe's, empty where
    it says nothing.
    """

    id: str
    key: str
    content: str
    media_type: MediaType
    demuxer: str
    width: int
    height: int
    stream: int = 0
    sound: int | None = None
    is_mono: bool = False
    duration_ms: int | None = None
    start_us: int = 0
    hold_us: int = 0
    gop_us: int = 0
    pixel_format: str = ""
    kept_pictures: int = 0
    is_known_at_once: bool = False
    color_space: str = ""
    color_range: str = ""
    color_transfer: str = ""
    color_primaries: str = ""
    is_interlaced: bool = False
    keyframes_ms: tuple[int, ...] = ()
    damaged_ms: tuple[tuple[int, int], ...] = ()

    @property
    def is_hdr(self) -> bool:
        """PQ (SMPTE ST 2084) or HLG (ARIB STD-B67): needs tone mapping for an SDR film."""
        return self.color_transfer in {"smpte2084", "arib-std-b67"}

    @property
    def lead_us(self) -> int:
        """How long before a moment reading has to begin, so that its picture is among what is
        read: where there is no index, FFmpeg doesn't find the keyframe before it, and what is
        taken out of a clip, for a mezzanine, has to begin with what stands there."""
        if self.demuxer not in WITHOUT_INDEX:
            return self.hold_us
        return max(self.hold_us, self.gop_us + min(self.gop_us, REFRESH_US))

    @property
    def unsought_us(self) -> int:
        """What begins before this is read from the start of the file."""
        return 0 if self.demuxer == "mov" and not self.lead_us else NOT_SOUGHT_US

    @property
    def damage(self) -> str | None:
        """Where it is damaged, for people; None for a sound one."""
        return said_of(self.damaged_ms)

    @property
    def aspect(self) -> Fraction:
        """Displayed width over height."""
        return Fraction(self.width, self.height)


def said_of(damaged_ms: Sequence[tuple[int, int]]) -> str | None:
    """Where a clip is damaged, in words; None for a sound one."""
    if not damaged_ms:
        return None
    named = [f"from {_clock(start)} to {_clock(end + 99)}" for start, end in damaged_ms]
    more = [f"{len(named) - MOST_NAMED} more times"] if len(named) > MOST_NAMED else []
    places = " and ".join([*named[:MOST_NAMED], *more])
    return f"is damaged {places}: pictures there may be broken"


def _clock(time_ms: int) -> str:
    tenths = time_ms // 100
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"
