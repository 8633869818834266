"""Which FFmpeg and which x264 these are. Part of every cache key, for other ones write other bytes.

Knows how to ask; refuses to know what is cached.
"""

import re
from functools import lru_cache

from beatstitch import process
from beatstitch.errors import Unavailable
from beatstitch.ffmpeg.run import Limits, capture

_LIMITS = Limits(timeout_s=15)


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """As "ffmpeg 5.1.9-0+deb12u1, x264 164 r3095 baee400".

    Raises Unavailable if FFmpeg is missing or can't write H.264.
    """
    return f"ffmpeg {_ffmpeg()}, x264 {_x264()}"


def _ffmpeg() -> str:
    done = process.run(["ffmpeg", "-version"], limits=_LIMITS)
    named = re.match(rb"ffmpeg version (\S+)", done.stdout)
    if named is None:
        raise Unavailable("ffmpeg_missing", "FFmpeg does not tell its version. Install it anew.")
    return named[1].decode()


def _x264() -> str:
    # No option prints x264's version; the encoder writes it into the first frame of a film.
    black = ("-filter_complex", "color=size=16x16", "-frames:v", "1", "-c:v", "libx264")
    film = capture((), (*black, "-f", "h264", "pipe:1"), limits=_LIMITS)
    named = re.search(rb"x264 - core (\d+(?: r\d+\w*(?: \w+)?)?)", film)
    if named is None:
        raise Unavailable("encoder_missing", "This FFmpeg is built without x264.")
    return named[1].decode()
