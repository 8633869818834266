"""What is really in a file: every packet's place in time, by demuxing alone.

One pass over the packets of all streams in flat memory, however long the film. Decodes nothing.
"""

import heapq
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

from beatstitch import process
from beatstitch.errors import LimitReached
from beatstitch.ffmpeg.decoders import probed
from beatstitch.ffmpeg.faults import said
from beatstitch.process import Limits

SCAN_LIMITS = Limits(timeout_s=120, stall_s=30, threads=1)
"""The largest upload, 2 GB, is read in seconds; a slow disk gets two minutes."""
MAX_PACKETS = 2_000_000
"""Ten times what a ten-minute clip at 120 frames a second with two sounds has."""
KEYFRAMES_APART_US = 250_000
"""Keyframes that follow sooner than this on one that was noted are not noted: to decode from the
one before is cheap, and a clip of nothing but keyframes would have a hundred thousand."""
JUMP_US = 10_000_000
"""Where a stream without an index jumps that far, its clock began anew, as it does where recordings
were laid one behind the other: nothing that is behind it can be found by its time."""
REORDER = 64
"""Packets that are put back into the order of display. H.264 and HEVC hold back at most 16."""


class Track:
    """One stream's packets so far. Times are in ticks of `tick_s` seconds until asked for in µs."""

    def __init__(self, tick_s: Fraction, *, ends_at_jump: bool = False) -> None:
        self._tick_s = tick_s
        self._jump = JUMP_US / 1_000_000 / tick_s if ends_at_jump else None
        self._is_over = False
        self._begins: int | None = None
        self._has_key = False
        self.count = 0
        self._first = self._end = 0
        self._gaps: tuple[int, int] | None = None
        self._gop = 0
        self._key: int | None = None
        self._keys: list[int] = []
        self._added = 0
        self._lag: int | None = None
        self._shown: tuple[int, int] | None = None
        self._waiting: list[tuple[int, int]] = []

    def add(self, pts: int | None, dts: int | None, duration: int, is_key: bool) -> None:
        """Count one packet, in the order of decoding, unless it is behind a jump."""
        time = self._time(pts, dts)
        if self._jump is not None and self.count and abs(time - self._added) > self._jump:
            self._is_over = True
        if self._is_over:
            return
        self._begins = time if self._begins is None else min(self._begins, time)
        if is_key and not self._has_key:
            self._begin()
        elif self._keys and time < self._keys[0]:
            return
        self.count += 1
        self._added = time + duration
        if is_key:
            self._close_gop(time)
            self._key = time
            if not self._keys or self._us(time - self._keys[-1]) >= KEYFRAMES_APART_US:
                self._keys.append(time)
        heapq.heappush(self._waiting, (time, duration))
        if len(self._waiting) > REORDER:
            self._show(*heapq.heappop(self._waiting))

    def skip(self, is_key: bool) -> None:
        """Pass over a packet that an edit list takes out; it may be what others decode from."""
        self._has_key |= is_key

    def _begin(self) -> None:
        """Forget what came before the first keyframe, or is to be shown before it: it can't be
        decoded. Without any keyframe all of it counts."""
        self._has_key = True
        self.count, self._gaps, self._shown, self._waiting = 0, None, None, []

    def finish(self) -> None:
        """Count what still waits and close the last group of pictures."""
        while self._waiting:
            self._show(*heapq.heappop(self._waiting))
        if self._shown is not None and self._shown[1] == 0 and self.count > 1:
            self._end += round(self._average_gap())
        self._close_gop(self._end)

    @property
    def start_us(self) -> int:
        """When its first packet that can be decoded is shown or heard."""
        return self._us(self._first)

    @property
    def begins_us(self) -> int:
        """When its first packet would be shown or heard, decodable or not: FFmpeg's time counts
        from there."""
        return self.start_us if self._begins is None else self._us(self._begins)

    @property
    def duration_us(self) -> int:
        """From the start of the first packet to the end of the last."""
        return self._us(self._end - self._first)

    @property
    def longest_gop_us(self) -> int:
        """The longest way from one keyframe to the next, or to the end."""
        return self._us(self._gop)

    @property
    def longest_gap_us(self) -> int:
        """The longest that one picture is shown before the next, or to the end."""
        last = self._shown[1] if self._shown is not None else 0
        return self._us(max(last, self._gaps[1] if self._gaps is not None else 0))

    @property
    def keyframes_us(self) -> tuple[int, ...]:
        """When its keyframes are shown, those that follow closely on another left out."""
        return tuple(self._us(time) for time in self._keys)

    @property
    def packet_rate(self) -> Fraction:
        """Packets (pictures, in a film) per second on average; 0 if there is only one."""
        gap_s = self._average_gap() * self._tick_s
        return 1 / gap_s if gap_s > 0 else Fraction(0)

    @property
    def is_irregular(self) -> bool:
        """Whether gaps differ by more than a tenth, and by more than rounding to ticks explains."""
        if self._gaps is None:
            return False
        shortest, longest = self._gaps
        return longest - shortest > max(Fraction(2), self._average_gap() / 10)

    def _time(self, pts: int | None, dts: int | None) -> int:
        """When a packet is shown. AVI and MPEG often tell only the time of decoding.

        It is then as long before showing as it was at its shortest so far: pictures change places,
        but the places are the same. A packet that tells nothing follows the one before.
        """
        if pts is not None and dts is not None:
            self._lag = pts - dts if self._lag is None else min(self._lag, pts - dts)
        if pts is not None:
            return pts
        return self._added if dts is None else dts + (self._lag or 0)

    def _average_gap(self) -> Fraction:
        last = self._shown[0] if self._shown is not None else self._first
        return Fraction(last - self._first, max(1, self.count - 1))

    def _us(self, ticks: int) -> int:
        return round(ticks * self._tick_s * 1_000_000)

    def _close_gop(self, time: int) -> None:
        if self._key is not None:
            self._gop = max(self._gop, time - self._key)

    def _show(self, time: int, duration: int) -> None:
        if self._shown is None:
            self._first, self._end = time, time + duration
        else:
            gap = time - self._shown[0]
            shortest, longest = self._gaps or (gap, gap)
            self._gaps = min(shortest, gap), max(longest, gap)
            self._end = max(self._end, time + duration)
        self._shown = time, duration


