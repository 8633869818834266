"""A film shows the colours that its footage has, to 2 of 255, however they are written there."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from beatstitch.jobs.media_processing.args import Ticket
from beatstitch.jobs.media_processing.handler import run as take_in
from beatstitch.jobs.render_chunk.handler import run
from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.order import ChunkOrder
from beatstitch.render.profile import final, preview
from beatstitch.timeline.settings import read_settings
from beatstitch.workspace import Workspace
from footage import ffmpeg

Space = Callable[..., Workspace]
Colours = NDArray[np.float64]
PATCHES = (
    (255, 255, 255), (0, 0, 0), (128, 128, 128), (40, 80, 160), (255, 0, 255), (100, 100, 180),
    (255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 150, 120), (90, 60, 50), (230, 180, 40),
)  # fmt: skip
COLUMNS, SIDE = 6, 48
WIDTH, HEIGHT = COLUMNS * SIDE, len(PATCHES) // COLUMNS * SIDE
# Shares of red and blue in luma: ITU-R BT.601, BT.709 and BT.2020.
LUMA = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}
LOSSLESS = ("-c:v", "libx264", "-qp", "0", "-preset", "ultrafast")


def chart() -> NDArray[np.uint8]:
    """The patches as RGB."""
    rows = np.array(PATCHES, np.uint8).reshape(-1, COLUMNS, 3)
    return rows.repeat(SIDE, 0).repeat(SIDE, 1)


def coded(matrix: str, *, is_full: bool) -> bytes:
    """The chart as Y, Cb and Cr in 4:4:4 (BT.601 2.5, BT.709 3, BT.2020 4)."""
    red, blue = LUMA[matrix]
    rgb = chart() / 255
    luma = red * rgb[..., 0] + (1 - red - blue) * rgb[..., 1] + blue * rgb[..., 2]
    planes = [luma, (rgb[..., 2] - luma) / (2 - 2 * blue), (rgb[..., 0] - luma) / (2 - 2 * red)]
    scales = ((255, 0), (255, 128), (255, 128)) if is_full else ((219, 16), (224, 128), (224, 128))
    return b"".join(
        np.rint(np.clip(plane * times + zero, 0, 255)).astype(np.uint8).tobytes()
        for plane, (times, zero) in zip(planes, scales, strict=True)
    )


def seen(film: Path, width: int, height: int) -> Colours:
    """The middle of each patch as RGB, by BT.709."""
    raw = ffmpeg("-i", film, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "yuv444p", "-")
    planes = np.frombuffer(raw, np.uint8).reshape(3, height, width).astype(float)
    down, across = height // (len(PATCHES) // COLUMNS), width // COLUMNS
    middles = planes[:, down // 2 :: down, across // 2 :: across].reshape(3, -1)
    luma, cb, cr = (middles[0] - 16) / 219, (middles[1] - 128) / 224, (middles[2] - 128) / 224
    rgb = (luma + 1.5748 * cr, luma - 0.187324 * cb - 0.468124 * cr, luma + 1.8556 * cb)
    return np.clip(255 * np.stack(rgb, 1), 0, 255)


def rendered(path: Path, workspace: Space, *, is_preview: bool) -> Colours:
    """What a film of one medium shows."""
    space = workspace(given=path)
    source = take_in(Ticket("m", path.name, "given", "sha", "media"), space).source
    settings = read_settings({"output_width": WIDTH, "output_height": HEIGHT})
    look = preview(settings) if is_preview else final(settings)
    chunk = Chunk((Piece(0, 2, (Layer(source),), cut_frame=0),))
    scratch = space.scratch / "chunk"
    scratch.mkdir()
    there = {source.key: space.kept.get(source.key, path)}
    making = Workspace(scratch, there, lambda *_: None)
    run(ChunkOrder(chunk, look, "film", "proof"), making)
    return seen(making.kept["film"], look.width, look.height)


@pytest.mark.parametrize(
    ("matrix", "is_full", "is_preview", "tags"),
    [
        ("bt601", False, True, ()),
        ("bt601", False, False, ("-colorspace", "smpte170m", "-color_range", "tv")),
        ("bt601", True, False, ("-colorspace", "bt470bg", "-color_range", "pc")),
        ("bt709", True, True, ("-colorspace", "bt709", "-color_range", "pc")),
        ("bt2020", False, False, ("-colorspace", "bt2020nc", "-color_primaries", "bt709")),
    ],
)
def test_a_clip_keeps_its_colours(
    workspace: Space, tmp_path: Path,
    matrix: str, is_full: bool, is_preview: bool, tags: tuple[str, ...],
) -> None:  # fmt: skip
    raw = ("-f", "rawvideo", "-pix_fmt", "yuv444p", "-s", f"{WIDTH}x{HEIGHT}", "-i", "-")
    levels = ("-vf", f"setparams=range={'pc' if is_full else 'tv'}", "-pix_fmt", "yuv444p")
    clip = tmp_path / "c.mp4"
    ffmpeg(*raw, *levels, *LOSSLESS, *tags, clip, stdin=coded(matrix, is_full=is_full) * 10)

    shown = rendered(clip, workspace, is_preview=is_preview)

    assert np.abs(shown - PATCHES).max() <= 2.5  # a half of it is the film's own 8 bits


@pytest.mark.parametrize("name", ["p.jpg", "p.png"])
def test_a_photo_keeps_its_colours(workspace: Space, tmp_path: Path, name: str) -> None:
    photo = tmp_path / name
    Image.fromarray(chart()).save(photo, quality=95, subsampling=0)

    shown = rendered(photo, workspace, is_preview=False)

    assert np.abs(shown - PATCHES).max() <= 2.5


@pytest.mark.parametrize("primaries", ["bt2020", "smpte432"])
def test_wide_colours_are_no_paler_than_they_were(
    workspace: Space, tmp_path: Path, primaries: str
) -> None:
    clip = tmp_path / "c.mkv"
    matrix = "bt2020nc" if primaries == "bt2020" else "bt709"
    wide = (
        f"zscale=pin=bt709:tin=bt709:rin=full:p={primaries}:t=bt709:m={matrix}:r=limited,"
        "format=yuv444p10le"
    )
    tags = ("-colorspace", matrix, "-color_primaries", primaries, "-color_trc", "bt709")
    ffmpeg(
        *("-f", "lavfi", "-i", f"color=0xc03030:s={WIDTH}x{HEIGHT}:r=30:d=0.3,format=gbrp"),
        *("-vf", wide, "-c:v", "ffv1", *tags, clip),
    )

    red = rendered(clip, workspace, is_preview=False)

    assert np.abs(red - (192, 48, 48)).max() <= 6
