"""Where a clip is damaged is told by its decoder, from the packet that was hit to the keyframe that
ends it; of sound clips, however odd, nothing is."""

import subprocess
from pathlib import Path

import pytest

from beatstitch.ffmpeg.damage import damaged_ms
from beatstitch.process import Limits
from footage import ENCODERS, coded_clip

H264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "20", "-sc_threshold", "0")
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:keyint=20")
MPEG4 = (*ENCODERS[".avi"], "-g", "20", "-sc_threshold", "1000000000")
DEMUXERS = {".mp4": "mov", ".avi": "avi", ".webm": "matroska"}


def damage(clip: Path) -> tuple[tuple[int, int], ...]:
    """Where a clip is found to be damaged."""
    return damaged_ms(clip, DEMUXERS[clip.suffix], 0, limits=Limits(timeout_s=60))


def packets(clip: Path) -> list[tuple[int, int]]:
    """Where each packet lies in the file, and how long it is, in the order of decoding."""
    argv = ["ffprobe", "-v", "error", "-select_streams", "v", "-of", "csv=p=0"]
    said = subprocess.run(
        [*argv, "-show_entries", "packet=size,pos", clip],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [(int(line.split(",")[1]), int(line.split(",")[0])) for line in said.split()]


def overwrite(clip: Path, number: int) -> None:
    """Put zeros and ones into all of a packet but its end."""
    data = bytearray(clip.read_bytes())
    place, size = packets(clip)[number]
    data[place : place + size - 8] = b"\x7f\xe1" * ((size - 8) // 2) + bytes((size - 8) % 2)
    clip.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "encoder", "number", "found"),
    [
        ("h264.mp4", H264, 25, (833, 1334)),
        ("hevc.mp4", HEVC, 25, (833, 1334)),
        ("mpeg4.avi", MPEG4, 25, (833, 1334)),
        ("key.mp4", H264, 20, (666, 1334)),
    ],
)
def test_damage_lasts_from_the_packet_that_was_hit_to_the_next_keyframe(
    tmp_path: Path, name: str, encoder: tuple[str, ...], number: int, found: tuple[int, int]
) -> None:
    clip = coded_clip(tmp_path / name, 7, encoder=(*encoder, "-bf", "0"))

    overwrite(clip, number)

    ((start_ms, end_ms),) = damage(clip)
    assert abs(start_ms - found[0]) <= 1 and abs(end_ms - found[1]) <= 1


def test_pictures_that_change_places_with_a_damaged_one_are_damaged_too(tmp_path: Path) -> None:
    clip = coded_clip(tmp_path / "c.mp4", 7, encoder=(*H264, "-bf", "3", "-b_strategy", "0"))

    overwrite(clip, 41)  # the first behind a keyframe, shown after those that follow

    ((start_ms, _),) = damage(clip)
    assert abs(start_ms - 41_000 // 30) <= 1


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("b.mp4", (*H264, "-bf", "3")),
        ("open.mp4", (*H264, "-bf", "3", "-x264-params", "open-gop=1")),
        ("refreshed.mp4", (*H264, "-x264-params", "intra-refresh=1")),
        ("fields.mp4", (*H264, "-flags", "+ilme+ildct")),
        ("hevc.mp4", HEVC),
        ("b.avi", (*MPEG4, "-bf", "2")),
        ("vp9.webm", ENCODERS[".webm"]),
    ],
)
def test_of_a_sound_clip_no_damage_is_told(
    tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    assert damage(coded_clip(tmp_path / name, 7, encoder=options)) == ()


def test_what_an_edit_list_takes_out_is_no_damage(tmp_path: Path) -> None:
    whole, cut = coded_clip(tmp_path / "w.mp4", 7, encoder=H264), tmp_path / "cut.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-ss", "0.9", "-i", whole, "-c", "copy", cut], check=True
    )

    assert damage(cut) == ()
