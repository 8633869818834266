"""Which streams tell the order of their pictures: x264's, and parameter sets written here."""

from pathlib import Path

import pytest

from beatstitch.ffmpeg.picture_order import tells_order
from beatstitch.ffmpeg.probe import probe
from beatstitch.ffmpeg.sniff import sniff_file
from footage import ffmpeg

# Baseline at level 3, 16 x 16 pixels, pictures shown as they come; what follows is for displays.
PLAIN = "01000010 00000000 00011110 1 1 011 010 0 1 1 1 1 0"
SILENT, TELLING, UNTOLD = "0", "1 0000 0000 1", "1 0000 0000 0"


def avcc(*sets: str) -> bytes:
    """Parameter sets, in bits, as MP4 keeps them."""
    found = [b"\x67" + packed(bits) for bits in sets]
    body = b"".join(len(one).to_bytes(2) + one for one in found)
    return bytes((1, 66, 0, 30, 0xFF, 0xE0 | len(sets))) + body


def packed(bits: str) -> bytes:
    whole = bits.replace(" ", "") + "1"
    return int(whole.ljust(-(-len(whole) // 8) * 8, "0"), 2).to_bytes(-(-len(whole) // 8))


def test_only_parameter_sets_that_all_say_it_tell_the_order() -> None:
    silent, telling, untold = (f"{PLAIN} {end}" for end in (SILENT, TELLING, UNTOLD))

    assert tells_order("h264", avcc(telling))
    assert tells_order("h264", avcc(telling, telling))
    assert not tells_order("h264", avcc(silent))
    assert not tells_order("h264", avcc(untold))
    assert not tells_order("h264", avcc(telling, silent))


@pytest.mark.parametrize("extradata", [b"", b"\0\0\0\1\x67\x42", avcc(), avcc(PLAIN)[:-4], b"\1"])
def test_what_cannot_be_read_tells_nothing(extradata: bytes) -> None:
    assert not tells_order("h264", extradata)
    assert not tells_order("mpeg4", extradata)


@pytest.mark.parametrize(
    "options",
    [
        ("-preset", "ultrafast"),
        ("-pix_fmt", "yuv444p", "-x264-params", "cqm=jvt"),
        ("-aspect", "5:3", "-colorspace", "bt709", "-chroma_sample_location", "left"),
        ("-x264-params", "nal-hrd=vbr:vbv-maxrate=900:vbv-bufsize=900:interlaced=1"),
    ],
    ids=["plain", "matrices", "described", "buffered"],
)  # fmt: skip
def test_x264_tells_the_order_whatever_else_it_says(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    clip = tmp_path / "clip.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x48:d=0.2", "-c:v", "libx264", *options, clip)

    video = probe(clip, sniff_file(clip)).video

    assert video is not None and video.tells_order
