"""When pictures come out of a clip's decoder, where the packets can't say.

AVI tells when a picture is decoded and not when it is shown. FFmpeg then shows each when the
decoder lets it go, and it holds back as many pictures as B-frames change places: all of the clip
comes that much later than its packets. And H.264 may call a keyframe what only begins to refresh
the picture, strip by strip: sent there, the decoder is silent until it is whole.
"""

from fractions import Fraction
from pathlib import Path

from beatstitch import process
from beatstitch.ffmpeg.decoders import probed
from beatstitch.ffmpeg.faults import said
from beatstitch.ffmpeg.header import ratio
from beatstitch.process import Limits

WITHOUT_SHOWN_TIMES = {"avi"}
"""Demuxers that know only times of decoding."""
# Twice what H.264 and HEVC hold back at most; and what a keyframe is whole with, once the decoder
# is told that nothing follows: a tenth of the CPU.
_PACKETS, _FEWEST = 32, 1
_LIMITS = Limits(timeout_s=30, threads=1)


def lag_us(path: Path, demuxer: str, index: int, start_us: int, name: str) -> int:
    """How much later than its packets, which begin at `start_us`, FFmpeg shows a stream's pictures.

    Raises FFmpegFailed, and what `process.run` raises.
    """
    if demuxer not in WITHOUT_SHOWN_TIMES:
        return 0
    shown_us = _first_us(path, demuxer, index, f"%+#{_PACKETS}", name)
    return 0 if shown_us is None else max(0, shown_us - start_us)


def is_refreshed(
    path: Path, demuxer: str, index: int, key_us: int, late_us: int, name: str
) -> bool:
    """Whether decoding from the keyframe at `key_us` gives no picture that is shown then, or not
    more than `late_us` later. Raises as `lag_us`."""
    place = f"{(key_us + 1000) / 1e6:.6f}%+#"
    # A picture in two fields may be two packets.
    tried = (_first_us(path, demuxer, index, f"{place}{n}", name) for n in (_FEWEST, _PACKETS))
    shown_us = next((shown_us for shown_us in tried if shown_us is not None), None)
    return shown_us is None or shown_us > key_us + late_us


def _first_us(path: Path, demuxer: str, index: int, place: str, name: str) -> int | None:
    argv = ["ffprobe", "-hide_banner", "-v", "error", "-select_streams", str(index)]
    argv += ["-read_intervals", place]
    argv += ["-show_entries", "frame=best_effort_timestamp_time", "-of", "csv=p=0"]
    done = process.run([*argv, *probed(path, demuxer)], limits=_LIMITS, reads=(path,))
    said(done, (path,), name)
    for line in done.stdout.decode("ascii", "replace").splitlines():
        time_s = line.partition(",")[0]
        if time_s not in ("", "N/A"):
            return round(ratio(time_s) * Fraction(1_000_000))
    return None
