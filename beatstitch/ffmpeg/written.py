"""The packets of a chunk, a song or a film, from the tables that they were written with (ISO/IEC
14496-12).

Reads what FFmpeg wrote for us: plain tables, at most one edit. Refuses all else, and knows nothing
of files that anybody else made. FFmpeg could say the same, but to start it takes 90 ms of CPU,
nearly half of it for finding its libraries: a tenth of what a small chunk costs. And SHA-256 in it
takes ten times as long as here, where the machine has instructions for it.
"""

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate, chain, islice, repeat
from pathlib import Path

from beatstitch.render.proof import ChunkUnfit, Listing, Packet

BOX_BYTES = 8
# What stands before the boxes of a picture's description: VisualSampleEntry, section 12.1.3.
DESCRIPTION_BYTES = 78
PARAMETER_SETS = (b"avcC", b"hvcC")


@dataclass(frozen=True, slots=True)
class _Span:
    """A box without its head, in the bytes of one around it."""

    data: bytes
    first: int
    end: int

    def boxes(self) -> dict[bytes, "_Span"]:
        """The boxes in it; the first of each kind."""
        found: dict[bytes, _Span] = {}
        at = self.first
        while at < self.end:
            size, kind = struct.unpack_from(">I4s", self.data, at)
            if size < BOX_BYTES or at + size > self.end:
                raise ValueError(kind)
            found.setdefault(kind, _Span(self.data, at + BOX_BYTES, at + size))
            at += size
        return found

    def tracks(self) -> Iterator["_Span"]:
        """All of a movie's tracks."""
        at = self.first
        while at < self.end:
            (size, kind) = struct.unpack_from(">I4s", self.data, at)
            if kind == b"trak":
                yield _Span(self.data, at + BOX_BYTES, at + size)
            at += size

    def at(self, *path: bytes) -> "_Span":
        """The box that this path of kinds leads to."""
        span = self
        for kind in path:
            span = span.boxes()[kind]
        return span

    def rows(self, form: str, skip: int = 4) -> list[tuple[int, ...]]:
        """A table: how many rows, and each of them in this form; `skip` bytes stand before it."""
        (count,) = struct.unpack_from(">I", self.data, self.first + skip)
        first, size = self.first + skip + 4, struct.calcsize(form)
        if first + count * size > self.end:
            raise ValueError(count)
        return list(struct.iter_unpack(form, self.data[first : first + count * size]))


@dataclass(frozen=True, slots=True)
class _File:
    """A file of which only what is asked for is read: a film may be larger than memory, and than
    what a process may map of it."""

    number: int
    size: int

    def read(self, place: int, size: int) -> bytes:
        """Those bytes. Raises ValueError where there are fewer."""
        if place + size > self.size:
            raise ValueError(place)
        return os.pread(self.number, size, place)

    def movie(self) -> _Span:
        """The box with all tables, of those that the file is made of."""
        at = 0
        while True:
            size, kind = struct.unpack(">I4s", self.read(at, BOX_BYTES))
            if size == 1:  # a film of more than 4 GB
                (size,) = struct.unpack(">Q", self.read(at + BOX_BYTES, 8))
            if size < BOX_BYTES:
                raise ValueError(kind)
            if kind == b"moov":
                return _Span(self.read(at + BOX_BYTES, size - BOX_BYTES), 0, size - BOX_BYTES)
            at += size


NOTHING = Listing(Fraction(1), "", ())


@dataclass(frozen=True, slots=True)
class Written:
    """The packets of a file's picture and sound, hashed by SHA-256, empty where it has none, and
    the times (pts) of the picture's `keyframes`."""

    picture: Listing
    keyframes: frozenset[int]
    sound: Listing


def written(path: Path) -> Written:
    """What is in a file. Raises ChunkUnfit for one that isn't whole."""
    try:
        with path.open("rb") as file:
            return _read(_File(file.fileno(), path.stat().st_size))
    except (LookupError, ArithmeticError, ValueError, struct.error) as broken:
        raise ChunkUnfit("What was written isn't whole.") from broken


def _read(file: _File) -> Written:
    movie = file.movie()
    movie.boxes()  # or `tracks` would take any number for a size
    tracks = {_handler(track): track for track in movie.tracks()}
    picture, keyframes = NOTHING, frozenset[int]()
    if b"vide" in tracks:
        picture = _listing(tracks[b"vide"], file)
        tables = tracks[b"vide"].at(b"mdia", b"minf", b"stbl")
        picture = replace(picture, extradata=_extradata(tables))
        keyframes = _keyframes(tables, picture)
    sound = _listing(tracks[b"soun"], file) if b"soun" in tracks else NOTHING
    return Written(picture, keyframes, sound)


