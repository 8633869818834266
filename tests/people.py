"""Pictures of one person at a known place, painted by code: what they are about is known to the
pixel. Knows nothing of BeatStitch."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from demo_brushes import Colour, gradient, noise, to_image

SCENES = ("meadow", "beach", "forest", "night", "street")


class Person(NamedTuple):
    """Where a person is in a picture: the middle of the body, 0–1 across and down, and how tall, as
    a share of the shorter side."""

    x: float
    y: float
    tall: float = 0.5


def painted(scene: str, size: tuple[int, int], person: Person, seed: int = 0) -> Image.Image:
    """The picture."""
    image = _ground(scene, size, seed)
    left, top, right, bottom = _box(size, person)
    skin, shirt, trousers, hair = _LOOKS[seed % len(_LOOKS)]
    draw = ImageDraw.Draw(image)
    high, middle, wide = bottom - top, (left + right) / 2, right - left
    waist, neck = top + 0.58 * high, top + 0.2 * high
    for side in (-1, 1):
        foot = middle + side * 0.2 * wide
        draw.line((middle, waist - 0.02 * high, foot, bottom), trousers, round(0.3 * wide))
        hand = middle + side * 0.48 * wide
        draw.line((middle, neck + 0.05 * high, hand, waist), shirt, round(0.2 * wide))
    draw.rounded_rectangle((left + 0.2 * wide, neck, right - 0.2 * wide, waist), 0.1 * wide, shirt)
    head = head_box(size, person)
    draw.ellipse(head, skin)
    draw.pieslice(head, 180, 360, hair)
    return image.filter(ImageFilter.GaussianBlur(max(size) / 900))


def head_box(size: tuple[int, int], person: Person) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the head, in pixels."""
    left, top, right, bottom = _box(size, person)
    radius, middle = 0.1 * (bottom - top), (left + right) / 2
    return middle - radius, top, middle + radius, top + 2 * radius


def _box(size: tuple[int, int], person: Person) -> tuple[float, float, float, float]:
    high = person.tall * min(size)
    x, y, half = person.x * size[0], person.y * size[1], 0.17 * high
    return x - half, y - high / 2, x + half, y + high / 2


_LOOKS: list[tuple[Colour, Colour, Colour, Colour]] = [
    ((224, 172, 138), (200, 40, 50), (40, 50, 90), (60, 40, 25)),
    ((110, 70, 48), (240, 240, 235), (60, 60, 66), (20, 16, 14)),
    ((240, 200, 170), (40, 90, 170), (190, 170, 130), (190, 150, 80)),
]
_COLOURS: dict[str, tuple[Colour, ...]] = {
    "meadow": ((120, 170, 225), (190, 215, 235), (90, 150, 60), (60, 115, 45)),
    "beach": ((90, 150, 210), (60, 120, 170), (214, 180, 140), (226, 196, 156)),
    "forest": ((50, 75, 40), (70, 95, 55), (60, 70, 40), (85, 75, 50)),
    "night": ((8, 10, 30), (20, 24, 50), (30, 28, 44), (14, 14, 24)),
    "street": ((200, 205, 210), (150, 145, 140), (120, 118, 116), (96, 94, 92)),
}


def _ground(scene: str, size: tuple[int, int], seed: int) -> Image.Image:
    picture = gradient(size, _COLOURS[scene])
    picture += 30 * (noise(size, seed, 6) - np.float32(0.5))[..., None]
    image = to_image(picture)
    draw = ImageDraw.Draw(image)
    random = np.random.default_rng(seed)
    if scene == "forest":
        for _ in range(9):
            x, wide = random.uniform(0, size[0]), random.uniform(0.01, 0.03) * size[0]
            draw.rectangle((x, 0, x + wide, size[1]), (52, 44, 36))
    if scene == "street":
        step = min(size) // 12
        for x in range(step // 2, size[0], step):
            for y in range(step // 2, size[1] * 6 // 10, step):
                draw.rectangle((x, y, x + step // 2, y + step // 2), (92, 98, 110))
    return image
