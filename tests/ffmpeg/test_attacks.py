"""The attacks that worked on FFmpeg 5.1.9 as it comes, each refused or contained.

Files that name other files are refused by their bytes; and where that eye is got round, the forced
demuxer and the sandbox still keep the other file's content out of every output.
"""

import struct
from pathlib import Path

import pytest

from beatstitch.errors import LimitReached, UnsupportedMedia
from beatstitch.ffmpeg.faults import FFmpegFailed
from beatstitch.ffmpeg.probe import probe
from beatstitch.ffmpeg.run import Limits, Source, capture, run
from beatstitch.ffmpeg.sniff import sniff_file
from beatstitch.process import Mode, OutputTooLarge, ProcessTimeout, sandbox
from bombs import png
from footage import ffmpeg

AMPLE = Limits(timeout_s=60)
DEMUXERS = ("mov", "matroska", "mpegts")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")

DASH = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"
 profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4">
<Representation id="0" bandwidth="1" width="64" height="48"><BaseURL>{victim}</BaseURL>
</Representation></AdaptationSet></Period></MPD>
"""
HLS = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:2
#EXTINF:1,
{victim}
#EXT-X-ENDLIST
"""
READERS: dict[str, tuple[str, str]] = {
    "dash.mp4": (DASH, "{victim}"),
    "hls.m3u8": (HLS, "{victim}"),
    "concat.mp4": ("ffconcat version 1.0\nfile '{victim}'\n", "{name}"),
    "subfile.m3u8": (HLS, "subfile,,start,0,end,9999,,:{victim}"),
    "sdp.mp4": ("v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n", ""),
    "words.mp4": ("{victim}\n" * 99, "{victim}"),
}


@pytest.fixture(params=["bubblewrap", "degraded"])
def walls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Mode:
    mode: Mode = request.param
    if mode == "bubblewrap" and sandbox() != "bubblewrap":
        pytest.skip("bubblewrap does not work here")
    monkeypatch.setattr("beatstitch.process.door.sandbox", lambda: mode)
    return mode


def reader(name: str, folder: Path) -> Path:
    """A file of an attacker's that names somebody else's film beside it."""
    victim = folder / "victim.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=red:size=64x48:duration=1", *X264, victim)
    text, named = READERS[name]
    path = folder / name
    path.write_text(text.format(victim=named.format(victim=victim, name=victim.name)))
    return path


def naive(path: Path) -> bytes:
    """What FFmpeg reads from a file when nobody forces anything."""
    return ffmpeg("-i", path, "-frames:v", "1", "-f", "rawvideo", "pipe:1")


@pytest.mark.parametrize("name", ["dash.mp4", "concat.mp4"])
def test_the_attacks_are_real(tmp_path: Path, name: str) -> None:
    assert len(naive(reader(name, tmp_path))) == 64 * 48 * 3 // 2


@pytest.mark.parametrize("name", READERS)
def test_a_file_that_names_other_files_is_refused_by_its_bytes(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsupportedMedia):
        sniff_file(reader(name, tmp_path))


@pytest.mark.usefixtures("walls")
@pytest.mark.parametrize("name", READERS)
def test_no_demuxer_that_is_forced_reads_what_a_file_names(tmp_path: Path, name: str) -> None:
    path = reader(name, tmp_path)

    for demuxer in DEMUXERS:
        with pytest.raises(FFmpegFailed):
            capture([Source(path, demuxer)], ("-f", "rawvideo", "pipe:1"), limits=AMPLE)


def rare(path: Path, codec: str) -> Path:
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x48:duration=0.2", "-c:v", codec, path)
    return path


@pytest.mark.usefixtures("walls")
@pytest.mark.parametrize("codec", ["magicyuv", "msmpeg4v2", "flv1"])
def test_a_rare_decoder_never_runs(tmp_path: Path, codec: str) -> None:
    path = rare(tmp_path / "rare.avi", codec)

    with pytest.raises((UnsupportedMedia, FFmpegFailed)) as unprobed:
        probe(path, sniff_file(path))
    with pytest.raises(FFmpegFailed) as unread:
        capture([Source(path, "avi")], ("-f", "rawvideo", "pipe:1"), limits=AMPLE)

    assert unprobed.value.code in ("decoder_refused", "unsupported_codec")
    assert unread.value.code == "decoder_refused"
    assert f"is coded with {codec.removesuffix('1')}" in unread.value.message


@pytest.mark.usefixtures("walls")
def test_a_bomb_of_pixels_is_not_decoded(tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(png(16_000, 16_000))

    with pytest.raises(FFmpegFailed) as refused:
        bomb = Source(tmp_path / "bomb.png", "png_pipe")
        capture([bomb], ("-vf", "scale=8:8", "-f", "rawvideo", "pipe:1"), limits=AMPLE)

    assert refused.value.code == "too_many_pixels"


def test_a_bomb_of_pixels_inside_a_film_is_not_decoded(tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(png(12_000, 8_000))
    path = tmp_path / "bomb.mov"
    ffmpeg("-i", tmp_path / "bomb.png", "-c", "copy", path)

    with pytest.raises(LimitReached) as refused:
        probe(path, sniff_file(path))

    assert refused.value.code == "too_many_pixels"


def test_a_header_that_lies_about_its_size_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "liar.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x48:duration=0.2", *X264, path)
    content = path.read_bytes()
    at = content.index(b"avc1", content.index(b"stsd")) + 28
    assert content[at : at + 4] == struct.pack(">HH", 64, 48)
    path.write_bytes(content[:at] + struct.pack(">HH", 65535, 65535) + content[at + 4 :])

    video = probe(path, sniff_file(path)).video

    assert video is not None
    assert (video.width, video.height) == (64, 48)


def apart(path: Path) -> Path:
    """Two pictures, thirty days apart; as B-frames, else FFmpeg takes the hole for an error."""
    stamps = ("-vf", "setpts=N*2592000/TB", "-c:v", "libx264", "-bf", "2")
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x48:rate=1:duration=2", *stamps, path)
    return path


def test_the_length_of_a_film_with_a_hole_is_known_before_it_is_filled(tmp_path: Path) -> None:
    path = apart(tmp_path / "hole.mkv")

    video = probe(path, sniff_file(path)).video

    assert video is not None
    assert video.duration_us > 30 * 24 * 3600 * 1_000_000 - 1


@pytest.mark.usefixtures("walls")
def test_filling_a_hole_of_thirty_days_ends(tmp_path: Path) -> None:
    source = Source(apart(tmp_path / "hole.mkv"), "matroska")
    out = tmp_path / "out.mp4"

    with pytest.raises((ProcessTimeout, OutputTooLarge)):
        options = ("-vf", "fps=30", *X264, str(out))
        run([source], options, [out], limits=Limits(timeout_s=1, file_bytes=2**20))


def test_nothing_a_film_says_of_itself_is_repeated(tmp_path: Path) -> None:
    path = tmp_path / "talker.mp4"
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=64x48:duration=0.2",
        *X264,
        "-metadata",
        "title=<script>alert(1)</script>\n" * 1000,
        path,
    )

    assert "script" not in repr(probe(path, sniff_file(path)))


@pytest.mark.parametrize("name", ["-i.mp4", "http:x.mp4", "a;b|c.mp4", "concat:a.mp4", "%d.mp4"])
def test_a_name_is_never_an_option_a_protocol_or_a_pattern(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x48:duration=0.2", *X264, tmp_path / "plain.mp4")
    (tmp_path / "plain.mp4").rename(path)

    assert probe(path, sniff_file(path)).video is not None
