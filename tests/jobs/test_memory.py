"""What a process takes in memory while it renders the chunks that open the most."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from beatstitch.ffmpeg.command import escaped
from beatstitch.ffmpeg.decoders import opened
from beatstitch.process.confinement import ENVIRONMENT
from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.command import chunk_command
from beatstitch.render.memory import is_within
from beatstitch.render.profile import final
from beatstitch.render.source import Source
from beatstitch.timeline.edl import KenBurns
from beatstitch.timeline.settings import read_settings
from footage import ffmpeg

# From a small process, for a child that has not yet become FFmpeg counts with what its parent has.
PEAK = """
import os, sys
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print(used.ru_maxrss // 1024)
sys.exit(status != 0)
"""


def peak_mb(chunk: Chunk, folder: Path) -> int:
    """The most that FFmpeg held while it rendered the chunk as a 1080p final."""
    command = chunk_command(chunk, final(read_settings({})))
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-y"]
    for one in command.inputs:
        argv += opened(Path(one.key), one.demuxer, one.options)
    for text in command.texts:
        (folder / text.name).write_text(text.content)
    for option in command.options:
        for text in command.texts:
            option = option.replace(text.place, escaped(str(folder / text.name)))
        argv.append(option)
    for output in command.outputs:
        argv += [*output.options, str(folder / output.name)]
    said = subprocess.run(
        [sys.executable, "-S", "-E", "-c", PEAK, *argv],
        env=ENVIRONMENT, capture_output=True, check=True,
    )  # fmt: skip
    return int(said.stdout)


def clip(folder: Path, number: int) -> Source:
    """A second of 1080p as a phone writes it."""
    path = folder / "clip.mp4"
    if not path.exists():
        ffmpeg(
            *("-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30", "-frames:v", "40", "-g", "30"),
            *("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", path),
        )
    return Source(
        str(number),
        str(path),
        "c",
        "video",
        "mov",
        1920,
        1080,
        duration_ms=1333,
        pixel_format="yuv420p",
        kept_pictures=4,
    )


def photo(folder: Path, number: int) -> Source:
    """A photo of twelve megapixels as it is worked with."""
    path = folder / "photo.jpg"
    if not path.exists():
        small = np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8)
        Image.fromarray(small).resize((4096, 3072)).save(path, quality=95, subsampling=2)
    return Source(str(number), str(path), "p", "image", "jpeg_pipe", 4096, 3072)


@pytest.mark.parametrize("medium", [clip, photo])
def test_a_chunk_with_as_much_in_it_as_is_allowed_stays_below_300_mb(
    medium: Callable[[Path, int], Source], tmp_path: Path
) -> None:
    chunk = Chunk(
        tuple(Piece(15 * n, 15, (Layer(medium(tmp_path, n)),), cut_frame=0) for n in range(4))
    )

    peak = peak_mb(chunk, tmp_path)

    assert is_within(chunk.pieces, final(read_settings({})))
    assert peak < 300


def test_photos_that_meet_under_a_moving_camera_stay_below_300_mb(tmp_path: Path) -> None:
    move = KenBurns(enabled=True, end_zoom=1.1, end_x=0.6)
    first, then = (Layer(photo(tmp_path, n), ken_burns=move, move_frames=30) for n in range(2))
    chunk = Chunk(
        (
            Piece(0, 15, (first,), cut_frame=0),
            Piece(15, 12, (replace(first, move_frame=15), then), "wipe_left", cut_frame=6),
            Piece(27, 15, (replace(then, move_frame=12),)),
        )
    )

    peak = peak_mb(chunk, tmp_path)

    assert is_within(chunk.pieces, final(read_settings({})))
    assert peak < 300


def test_many_photos_that_meet_under_moving_cameras_are_more_than_a_process_may_hold() -> None:
    move = KenBurns(enabled=True, end_zoom=1.1, end_x=0.6)
    source = Source("p", "p.jpg", "p", "image", "jpeg_pipe", 1920, 1280)
    layers = [Layer(replace(source, id=str(n)), ken_burns=move, move_frames=30) for n in range(4)]
    pieces = [Piece(0, 9, (layers[0],), cut_frame=0)]
    for before, after in pairwise(layers):
        first = pieces[-1].end_frame
        pieces.append(Piece(first, 6, (before, after), "wipe_left", cut_frame=3))
        pieces.append(Piece(first + 6, 9, (after,)))

    # 322 MB, and 275 of three.
    assert not is_within(pieces, final(read_settings({})))
    assert is_within(pieces[:4], final(read_settings({})))
