"""Small files that unfold into gigabytes, and films that never end or never begin.

One row of `BOMBS` each; `attacks` has the other kinds. This file knows nothing of BeatStitch.
"""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from footage import ffmpeg
from torture.length import IS_LONG

Maker = Callable[[Path], object]

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
TINY = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1")


def tiny(path: Path) -> None:
    """An honest film of one second, 64 × 48."""
    ffmpeg(*TINY, *X264, path)


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a RIFF file."""
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


# --- small files that are large inside -----------------------------------------------------------


def png(width: int, height: int, *more: bytes) -> bytes:
    """A black picture of one bit a pixel, with further chunks before its end."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(b"\0" * (1 + (width + 7) // 8)) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pixels = png_chunk(b"IDAT", rows + packer.flush())
    body = png_chunk(b"IHDR", header) + b"".join(more) + pixels + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _pixels(path: Path) -> None:
    path.write_bytes(png(16_000, 16_000))


def _pixels_in_film(path: Path) -> None:
    still = path.with_suffix(".png")
    still.write_bytes(png(12_000, 8_000))
    ffmpeg("-i", still, "-c", "copy", path)
    still.unlink()


def _lying_png(path: Path) -> None:
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 6, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IEND", b""))


def _lying_jpeg(path: Path) -> None:
    frame = struct.pack(">HHBHHB", 0xFFC0, 17, 8, 65_500, 65_500, 3) + b"\1\x22\0\2\x11\1\3\x11\1"
    path.write_bytes(b"\xff\xd8" + frame + b"\xff\xd9")


def _lying_gif(path: Path) -> None:
    path.write_bytes(b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + b";")


def _long_text(path: Path) -> None:
    """200 MB of a comment in 200 kB."""
    text = zlib.compress(b"\0" * 200_000_000, 9)
    path.write_bytes(png(64, 64, png_chunk(b"zTXt", b"Comment\0\0" + text)))


def _many_frames(path: Path) -> None:
    """A GIF of a hundred thousand pictures of 16 Mpx each."""
    head = b"GIF89a" + struct.pack("<HHBBB", 4096, 4096, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"!\xf9\x04\0\1\0\0\0" + b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2D\1\0"
    path.write_bytes(head + frame * 100_000 + b";")


def _silence(hours: int) -> Maker:
    """Hours of it in a few kilobytes."""

    def write(path: Path) -> None:
        silence = ("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", str(hours * 3600))
        ffmpeg(*silence, "-c:a", "flac", "-compression_level", "0", "-frame_size", "65535", path)

    return write


def _long_adts(path: Path) -> None:
    """Twelve hours, of which no header tells."""
    silence = ("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "12.8")
    path.write_bytes(ffmpeg(*silence, "-c:a", "aac", "-f", "adts", "pipe:1") * 3375)


def _many_channels(path: Path) -> None:
    shape = struct.pack("<HHIIHH", 1, 65_535, 8_000, 65_535 * 8_000, 65_535, 8)
    path.write_bytes(
        chunk(b"RIFF", b"WAVE" + chunk(b"fmt ", shape) + chunk(b"data", b"\x80" * 65_535))
    )


# --- films that never end or never begin ---------------------------------------------------------


def _apart(path: Path) -> None:
    """Two pictures, thirty days apart; as B-frames, else FFmpeg takes the hole for an error."""
    stamps = ("-vf", "setpts=N*2592000/TB", "-c:v", "libx264", "-bf", "2")
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x48:rate=1:duration=2", *stamps, path)


def _edits(count: int) -> Maker:
    def write(path: Path) -> None:
        """Each entry plays the same moment again (ISO/IEC 14496-12, 8.6.6)."""
        tiny(path)
        entry = struct.pack(">IiHH", 1, 0, 1, 0)
        table = struct.pack(">II", 0, count) + entry * count
        edits = struct.pack(">I4s", 8 + len(table), b"elst") + table
        box = struct.pack(">I4s", 8 + len(edits), b"edts") + edits
        data = path.read_bytes()
        path.write_bytes(_with_edits(data, box))

    return write


def _with_edits(data: bytes, box: bytes) -> bytes:
    """The film with this edit list instead of its own. Its index lies behind its frames, so that
    their places don't change."""
    moov = data.index(b"moov") - 4
    trak = data.index(b"trak", moov) - 4
    edts = data.index(b"edts", trak) - 4
    (old,) = struct.unpack(">I", data[edts : edts + 4])
    grown = len(box) - old
    changed = bytearray(data[:edts] + box + data[edts + old :])
    for at in (moov, trak):
        (size,) = struct.unpack(">I", data[at : at + 4])
        changed[at : at + 4] = struct.pack(">I", size + grown)
    return bytes(changed)


def _many_tracks(path: Path) -> None:
    tiny(path)
    data = path.read_bytes()
    moov = data.index(b"moov") - 4
    trak = data.index(b"trak", moov) - 4
    (length,) = struct.unpack(">I", data[trak : trak + 4])
    more = data[trak : trak + length] * 3_000
    (size,) = struct.unpack(">I", data[moov : moov + 4])
    grown = struct.pack(">I", size + len(more))
    path.write_bytes(data[:moov] + grown + data[moov + 4 : trak] + more + data[trak:])


def _nested(path: Path) -> None:
    """A hundred thousand boxes in each other."""
    depth = 100_000
    kinds = [b"moov", *(b"udta" if n % 2 else b"trak" for n in range(depth))]
    boxes = b"".join(
        struct.pack(">I4s", 8 * (len(kinds) - n), kind) for n, kind in enumerate(kinds)
    )
    path.write_bytes(struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 0, b"isom") + boxes)


def _huge_box(path: Path) -> None:
    path.write_bytes(
        struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 0, b"isom")
        + struct.pack(">I4sQ", 1, b"moov", 2**62)
        + b"\0" * 4096
    )


BOMBS: dict[str, Maker] = {
    "pixels.png": _pixels,
    "pixels.mov": _pixels_in_film,
    "lying.png": _lying_png,
    "lying.jpg": _lying_jpeg,
    "lying.gif": _lying_gif,
    "long_text.png": _long_text,
    "many_frames.gif": _many_frames,
    "long.flac": _silence(18 if IS_LONG else 4),
    "long.aac": _long_adts,
    "many_channels.wav": _many_channels,
    "apart.mkv": _apart,
    "edits.mp4": _edits(1_000_000 if IS_LONG else 30_000),
    "many_tracks.mp4": _many_tracks,
    "nested.mp4": _nested,
    "huge_box.mp4": _huge_box,
}
