"""Where in a clip its data are damaged, as far as its decoder tells: it says so of a packet, or
shows nothing of it.

MPEG-4 tells nearly always, H.264 mostly, HEVC where a header or a reference is hit, VP9 and AV1
hardly ever: what follows from their arithmetic is some other picture and no fault. Guesses nothing
from how pictures look.
"""

import re
import threading
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

from beatstitch import process
from beatstitch.ffmpeg.decoders import probed
from beatstitch.ffmpeg.header import ratio
from beatstitch.process import Limits

_TOLD = re.compile(
    r"error while decoding MB|Invalid NAL unit size|Error splitting the input|corrupted macroblock|"
    r"block unavailable for requested|cabac decode of qscale|damaged at|Error at MB|"
    r"out of range|outside the valid range|negative number of zero coeffs|overflow in|illegal |"
    r"[Rr]eference picture missing|Missing reference picture|Could not find ref with POC|"
    r"Error constructing the frame RPS|Not all references are available|overread|"
    r"Error while decoding stream|corrupt decoded frame|concealing "
)
"""What FFmpeg 5.1 and its decoders say of data that give no whole picture; not what they say of
streams that are merely odd, such as "mmco: unref short failure"."""
_KEY, _TOLD_OF = 1, 2
# Where more are missing than this share, the file is of a kind of which a packet is no picture.
_MOST_LOST = 0.25


def is_told(tail: str) -> bool:
    """Whether what FFmpeg said while it decoded tells of damage."""
    return bool(_TOLD.search(tail))


def damaged_ms(
    path: Path,
    demuxer: str,
    index: int,
    *,
    limits: Limits,
    on_reached: Callable[[int], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> tuple[tuple[int, int], ...]:
    """From when to when, in ms from its first picture, a clip may show broken pictures: rising,
    each from a packet that can't be decoded whole to the next keyframe, or to the end.

    Decodes all of it; `on_reached` hears the time in µs. Raises what `process.run` raises; where
    ffprobe gives up on the way, what it told until then holds.
    """
    clip = _Clip(on_reached)
    argv = ["ffprobe", "-hide_banner", "-v", "error", "-select_streams", str(index)]
    # The log of a packet stands behind it: decoders are a few pictures ahead of what they show.
    argv += ["-show_packets", "-show_frames", "-show_log", "32", "-of", "compact=nk=1"]
    argv += ["-show_entries", _ENTRIES]
    process.run(
        [*argv, *probed(path, demuxer)], limits=limits, reads=(path,), on_line=clip.hear, stop=stop
    )
    return clip.damaged_ms()


_ENTRIES = "packet=pts_time,dts_time,flags:frame=best_effort_timestamp_time:log=message"


class _Clip:
    """The packets in the order of decoding, and which pictures came of them. Times in µs."""

    def __init__(self, on_reached: Callable[[int], None]) -> None:
        self._on_reached = on_reached
        self._times = array("q")
        self._marks = bytearray()
        self._shown: set[int] = set()
        self._has_times = True

    def hear(self, line: str) -> bool:
        """A line of ffprobe's: a packet, a picture, or what was said of the packet before."""
        kind, _, rest = line.partition("|")
        if kind == "packet":
            return self._add(*rest.split("|")[:3])
        if kind == "frame" and (time := _us(rest.partition("|")[0])) is not None:
            self._shown.add(time)
        if kind in ("frame", "log") and self._marks and _TOLD.search(rest):
            self._marks[-1] |= _TOLD_OF
        return False

    def _add(self, pts: str, dts: str, flags: str) -> bool:
        if "D" in flags:  # an edit list takes it out
            return True
        is_key = "K" in flags
        time = _us(pts)
        self._has_times &= time is not None
        time = _us(dts) if time is None else time
        # What comes before the first keyframe, or is to be shown before it, is no part of the clip.
        if time is None or not (is_key or self._times) or (self._times and time < self._times[0]):
            return True
        self._times.append(time)
        self._marks.append(_KEY * is_key)
        self._on_reached(time - self._times[0])
        return True

    def damaged_ms(self) -> tuple[tuple[int, int], ...]:
        """What `damaged_ms` gives."""
        if not self._times:
            return ()
        start, stretches = min(self._times), list[tuple[int, int]]()
        for first_us, end_us in sorted(self._stretches()):
            begin, end = (first_us - start) // 1000, -((start - end_us) // 1000)
            if stretches and begin <= stretches[-1][1]:
                begin, end = stretches[-1][0], max(end, stretches.pop()[1])
            stretches.append((begin, end))
        return tuple(stretches)

    def _stretches(self) -> Iterator[tuple[int, int]]:
        lost = self._lost()
        keys = [place for place, mark in enumerate(self._marks) if mark & _KEY]
        for place, end in zip(keys, [*keys[1:], len(self._times)], strict=True):
            told = (at for at in range(place, end) if self._marks[at] & _TOLD_OF or at in lost)
            first = next(told, None)
            if first is None:
                continue
            group = self._times[first:end]
            yield min(group), self._times[end] if end < len(self._times) else self._end_us()

    def _end_us(self) -> int:
        """When the last picture is over, if it is shown as long as the others."""
        first, last = min(self._times), max(self._times)
        return last + (last - first) // max(1, len(self._times) - 1)

    def _lost(self) -> set[int]:
        """The packets of which nothing was shown."""
        if not self._has_times:
            return set()
        lost = {place for place, time in enumerate(self._times) if time not in self._shown}
        return lost if len(lost) <= _MOST_LOST * len(self._times) else set()


def _us(text: str) -> int | None:
    return None if text in ("", "N/A") else round(ratio(text) * 1_000_000)
