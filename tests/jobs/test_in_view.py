"""What a picture is about stays in the film, whatever the film's shape: told from its pixels."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from beatstitch.jobs.render_chunk.handler import run
from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.order import ChunkOrder
from beatstitch.render.profile import Profile, final
from beatstitch.render.source import Source
from beatstitch.render.target import Aspect, Target
from beatstitch.timeline.edl import STILL, Focus, KenBurns
from beatstitch.timeline.settings import read_settings
from beatstitch.workspace import Workspace
from footage import ffmpeg

ASPECTS: tuple[Aspect, ...] = ("16:9", "9:16", "1:1", "4:5")
SIZES = ((960, 640), (640, 960))
PLACES = (Focus(0.12, 0.15), Focus(0.85, 0.5), Focus(0.5, 0.88))
FRAMES, ZOOM, RADIUS_PX = 3, 1.12, 30


def ball(folder: Path, size: tuple[int, int], place: Focus) -> Source:
    """A picture of one white ball on grey, there."""
    image = Image.new("RGB", size, (60, 60, 60))
    x, y = place.x * size[0], place.y * size[1]
    edges = (x - RADIUS_PX, y - RADIUS_PX, x + RADIUS_PX, y + RADIUS_PX)
    ImageDraw.Draw(image).ellipse(edges, "white")
    path = folder / f"{size[0]}-{place.x}.jpg"
    image.save(path, quality=95, subsampling=0)
    return Source(path.stem, str(path), path.stem, "image", "jpeg_pipe", *size)


def filmed(layers: list[Layer], profile: Profile, scratch: Path) -> NDArray[np.uint8]:
    """The luma of a film that shows each of these for some frames."""
    pieces = [Piece(i * FRAMES, FRAMES, (layer,), cut_frame=0) for i, layer in enumerate(layers)]
    order = ChunkOrder(Chunk(tuple(pieces)), profile, "film", "proof")
    files = {layer.source.key: Path(layer.source.key) for layer in layers}
    space = Workspace(scratch, files, lambda *_: None)
    run(order, space)
    raw = ffmpeg("-i", space.kept["film"], "-f", "rawvideo", "-pix_fmt", "gray", "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, profile.height, profile.width)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_the_focus_stays_in_view_in_every_shape(tmp_path: Path, aspect: Aspect) -> None:
    settings = read_settings({"output_width": 320, "output_height": 180, "fit": "cover"})
    profile = final(settings, Target(aspect=aspect))
    layers = [
        Layer(ball(tmp_path, size, place), ken_burns=move, move_frames=FRAMES, focus=place)
        for size in SIZES
        for place in PLACES
        for move in (STILL, KenBurns(True, 1.0, ZOOM).around(place))
    ]

    frames = filmed(layers, profile, tmp_path)

    for number, frame in enumerate(frames):
        source = layers[number // FRAMES].source
        scale = max(profile.width / source.width, profile.height / source.height)
        whole = np.pi * (RADIUS_PX * scale) ** 2
        assert 0.9 * whole < np.count_nonzero(frame > 150) < 1.1 * ZOOM**2 * whole