def _handler(track: _Span) -> bytes:
    """What a track holds: "vide" or "soun"."""
    says = track.at(b"mdia", b"hdlr")
    return says.data[says.first + 8 : says.first + 12]


def _listing(track: _Span, file: _File) -> Listing:
    tables = track.at(b"mdia", b"minf", b"stbl")
    begins = _begins(track)
    sizes = _sizes(tables.at(b"stsz"), file)
    places = _places(tables, sizes)
    lasting = list(islice(_lasting(tables), len(sizes) + 1))
    begun = accumulate(lasting, initial=-begins)
    packets = tuple(
        Packet(dts, dts + shift, size, _hash(file.read(place, size)))
        for dts, shift, place, size in zip(begun, _shifts(tables), places, sizes, strict=False)
    )
    if not len(packets) == len(sizes) == len(lasting):
        raise ValueError(len(packets))
    end = max((p.pts + ticks for p, ticks in zip(packets, lasting, strict=True)), default=0)
    return Listing(_tick_s(track.at(b"mdia", b"mdhd")), "", packets, end)


def _keyframes(tables: _Span, picture: Listing) -> frozenset[int]:
    packets = picture.packets
    numbers = tables.at(b"stss").rows(">I") if b"stss" in tables.boxes() else None
    keys = packets if numbers is None else [packets[number - 1] for (number,) in numbers]
    return frozenset(packet.pts for packet in keys)


def _tick_s(header: _Span) -> Fraction:
    version = header.data[header.first]
    (ticks,) = struct.unpack_from(">I", header.data, header.first + (20 if version else 12))
    return Fraction(1, ticks)


def _begins(track: _Span) -> int:
    """The time of the track at which the film begins: pictures that change places come late."""
    if b"edts" not in track.boxes():
        return 0
    edits = track.at(b"edts", b"elst")
    form = ">Qqi" if edits.data[edits.first] else ">Iii"
    [(_, begins, rate)] = edits.rows(form)
    if begins < 0 or rate != 1 << 16:
        raise ValueError(begins)
    return begins


def _sizes(table: _Span, file: _File) -> list[int]:
    (same, count) = struct.unpack_from(">II", table.data, table.first + 4)
    if same * count > file.size:
        raise ValueError(count)
    return [same] * count if same else [size for (size,) in table.rows(">I", skip=8)]


def _places(tables: _Span, sizes: list[int]) -> Iterator[int]:
    """Where each packet lies in the file: they follow each other in blocks."""
    boxes = tables.boxes()
    starts = boxes[b"stco"].rows(">I") if b"stco" in boxes else boxes[b"co64"].rows(">Q")
    runs = boxes[b"stsc"].rows(">III")
    firsts = [first - 1 for first, _, _ in runs]
    left = iter(sizes)
    for (_, many, _), first, end in zip(runs, firsts, [*firsts[1:], len(starts)], strict=True):
        for (start,) in starts[first:end]:
            place = start
            for size in (size for _, size in zip(range(many), left, strict=False)):
                yield place
                place += size


def _lasting(tables: _Span) -> Iterator[int]:
    """How many ticks each packet lasts."""
    runs = tables.at(b"stts").rows(">II")
    return chain.from_iterable(repeat(ticks, count) for count, ticks in runs)


def _shifts(tables: _Span) -> Iterator[int]:
    """How much later than decoded each picture is shown."""
    if b"ctts" not in tables.boxes():
        return repeat(0)
    # Signed in version 1; in version 0 they are no larger than the file is long.
    return chain.from_iterable(
        repeat(shift, count) for count, shift in tables.at(b"ctts").rows(">Ii")
    )


def _extradata(tables: _Span) -> str:
    """The hash of the parameter sets, as FFmpeg hands them to a decoder."""
    description = tables.at(b"stsd")
    entry = _Span(description.data, description.first + 8, description.end)
    [picture] = entry.boxes().values()
    boxes = _Span(picture.data, picture.first + DESCRIPTION_BYTES, picture.end).boxes()
    [sets] = [boxes[kind] for kind in PARAMETER_SETS if kind in boxes]
    return _hash(sets.data[sets.first : sets.end])


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
