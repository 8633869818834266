"""A chunk's own tables say what FFmpeg says of its packets, and a broken file says so."""

import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from beatstitch.ffmpeg.written import written
from beatstitch.render.proof import ChunkUnfit, read_listing
from footage import ffmpeg

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-b_strategy", "0")
H265 = ("-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params", "bframes=2")
KEYS = ("-force_key_frames", "expr:eq(n,7)", "-forced-idr", "1")


def wrote(path: Path, *options: str) -> Path:
    """Twenty frames with keyframes at 0 and 7, as a chunk has them."""
    moving = ("-f", "lavfi", "-i", "testsrc=size=128x72:rate=30000/1001", "-frames:v", "20")
    ticks = ("-video_track_timescale", "30000", "-movie_timescale", "30000")
    ffmpeg(*moving, "-pix_fmt", "yuv420p", *KEYS, *options, *ticks, "-f", "mp4", path)
    return path


@pytest.mark.parametrize(
    "options", [H264, H265, (*H264, "-bf", "0"), (*H264, "-g", "1")], ids=" ".join
)
def test_packets_are_what_ffmpeg_says_they_are(tmp_path: Path, options: tuple[str, ...]) -> None:
    film = wrote(tmp_path / "film.mp4", *options)
    said = ffmpeg("-i", film, "-c", "copy", "-f", "framehash", "-hash", "sha256", "-")

    assert written(film).picture == read_listing(said.decode())


def test_the_sound_of_a_film_is_what_ffmpeg_says_it_is(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    tone = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=1.234")
    ffmpeg(
        *("-i", wrote(tmp_path / "chunk.mp4", *H264), *tone, "-c:v", "copy", "-c:a", "aac"),
        *("-movflags", "+faststart", film),
    )
    said = ffmpeg(
        "-i", film, "-map", "0:a", "-c", "copy", "-f", "framehash", "-hash", "sha256", "-"
    )

    sound = written(film).sound

    assert sound == replace(read_listing(said.decode()), extradata="")
    assert sound.packets[0].pts < 0


def test_keyframes_are_told_by_their_times(tmp_path: Path) -> None:
    film = wrote(tmp_path / "film.mp4", *H264)

    assert written(film).keyframes == {0, 7 * 1001}


def test_a_file_in_which_every_picture_is_a_keyframe_has_no_list_of_them(tmp_path: Path) -> None:
    found = written(wrote(tmp_path / "film.mp4", *H264, "-g", "1"))

    assert found.keyframes == {packet.pts for packet in found.picture.packets}


def test_a_film_without_a_picture_has_no_packets(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc", "-vf", "trim=end_frame=0", "-c:v", "libx264", film)

    assert written(film).picture.packets == ()


def test_a_film_that_is_larger_than_a_process_may_hold_is_read(tmp_path: Path) -> None:
    film = wrote(tmp_path / "film.mp4", *H264)
    small, whole = written(film), film.read_bytes()
    at, tables = whole.index(b"mdat") - 12, whole.index(b"moov") - 4
    end = 5 * 1024**3
    with film.open("r+b") as file:  # of gigabytes that are nowhere on the disk
        file.seek(at)
        file.write(struct.pack(">I4sQ", 1, b"mdat", end - at))
        file.seek(end)
        file.write(whole[tables:])
    limited = (
        "import resource, sys; from pathlib import Path;"
        "from beatstitch.ffmpeg.written import written;"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30));"
        "print(len(written(Path(sys.argv[1])).picture.packets))"
    )

    said = subprocess.run([sys.executable, "-c", limited, film], check=True, capture_output=True)

    assert int(said.stdout) == 20
    assert written(film) == small


@pytest.mark.parametrize(
    "broken",
    [
        lambda film: b"",
        lambda film: film[:5],
        lambda film: film[:-1],
        lambda film: film[: len(film) // 2],
        lambda film: film.replace(b"stco", b"free"),
        lambda film: film.replace(b"stsz", b"stss"),
        lambda film: b"\0" * len(film),
        lambda film: film.replace(b"mdat", b"moov"),
        lambda film: film.replace(b"avcC", b"free"),
        lambda film: film.replace(b"stsz" + bytes(4), b"stsz" + b"\0\0\0\0\xff\xff"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_whole_is_unfit(
    tmp_path: Path, broken: Callable[[bytes], bytes]
) -> None:
    film = wrote(tmp_path / "film.mp4", *H264)
    film.write_bytes(broken(film.read_bytes()))

    with pytest.raises(ChunkUnfit, match="isn't whole"):
        written(film)


def test_no_byte_of_the_tables_can_do_more_than_make_a_file_unfit(tmp_path: Path) -> None:
    film = wrote(tmp_path / "film.mp4", *H264)
    whole = film.read_bytes()

    for at in range(whole.index(b"moov") - 4, len(whole)):
        film.write_bytes(whole[:at] + bytes([255 - whole[at]]) + whole[at + 1 :])
        with suppress(ChunkUnfit):
            written(film)


def test_a_packet_beyond_the_end_of_the_file_is_not_read(tmp_path: Path) -> None:
    film = wrote(tmp_path / "film.mp4", *H264, "-movflags", "+faststart")
    film.write_bytes(film.read_bytes()[:-40])

    with pytest.raises(ChunkUnfit):
        written(film)
