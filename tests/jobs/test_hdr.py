"""A film, a proxy and a thumbnail of an HDR clip show its light as SDR has it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from beatstitch.ffmpeg.command import run_command
from beatstitch.ffmpeg.run import Limits
from beatstitch.jobs.media_processing.args import Ticket
from beatstitch.jobs.media_processing.handler import run as take_in
from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.command import CHUNK_FILE, chunk_command
from beatstitch.render.profile import final
from beatstitch.render.proxy import PROXY_FILE, proxy_command, proxy_size
from beatstitch.render.source import Source
from beatstitch.timeline.settings import read_settings
from beatstitch.workspace import Workspace
from footage import ffmpeg

# Grey of 26 nits, which is 18 %, diffuse white of 203 nits, the light of a lamp at 1,000 nits, and
# 150 nits of a red with 15 % of green and 12 % of blue: as each transfer codes them in 10 bits of
# limited range, after ITU-R BT.2100 and BT.2408's table 1.
PATCHES = {
    "smpte2084": [(397, 512, 512), (573, 512, 512), (723, 512, 512), (436, 481, 564)],
    "arib-std-b67": [(396, 512, 512), (721, 512, 512), (940, 512, 512), (466, 445, 634)],
}
# What of it is to be seen, of 255: BT.709's grey, and white with room for the lamp above it.
SEEN = np.array([(108, 108, 108), (231, 231, 231), (253, 253, 253), (216, 98, 90)])
MASTERED = ":master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(40000000,50)"


def hdr_clip(path: Path, transfer: str, more: str = "") -> Path:
    """Four upright stripes of a patch each, 320 × 180, coded as phones code HDR."""
    planes = [
        np.repeat([patch[plane] for patch in PATCHES[transfer]], width)[None].repeat(height, 0)
        for plane, width, height in ((0, 80, 180), (1, 40, 90), (2, 40, 90))
    ]
    frame = b"".join(plane.astype("<u2").tobytes() for plane in planes)
    tags = f"log-level=error:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc{more}"
    ffmpeg(
        *("-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-s", "320x180", "-r", "30", "-i", "-"),
        *("-c:v", "libx265", "-preset", "ultrafast", "-crf", "6", "-x265-params", tags, path),
        stdin=frame * 5,
    )
    return path


def patches(picture: NDArray[np.uint8]) -> NDArray[np.int16]:
    """The colour in the middle of each stripe."""
    height, width, _ = picture.shape
    across = [int((stripe + 0.5) / 4 * width) for stripe in range(4)]
    return picture[height // 2, across].astype(np.int16)


def first_picture(film: Path, size: tuple[int, int]) -> NDArray[np.uint8]:
    raw = ffmpeg("-i", film, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    return np.frombuffer(raw, np.uint8).reshape(size[1], size[0], 3)


def rendered(found: Source, clip: Path, fit: str, size: tuple[int, int], folder: Path) -> Path:
    look = final(read_settings({"fit": fit, "output_width": size[0], "output_height": size[1]}))
    chunk = Chunk((Piece(0, 2, (Layer(found),), cut_frame=0),))
    run_command(chunk_command(chunk, look), {found.key: clip}, folder, limits=Limits(60))
    return folder / CHUNK_FILE


@pytest.mark.parametrize(("transfer", "more"), [("smpte2084", MASTERED), ("arib-std-b67", "")])
def test_light_of_hdr_is_neither_washed_out_nor_dim(
    workspace: Callable[..., Workspace], tmp_path: Path, transfer: str, more: str
) -> None:
    clip = hdr_clip(tmp_path / "hdr.mp4", transfer, more)
    space = workspace(given=clip)
    facts = take_in(Ticket("hdr", "hdr", "given", "sha", "media"), space)
    found, folder = facts.source, space.scratch

    whole = first_picture(rendered(found, clip, "cover", (320, 180), folder), (320, 180))
    before_itself = first_picture(rendered(found, clip, "blur", (180, 320), folder), (180, 320))
    run_command(proxy_command(found), {found.key: clip}, folder, limits=Limits(60))
    proxy = first_picture(folder / PROXY_FILE, proxy_size(found))
    thumbnail = np.asarray(Image.open(space.kept[facts.thumbnail_key]))

    for picture in (whole, before_itself, proxy):
        assert np.abs(patches(picture) - SEEN).max() <= 4
    # A square of the middle: the second stripe and the third.
    assert np.abs(thumbnail[128, [70, 185]].astype(int) - SEEN[1:3]).max() <= 4
