"""Which FFmpeg, x264 and x265 these are. Part of every cache key, for other ones write other bytes.

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
    """As "ffmpeg 5.1.9-0+deb12u1, x264 164 r3095 baee400, x265 199".

    Raises Unavailable if FFmpeg is missing, can't write H.264 or H.265, or can't move a camera.
    """
    x264 = _encoder("libx264", "h264", rb"x264 - core (\d+(?: r\d+\w*(?: \w+)?)?)")
    x265 = _encoder("libx265", "hevc", rb"x265 \(build (\d+)\)")
    return f"ffmpeg {_ffmpeg()}, x264 {x264}, x265 {x265}"


def _ffmpeg() -> str:
    done = process.run(["ffmpeg", "-version"], limits=_LIMITS)
    named = re.match(rb"ffmpeg version (\S+)", done.stdout)
    if named is None:
        raise Unavailable("ffmpeg_missing", "FFmpeg does not tell its version. Install it anew.")
    if b"--enable-libvidstab" not in done.stdout:
        raise Unavailable("vidstab_missing", "This FFmpeg is built without vid.stab.")
    return named[1].decode()


def _encoder(name: str, form: str, says: bytes) -> str:
    # No option prints an encoder's version; it writes it into the first frame of a film.
    black = ("-filter_complex", "color=size=64x64", "-frames:v", "1", "-c:v", name)
    film = capture((), (*black, "-f", form, "pipe:1"), limits=_LIMITS)
    named = re.search(says, film)
    if named is None:
        raise Unavailable("encoder_missing", f"This FFmpeg is built without {name}.")
    return named[1].decode()
