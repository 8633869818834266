"""A film of JPEGs in a QuickTime file: photos' working copies that move.

Every picture can be shown without the one before, so nothing is ever decoded on the way to where a
film begins, and nothing has to be encoded by FFmpeg. A picture that is seen again, because a loop
comes round or because it stands still, is named again in the tables and not stored again. Box by
box after the QuickTime File Format Specification (Apple, 2016), "Movie Atoms".
"""

import struct
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import BinaryIO

TICKS_A_SECOND = 1000
# A film is sought by time, and found where a picture begins: one that stands still for seconds
# begins again and again.
LONGEST_TICKS = 40
_IDENTITY = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_HEADER = struct.Struct(">I4sQ")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: where its JPEG lies in the file, and how long it is shown."""

    offset: int
    size: int
    ticks: int


class Movie:
    """A movie on its way into a file: pictures one after another, then the tables. Closed at the
    end of the `with` that it belongs in."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb")
        self._pictures: list[Picture] = []
        self._last = b""
        self._ticks = 0
        self._file.write(_box(b"ftyp", b"qt  ", bytes(4), b"qt  "))
        self._start = self._file.tell()
        self._file.write(_HEADER.pack(1, b"mdat", 0))

    def __enter__(self) -> "Movie":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def pictures(self) -> int:
        """How many different pictures there are so far, one after another."""
        return len(self._pictures)

    @property
    def duration_ms(self) -> int:
        """How long the pictures so far last."""
        return self._ticks

    def add(self, jpeg: bytes, duration_ms: int) -> None:
        """Show a picture next. The same as the one before is shown longer."""
        self._ticks += duration_ms
        if jpeg == self._last:
            before = self._pictures.pop()
            duration_ms += before.ticks
            self._pictures.append(Picture(before.offset, before.size, duration_ms))
            return
        self._pictures.append(Picture(self._file.tell(), len(jpeg), duration_ms))
        self._file.write(jpeg)
        self._last = jpeg

    def finish(self, width: int, height: int, turns: int) -> int:
        """Write the tables, with all pictures shown `turns` times over; gives the duration in ms.

        All of them have to be `width` × `height`.
        """
        end = self._file.tell()
        shown = [part for picture in self._pictures for part in _parts(picture)] * turns
        self._file.write(_moov(shown, width, height))
        self._file.seek(self._start)
        self._file.write(_HEADER.pack(1, b"mdat", end - self._start))
        return sum(picture.ticks for picture in shown)


def _parts(picture: Picture) -> list[Picture]:
    count = -(-picture.ticks // LONGEST_TICKS)
    stops = [picture.ticks * n // count for n in range(count + 1)]
    return [Picture(picture.offset, picture.size, stop - start) for start, stop in pairwise(stops)]


def _moov(shown: list[Picture], width: int, height: int) -> bytes:
    duration = sum(picture.ticks for picture in shown)
    clock = struct.pack(">III", 0, 0, TICKS_A_SECOND)
    movie_header = clock + struct.pack(">IIH10x", duration, 0x10000, 0x100) + _IDENTITY + bytes(24)
    track_header = struct.pack(">IIIII8xHHHH", 0, 0, 1, 0, duration, 0, 0, 0, 0) + _IDENTITY
    track_header += struct.pack(">II", width << 16, height << 16)
    media = _box(
        b"mdia",
        _full_box(b"mdhd", clock, struct.pack(">IHH", duration, 0x55C4, 0)),
        _full_box(b"hdlr", b"mhlr", b"vide", bytes(13)),
        _box(
            b"minf",
            _full_box(b"vmhd", bytes(8), flags=1),
            _full_box(b"hdlr", b"dhlr", b"alis", bytes(13)),
            _box(b"dinf", _full_box(b"dref", struct.pack(">I", 1), _full_box(b"alis", flags=1))),
            _sample_tables(shown, width, height),
        ),
    )
    return _box(
        b"moov",
        _full_box(b"mvhd", movie_header, struct.pack(">I", 2)),
        _box(b"trak", _full_box(b"tkhd", track_header, flags=0xF), media),
    )


def _sample_tables(shown: list[Picture], width: int, height: int) -> bytes:
    """Without a table of keyframes every picture is one."""
    count = struct.pack(">I", len(shown))
    runs = [(len(list(run)), ticks) for ticks, run in groupby(p.ticks for p in shown)]
    resolution = 72 << 16
    kind = _box(
        b"jpeg",
        struct.pack(">6xH", 1),
        struct.pack(">HH4sII", 0, 0, bytes(4), 0, 0x200),
        struct.pack(">HHIIIH", width, height, resolution, resolution, 0, 1),
        bytes(32),
        struct.pack(">Hh", 24, -1),
    )
    return _box(
        b"stbl",
        _full_box(b"stsd", struct.pack(">I", 1), kind),
        _full_box(
            b"stts", struct.pack(">I", len(runs)), *(struct.pack(">II", *run) for run in runs)
        ),
        _full_box(b"stsc", struct.pack(">IIII", 1, 1, 1, 1)),
        _full_box(b"stsz", bytes(4), count, *(struct.pack(">I", p.size) for p in shown)),
        _full_box(b"co64", count, *(struct.pack(">Q", p.offset) for p in shown)),
    )


def _box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full_box(kind: bytes, *content: bytes, flags: int = 0) -> bytes:
    """A box with a version, which is 0, and flags."""
    return _box(kind, struct.pack(">I", flags), *content)
