"""Brushes of the demo's painter: gradients, light, hills and noise on arrays of pixels.

A picture is height × width × 3 floats from 0 to 255 until `to_image` makes it one of Pillow's.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.float32]
Plane = NDArray[np.float32]
Colour = tuple[int, int, int]


def gradient(size: tuple[int, int], colours: Sequence[Colour]) -> Picture:
    """From the first colour at the top to the last one at the bottom, with a trace of grain."""
    stops = np.linspace(0, 1, len(colours))
    rows = np.linspace(0, 1, size[1])
    channels = [np.interp(rows, stops, [c[i] for c in colours]) for i in range(3)]
    return np.stack(channels, 1)[:, None, :].astype(np.float32) + _grain(size)


@lru_cache(maxsize=2)
def _grain(size: tuple[int, int]) -> Picture:
    noise = np.random.default_rng(0).normal(0, 1.2, (size[1], size[0], 1))
    return noise.astype(np.float32)


def glow(picture: Picture, x: float, y: float, radius: float, colour: Colour) -> None:
    """A disc with a wide halo, added as light."""
    if radius <= 0:
        return
    rows = np.arange(picture.shape[0], dtype=np.float32)[:, None]
    columns = np.arange(picture.shape[1], dtype=np.float32)[None, :]
    distance = np.hypot(columns - x, rows - y)
    disc = np.clip(radius - distance, 0, 1)
    halo = 0.55 * np.exp(-distance / (3 * radius))
    light = np.maximum(disc, halo)[..., None]
    picture += (np.array(colour, np.float32) - picture) * light


def wander(random: np.random.Generator, length: int, roughness: float) -> Plane:
    """A line of hills, 0 to 1, from octaves of random points."""
    line = np.zeros(length)
    for octave in range(2, 9):
        points = random.random(2**octave + 1)
        places = np.linspace(0, length - 1, len(points))
        line += np.interp(np.arange(length), places, points) * roughness ** (octave - 2)
    line = np.convolve(np.pad(line, 4, "edge"), np.ones(9) / 9, "valid")
    return np.asarray((line - line.min()) / np.ptp(line), np.float32)


def noise(size: tuple[int, int], seed: int, octaves: int) -> Plane:
    """Smooth hills over the whole plane, 0 to 1."""
    random = np.random.default_rng(seed)
    total = np.zeros((size[1], size[0]), np.float32)
    for octave in range(octaves):
        cells = 3 * 2**octave
        grid = Image.fromarray(random.random((cells, cells)).astype(np.float32))
        total += np.asarray(grid.resize(size, Image.Resampling.BICUBIC)) * 0.4**octave
    return np.asarray((total - total.min()) / np.ptp(total), np.float32)


def disc(radius: int, light: int) -> Image.Image:
    """A soft disc with a brighter rim, as a lens draws a far light."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float32)
    distance = np.hypot(x, y) / radius
    level = np.where(distance < 1, 0.75 + 0.25 * distance**6, 0) * np.clip(
        (1 - distance) * 40, 0, 1
    )
    return Image.fromarray((level * light).astype(np.uint8))


def add_light(image: Image.Image, spot: Image.Image, at: tuple[int, int]) -> None:
    """Add a spot of light to a picture, with its left upper corner at `at`."""
    box = (at[0], at[1], at[0] + spot.width, at[1] + spot.height)
    before = np.asarray(image.crop(box), np.int16)
    image.paste(to_image((before + np.asarray(spot, np.int16)).astype(np.float32)), at)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """The colour that lies `share` of the way from the first to the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def to_image(picture: Picture) -> Image.Image:
    """The picture as RGB, with what is too bright or too dark clipped."""
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
