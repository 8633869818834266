"""What a file is, by its first bytes and never by its name, and what it may be used as.

Own eyes only: no child process and no library, so that the web process can look too. Everything
that is not on the list is refused, and what people often mistake for media gets its own sentence.
"""

from dataclasses import dataclass
from pathlib import Path

from beatstitch.errors import MediaRejected, UnsupportedMedia
from beatstitch.ffmpeg.strangers import refusal

HEAD_BYTES = 64 * 1024
"""How much of a file's start is looked at."""


@dataclass(frozen=True, slots=True)
class Container:
    """A kind of file. `demuxer` is FFmpeg's forced -f, empty for what only Pillow may read.

    `kinds` is what such a file may be used as; a container of both is told apart by `probe`.
    `extension` is the one that stored files get.
    """

    name: str
    demuxer: str
    kinds: frozenset[str]
    extension: str
    content_type: str


def _photo(name: str, demuxer: str, extension: str) -> Container:
    return Container(name, demuxer, frozenset({"image"}), extension, f"image/{name}")


def _song(name: str, demuxer: str, extension: str, content_type: str) -> Container:
    return Container(name, demuxer, frozenset({"audio"}), extension, content_type)


def _film(name: str, demuxer: str, extension: str, content_type: str) -> Container:
    return Container(name, demuxer, frozenset({"video", "audio"}), extension, content_type)


JPEG = _photo("jpeg", "jpeg_pipe", ".jpg")
PNG = _photo("png", "png_pipe", ".png")
GIF = _photo("gif", "gif", ".gif")
WEBP = _photo("webp", "webp_pipe", ".webp")
HEIF = _photo("heif", "", ".heic")
AVIF = _photo("avif", "", ".avif")

MP4 = _film("mp4", "mov", ".mp4", "video/mp4")
MOV = _film("mov", "mov", ".mov", "video/quicktime")
THREE_GP = _film("3gp", "mov", ".3gp", "video/3gpp")
MATROSKA = _film("matroska", "matroska", ".mkv", "video/x-matroska")
WEBM = _film("webm", "matroska", ".webm", "video/webm")
AVI = _film("avi", "avi", ".avi", "video/x-msvideo")
MPEG_TS = _film("mpegts", "mpegts", ".ts", "video/mp2t")
MPEG_PS = _film("mpeg", "mpeg", ".mpg", "video/mpeg")
OGG_VIDEO = _film("ogv", "ogg", ".ogv", "video/ogg")

M4A = _song("m4a", "mov", ".m4a", "audio/mp4")
OGG = _song("ogg", "ogg", ".ogg", "audio/ogg")
MP3 = _song("mp3", "mp3", ".mp3", "audio/mpeg")
AAC = _song("aac", "aac", ".aac", "audio/aac")
FLAC = _song("flac", "flac", ".flac", "audio/flac")
WAV = _song("wav", "wav", ".wav", "audio/wav")
AIFF = _song("aiff", "aiff", ".aiff", "audio/aiff")

_SIGNATURES = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"fLaC", FLAC),
    (b"\x00\x00\x01\xba", MPEG_PS),
)
_RIFF = {b"WEBP": WEBP, b"AVI ": AVI, b"WAVE": WAV}

_OLD_QUICKTIME = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AUDIO_BRANDS = {b"M4A ", b"M4B "}
_NOT_FILMS = {b"crx ", b"aax ", b"M4P ", b"M4VP"}
"""Canon's raw photos, and what the shops of Audible and Apple have locked."""

_TS_PACKETS = (188, 192, 204)
"""How far it is from one sync byte to the next: broadcast, Blu-ray, with parity."""
_MP3_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MP3_LOW_KBITS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def sniff(head: bytes, name: str = "The file") -> Container:
    """What the file with this start (4 kB or all of it, better 64 kB) is; `name` is for messages.

    Raises MediaRejected for an empty one and UnsupportedMedia for whatever is not taken, playlists
    and manifests of every sort among it.
    """
    if not head:
        raise MediaRejected("empty_file", f"{name} is empty.")
    if head.startswith(b"ID3"):
        return _tagged(head[_id3_bytes(head) :])
    found = _signed(head) or _boxed(head) or _in_packets(head) or _in_frames(head.lstrip(b"\0"))
    if found is None:
        raise UnsupportedMedia(*refusal(head, name))
    return found


