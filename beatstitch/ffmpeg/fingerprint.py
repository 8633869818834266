"""Which FFmpeg, x264 and x265 these are. Part of every cache key, for other ones write other bytes.

Knows how to ask; refuses to know what is cached.
"""

import re
from functools import lru_cache

from beatstitch import process
from beatstitch.errors import Unavailable
from beatstitch.ffmpeg.faults import said
from beatstitch.process import Limits

_LIMITS = Limits(timeout_s=15)
# No option prints an encoder's version; it writes it into the first frame of a film. FFmpeg's own
# stands over whatever it does: all of them from one start, which is what costs here.
_ARGV = (
    *("ffmpeg", "-nostdin", "-filter_complex", "color=size=64x64,split[a][b]"),
    *("-map", "[a]", "-frames:v", "1", "-c:v", "libx264", "-f", "h264", "pipe:1"),
    *("-map", "[b]", "-frames:v", "1", "-c:v", "libx265", "-f", "hevc", "pipe:1"),
)


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """As "ffmpeg 5.1.9-0+deb12u1, x264 164 r3095 baee400, x265 199".

    Raises Unavailable if FFmpeg is missing, can't write H.264 or H.265, or can't move a camera.
    """
    done = process.run(_ARGV, limits=_LIMITS)
    said(done, (), "FFmpeg's own picture")
    named = re.search(r"^ffmpeg version (\S+)", done.stderr, re.MULTILINE)
    if named is None:
        raise Unavailable("ffmpeg_missing", "FFmpeg does not tell its version. Install it anew.")
    if "--enable-libvidstab" not in done.stderr:
        raise Unavailable("vidstab_missing", "This FFmpeg is built without vid.stab.")
    x264 = _version("libx264", rb"x264 - core (\d+(?: r\d+\w*(?: \w+)?)?)", done.stdout)
    x265 = _version("libx265", rb"x265 \(build (\d+)\)", done.stdout)
    return f"ffmpeg {named[1]}, x264 {x264}, x265 {x265}"


def _version(name: str, says: bytes, film: bytes) -> str:
    named = re.search(says, film)
    if named is None:
        raise Unavailable("encoder_missing", f"This FFmpeg is built without {name}.")
    return named[1].decode()
