"""What a file is by its first bytes: real ones of every kind, and everything else refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from beatstitch.errors import BeatstitchError, MediaRejected, UnsupportedMedia
from beatstitch.ffmpeg.sniff import Container, sniff, sniff_file
from footage import ffmpeg

PICTURE = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=0.4")
SOUND = ("-f", "lavfi", "-i", "sine=duration=0.4")
H264 = ("-c:v", "libx264", "-preset", "ultrafast")

FILMS = {
    "a.mp4": ("mp4", "mov", H264),
    "b.m4v": ("mp4", "mov", (*H264, "-f", "mp4")),
    "fragmented.mp4": ("mp4", "mov", (*H264, "-movflags", "frag_keyframe+empty_moov")),
    "a.mov": ("mov", "mov", H264),
    "a.3gp": ("3gp", "mov", ("-c:v", "mpeg4", "-c:a", "aac")),
    "a.mkv": ("matroska", "matroska", H264),
    "a.webm": ("webm", "matroska", ("-c:v", "libvpx", "-c:a", "libopus")),
    "a.avi": ("avi", "avi", ("-c:v", "mpeg4")),
    "a.ts": ("mpegts", "mpegts", H264),
    "a.m2ts": ("mpegts", "mpegts", (*H264, "-mpegts_m2ts_mode", "1")),
    "a.mpg": ("mpeg", "mpeg", ("-c:v", "mpeg2video")),
    "a.ogv": ("ogv", "ogg", ("-c:v", "libtheora", "-c:a", "libvorbis")),
}
SONGS = {
    "a.m4a": ("m4a", "mov", ()),
    "a.ogg": ("ogg", "ogg", ("-c:a", "libvorbis")),
    "a.opus": ("ogg", "ogg", ()),
    "a.mp3": ("mp3", "mp3", ()),
    "bare.mp3": ("mp3", "mp3", ("-id3v2_version", "0", "-write_xing", "0")),
    "low.mp3": ("mp3", "mp3", ("-id3v2_version", "0", "-write_xing", "0", "-ar", "22050")),
    "a.aac": ("aac", "aac", ()),
    "a.flac": ("flac", "flac", ()),
    "a.wav": ("wav", "wav", ()),
    "large.wav": ("wav", "wav", ("-rf64", "always")),
    "a.aiff": ("aiff", "aiff", ()),
}
PHOTOS = {
    "a.jpg": ("jpeg", "jpeg_pipe"),
    "a.png": ("png", "png_pipe"),
    "a.gif": ("gif", "gif"),
    "a.webp": ("webp", "webp_pipe"),
    "a.heic": ("heif", ""),
    "a.avif": ("avif", ""),
}


@pytest.mark.parametrize("file_name", FILMS)
def test_a_film_is_known_by_its_start(tmp_path: Path, file_name: str) -> None:
    name, demuxer, options = FILMS[file_name]
    ffmpeg(*PICTURE, *SOUND, *options, tmp_path / file_name)

    found = sniff_file(tmp_path / file_name)

    assert (found.name, found.demuxer) == (name, demuxer)
    assert found.kinds == {"video", "audio"}


@pytest.mark.parametrize("file_name", SONGS)
def test_a_song_is_known_by_its_start(tmp_path: Path, file_name: str) -> None:
    name, demuxer, options = SONGS[file_name]
    ffmpeg(*SOUND, *options, tmp_path / file_name)

    found = sniff_file(tmp_path / file_name)

    assert (found.name, found.demuxer, found.kinds) == (name, demuxer, {"audio"})


@pytest.mark.parametrize("file_name", PHOTOS)
def test_a_photo_is_known_by_its_start(
    tmp_path: Path, file_name: str, oddity: Callable[[str], Path]
) -> None:
    path = tmp_path / file_name
    if file_name == "a.heic":
        path = oddity("photo.heic")
    else:
        Image.new("RGB", (32, 32)).save(path)

    found = sniff_file(path)

    assert (found.name, found.demuxer) == PHOTOS[file_name]
    assert found.kinds == {"image"}


def test_four_kilobytes_are_enough(tmp_path: Path) -> None:
    ffmpeg(*PICTURE, *H264, tmp_path / "a.ts")

    found = sniff((tmp_path / "a.ts").read_bytes()[:4096])

    assert found.name == "mpegts"


def test_a_recording_may_begin_within_a_packet_and_have_a_damaged_one(tmp_path: Path) -> None:
    ffmpeg(*PICTURE, *H264, tmp_path / "a.ts")
    recorded = bytearray((tmp_path / "a.ts").read_bytes()[100:])
    recorded[88 + 188 * 3] = 0

    assert sniff(bytes(recorded)).name == "mpegts"


def id3(tag_bytes: int) -> bytes:
    size = bytes(tag_bytes >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\0\0" + size + b"\0" * tag_bytes


@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".aac"])
def test_a_song_is_known_behind_a_tag_of_any_size(tmp_path: Path, suffix: str) -> None:
    bare = tmp_path / f"bare{suffix}"
    ffmpeg(*SOUND, *(("-id3v2_version", "0") if suffix == ".mp3" else ()), bare)
    tagged = tmp_path / "tagged"
    tagged.write_bytes(id3(500_000) + bare.read_bytes())

    assert sniff_file(tagged) == sniff_file(bare)


def test_a_tag_may_be_longer_than_two_megabytes(tmp_path: Path) -> None:
    song = tmp_path / "song"
    song.write_bytes(b"ID3\x04\0\0\x01\0\0\x05" + bytes((1 << 21) + 5) + b"fLaC" + bytes(50))

    assert sniff_file(song).name == "flac"


def test_letters_at_every_other_packet_make_no_recording() -> None:
    packets = b"".join((b"G" if n % 2 else b"x") + b"x" * 187 for n in range(40))

    with pytest.raises(UnsupportedMedia):
        sniff(packets)


def test_an_mp3_that_begins_with_silence_of_bytes_is_one(tmp_path: Path) -> None:
    ffmpeg(*SOUND, "-id3v2_version", "0", tmp_path / "a.mp3")

    found = sniff(b"\0" * 700 + (tmp_path / "a.mp3").read_bytes())

    assert found.name == "mp3"


def test_a_film_of_old_quicktime_has_no_brand() -> None:
    assert sniff(b"\0\0\0\x08wide\0\x01\0\0mdat" + b"\0" * 4096).name == "mov"


STRANGERS: dict[str, tuple[bytes, str]] = {
    "diary.mp4": (b"Dear diary, this is not a film.\n" * 20, "text_file"),
    "umlauts.mp4": ("Grüße aus Köln".encode(), "text_file"),
    "wide.txt": ("wide text".encode("utf-16"), "text_file"),
    "hls.mp4": (b"#EXTM3U\n#EXTINF:4,\n/etc/passwd\n", "playlist"),
    "bom.m3u8": (b"\xef\xbb\xbf#EXTM3U\n", "playlist"),
    "dash.mp4": (b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash">', "playlist"),
    "smooth.mp4": (b"<SmoothStreamingMedia>", "playlist"),
    "list.mp4": (b"ffconcat version 1.0\nfile other.mp4\n", "playlist"),
    "winamp.mp3": (b"[playlist]\nFile1=x.mp3", "playlist"),
    "drawing.jpg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "drawing"),
    "figure.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "drawing"),
    "figure.eps": (b"\xc5\xd0\xd3\xc6" + b"\0" * 60, "drawing"),
    "page.mp4": (b"<!DOCTYPE html><html>", "web_page"),
    "paper.mp4": (b"%PDF-1.7\n%\xe2\xe3", "document"),
    "words.mp4": (b"WEBVTT\n\n00:00.000 --> 00:01.000\nhi", "subtitles"),
    "words.srt": (b"1\r\n00:00:01,000 --> 00:00:02,000\r\nhi", "subtitles"),
    "module.mp3": (b"song".ljust(1080, b"\0") + b"M.K." + b"\0" * 99, "tracker_music"),
    "module.xm": (b"Extended Module: tune", "tracker_music"),
    "module.s3m": (b"tune".ljust(44, b"\0") + b"SCRM\0", "tracker_music"),
    "chip.mp3": (b"NESM\x1a\x01" + b"\0" * 99, "tracker_music"),
    "notes.mp3": (b"MThd\0\0\0\x06", "unsupported_media"),
    "film.wmv": (b"0&\xb2u\x8ef\xcf\x11\xa6\xd9", "unsupported_media"),
    "scan.tif": (b"II*\0\x08\0\0\0", "unsupported_photo"),
    "raw.cr3": (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "unsupported_photo"),
    "book.aax": (b"\0\0\0\x18ftypaax \0\0\0\x01aax M4B ", "locked"),
    "photos.zip": (b"PK\x03\x04\x14\0", "archive"),
    "film.exe": (b"MZ\x90\0\x03", "program"),
    "zeros.mp4": (b"\0" * 5000, "blank_file"),
    "noise.mp4": (bytes(range(256)) * 20, "unknown_format"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_is_refused_with_a_sentence_that_names_it(name: str) -> None:
    head, code = STRANGERS[name]

    with pytest.raises(UnsupportedMedia) as refused:
        sniff(head, name)

    assert refused.value.code == code
    assert refused.value.message.startswith(f"{name} ")
    assert refused.value.message.endswith(".")


def test_an_empty_file_has_a_sentence_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()

    with pytest.raises(MediaRejected, match=r"^empty\.mp4 is empty\.$"):
        sniff_file(tmp_path / "empty.mp4")


SIGNATURES = [b"ID3", b"\xff\xfb", b"\xff\xf1", b"RIFF", b"\0\0\0\x18ftyp", b"G", b"OggS", b""]


@given(st.sampled_from(SIGNATURES), st.binary(max_size=600))
def test_no_bytes_confuse_the_nose(signature: bytes, rest: bytes) -> None:
    try:
        found = sniff(signature + rest)
    except BeatstitchError:
        return
    assert isinstance(found, Container)