def sniff_file(path: Path, name: str | None = None) -> Container:
    """As `sniff`, for a file on disk, looking behind an ID3 tag of any size."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        if not head.startswith(b"ID3"):
            return sniff(head, name or path.name)
        file.seek(_id3_bytes(head))
        return _tagged(file.read(HEAD_BYTES))


def _id3_bytes(head: bytes) -> int:
    """The length of an ID3v2 tag with its header and footer (id3.org, ID3v2.4 section 3.1)."""
    size = sum(
        (byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=False)
    )
    has_footer = len(head) > 5 and bool(head[5] & 0x10)
    return 10 + size + 10 * has_footer


def _tagged(body: bytes) -> Container:
    if body.startswith(b"fLaC"):
        return FLAC
    # A tag with a large cover may fill the head; nearly all tagged files are MP3.
    return _in_frames(body) or MP3


def _signed(head: bytes) -> Container | None:
    """Files that begin with a signature of their own."""
    for signature, container in _SIGNATURES:
        if head.startswith(signature):
            return container
    if head[:4] in (b"RIFF", b"RF64", b"BW64"):
        return _RIFF.get(head[8:12])
    if head.startswith(b"FORM") and head[8:12] in (b"AIFF", b"AIFC"):
        return AIFF
    if head.startswith(b"\x1aE\xdf\xa3"):
        return WEBM if b"webm" in head[:64] else MATROSKA
    if head.startswith(b"OggS"):
        return OGG_VIDEO if b"\x80theora" in head[:4096] else OGG
    return None


def _boxed(head: bytes) -> Container | None:
    """The family of MP4 (ISO/IEC 14496-12), told apart by the brands of its first box."""
    size, kind = int.from_bytes(head[:4]), head[4:8]
    if kind in _OLD_QUICKTIME and (size in (0, 1) or size >= 8):
        return MOV
    if kind != b"ftyp":
        return None
    major = head[8:12]
    if major in _NOT_FILMS:
        return None
    brands = {head[at : at + 4] for at in range(8, min(size, len(head)), 4)}
    if major in (b"avif", b"avis") or (major in (b"mif1", b"msf1") and b"avif" in brands):
        return AVIF
    if major in _HEIF_BRANDS:
        return HEIF
    if major in _AUDIO_BRANDS:
        return M4A
    if major.startswith((b"3gp", b"3g2", b"3ge", b"3gr", b"3gs")):
        return THREE_GP
    return MOV if major == b"qt  " else MP4


def _in_packets(head: bytes) -> Container | None:
    """MPEG transport streams: a sync byte at every packet's start, at least four of them. What was
    recorded off the air may begin within a packet, and one in ten may be damaged."""
    for step in _TS_PACKETS:
        for first in range(step):
            sync = head[first::step]
            if len(sync) >= 4 and 10 * sync.count(b"G") >= 9 * len(sync):
                return MPEG_TS
    return None


def _in_frames(body: bytes) -> Container | None:
    """Bare MP3 and AAC: a frame, and another one where it ends."""
    for container, frame_bytes in ((MP3, _mp3_frame_bytes), (AAC, _adts_frame_bytes)):
        length = frame_bytes(body)
        if length and (len(body) <= length + 9 or frame_bytes(body[length:])):
            return container
    return None


def _mp3_frame_bytes(body: bytes) -> int:
    """The length of the MPEG-1, 2 or 2.5 layer III frame that begins here, or 0 (ISO 11172-3)."""
    if len(body) < 4 or body[0] != 0xFF or body[1] & 0xE6 != 0xE2:
        return 0
    version, bitrate, rate = (body[1] >> 3) & 3, body[2] >> 4, (body[2] >> 2) & 3
    if version == 1 or bitrate in (0, 15) or rate == 3:
        return 0
    is_first = version == 3
    kbits = (_MP3_KBITS if is_first else _MP3_LOW_KBITS)[bitrate - 1]
    rate_hz = (44_100, 48_000, 32_000)[rate] >> {3: 0, 2: 1, 0: 2}[version]
    return (144 if is_first else 72) * kbits * 1000 // rate_hz + ((body[2] >> 1) & 1)


def _adts_frame_bytes(body: bytes) -> int:
    """The length of the ADTS frame that begins here, or 0 (ISO 13818-7, section 6.2)."""
    if len(body) < 7 or body[0] != 0xFF or body[1] & 0xF6 != 0xF0 or (body[2] >> 2) & 15 > 12:
        return 0
    length = (body[3] & 3) << 11 | body[4] << 3 | body[5] >> 5
    return length if length > 7 else 0