def scan(path: Path, demuxer: str, tracks: Mapping[int, Track], name: str) -> None:
    """Fill the `tracks`, by index of their streams, from the file's packets.

    Packets that an edit list takes out are not counted. Raises LimitReached for more packets than
    any film that is taken can have, FFmpegFailed, and what `process.run` raises.
    """
    counter = _Counter(tracks, name)
    entries = "packet=stream_index,pts,dts,duration,flags"
    argv = ["ffprobe", "-hide_banner", "-v", "error", "-show_entries", entries, "-of", "csv=p=0"]
    done = process.run(
        [*argv, *probed(path, demuxer)],
        limits=SCAN_LIMITS,
        reads=(path,),
        on_line=counter.count,
    )
    said(done, (path,), name)
    for track in tracks.values():
        track.finish()


class _Counter:
    def __init__(self, tracks: Mapping[int, Track], name: str) -> None:
        self._tracks = tracks
        self._name = name
        self._packets = 0

    def count(self, line: str) -> bool:
        # Side data adds fields of its own at the end of a line, and lines of its own.
        fields = line.split(",")
        if len(fields) < 5:
            return False
        self._packets += 1
        if self._packets > MAX_PACKETS:
            raise LimitReached(
                "too_many_packets", f"{self._name} is far longer than can be used. Shorten it."
            )
        index, pts, dts, duration, flags = fields[:5]
        track = self._tracks.get(int(index))
        if track is None:
            return True
        if "D" in flags:
            track.skip("K" in flags)
        else:
            track.add(_ticks(pts), _ticks(dts), _ticks(duration) or 0, "K" in flags)
        return True


def _ticks(text: str) -> int | None:
    return None if text == "N/A" else int(text)
