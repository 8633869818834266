"""Files that attack whoever opens them, made on the spot: one row of `ATTACKS` each.

They name other files, lie about their size, unfold into gigabytes or go on for days. This file
knows nothing of BeatStitch; what becomes of each is a matter of the test that sends them.
"""

import struct
from pathlib import Path

from bombs import BOMBS, TINY, X264, Maker, chunk, png, png_chunk, tiny
from footage import ffmpeg

_SCRIPT = "<script>alert(1)</script>"


def make(name: str, folder: Path) -> Path:
    """The attack of this name, in a folder of its own with a film of somebody else's."""
    place = folder / name.replace(".", "_")
    place.mkdir(parents=True)
    ffmpeg("-f", "lavfi", "-i", "color=red:size=64x48:duration=1", *X264, place / "victim.mp4")
    path = place / name
    ATTACKS[name](path)
    return path


def _victim(path: Path) -> Path:
    return path.with_name("victim.mp4")


# --- files that name other files -----------------------------------------------------------------


def _dash(path: Path) -> None:
    path.write_text(
        '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT1S"><Period><AdaptationSet mimeType="video/mp4">'
        '<Representation id="0" bandwidth="1" width="64" height="48">'
        f"<BaseURL>{_victim(path)}</BaseURL></Representation></AdaptationSet></Period></MPD>\n"
    )


def _hls(target: str) -> Maker:
    def write(path: Path) -> None:
        named = target.format(victim=_victim(path))
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{named}\n#EXT-X-ENDLIST\n")

    return write


def _concat(path: Path) -> None:
    path.write_text("ffconcat version 1.0\nfile victim.mp4\n")


def _sdp(path: Path) -> None:
    path.write_text("v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n")


def _dref(path: Path) -> None:
    """A film whose samples are said to lie in another file (ISO/IEC 14496-12, 8.7.2)."""
    tiny(path)
    data = path.read_bytes()
    named = f"file://{_victim(path)}".encode() + b"\0"
    own = struct.pack(">I4sI", 12, b"url ", 1)
    other = struct.pack(">I4sI", 12 + len(named), b"url ", 0) + named
    path.write_bytes(
        _replaced(data, [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"], own, other)
    )


def _gab2(path: Path) -> None:
    """Subtitles in an AVI that are a playlist (2017)."""
    playlist = f"#EXTM3U\n#EXTINF:1,\nfile://{_victim(path)}\n#EXT-X-ENDLIST\n".encode()
    text = b"GAB2\0" + struct.pack("<HI", 2, 2) + b"x\0" + struct.pack("<HI", 4, len(playlist))
    avih = struct.pack("<14I", 40_000, 0, 0, 0, 1, 0, 1, 0, 64, 48, 0, 0, 0, 0)
    strh = struct.pack(
        "<4s4sIHHIIIIIIIIHHHH", b"txts", b"\0" * 4, 0, 0, 0, 0, 1, 25, 0, 1, 0, 0, 0, 0, 0, 0, 0
    )
    stream = chunk(b"LIST", b"strl" + chunk(b"strh", strh) + chunk(b"strf", b""))
    header = chunk(b"LIST", b"hdrl" + chunk(b"avih", avih) + stream)
    movie = chunk(b"LIST", b"movi" + chunk(b"00tx", text + playlist))
    path.write_bytes(chunk(b"RIFF", b"AVI " + header + movie))


# --- things that start programs nobody thought of ------------------------------------------------


def _svg(path: Path) -> None:
    uses = "".join(
        f'<g id="g{n}">' + f'<use href="#g{n - 1}"/>' * 10 + "</g>" for n in range(1, 12)
    )
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"><defs>'
        f'<g id="g0"><rect width="9" height="9"/></g>{uses}</defs><use href="#g11"/></svg>\n'
    )


def _terminal(path: Path) -> None:
    path.write_text("\x1b[31mroot:x:0:0:root:/root:/bin/bash\x1b[0m\n" * 50)


def _tracker(path: Path) -> None:
    path.write_bytes(b"song".ljust(1080, b"\0") + b"M.K." + b"\0" * 4096)


def _nes(path: Path) -> None:
    path.write_bytes(b"NESM\x1a\1" + b"\0" * 4096)


def _magicyuv(path: Path) -> None:
    ffmpeg(*TINY, "-c:v", "magicyuv", path)


def _postscript(path: Path) -> None:
    path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file\n")


def _archive(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04" + b"\0" * 400)


def _program(path: Path) -> None:
    path.write_bytes(b"\x7fELF" + b"\0" * 400)


def _replaced(data: bytes, folders: list[bytes], old: bytes, new: bytes) -> bytes:
    """The film with something of the innermost box replaced, and all sizes set right."""
    starts, at = [], 0
    for kind in folders:
        at = data.index(kind, at) - 4
        starts.append(at)
        at += 4
    place = data.index(old, at)
    changed = bytearray(data[:place] + new + data[place + len(old) :])
    for start in starts:
        (size,) = struct.unpack(">I", data[start : start + 4])
        changed[start : start + 4] = struct.pack(">I", size + len(new) - len(old))
    return bytes(changed)


# --- what it says of itself ----------------------------------------------------------------------


def _talker(path: Path) -> None:
    ffmpeg(*TINY, *X264, "-metadata", f"title={_SCRIPT}\n" * 1000, path)


def _page(path: Path) -> None:
    """A photo that is a web page as well."""
    path.write_bytes(png(64, 64, png_chunk(b"tEXt", f"Comment\0{_SCRIPT}".encode())))


ATTACKS: dict[str, Maker] = {
    "dash.mp4": _dash,
    "hls.mp4": _hls("{victim}"),
    "hls.m3u8": _hls("{victim}"),
    "subfile.mp4": _hls("subfile,,start,0,end,9999,,:{victim}"),
    "crypto.ts": _hls("crypto:{victim}"),
    "gopher.mov": _hls("gopher://127.0.0.1:9/x"),
    "http.mkv": _hls("http://127.0.0.1:9/x"),
    "concat.mp4": _concat,
    "sdp.mp4": _sdp,
    "dref.mov": _dref,
    "gab2.avi": _gab2,
    "svg.svg": _svg,
    "svg.jpg": _svg,
    "terminal.ans": _terminal,
    "terminal.txt": _terminal,
    "tracker.mp3": _tracker,
    "nes.mp3": _nes,
    "magicyuv.avi": _magicyuv,
    "postscript.jpg": _postscript,
    "archive.jpg": _archive,
    "program.mp4": _program,
    "talker.mp4": _talker,
    "page.png": _page,
    **BOMBS,
}
