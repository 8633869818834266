"""The demo's photos: a dozen pictures of places that do not exist, painted with numpy and Pillow.

Every painter is a function of a size and a seed and gives an RGB picture. Nothing of BeatStitch.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from demo_brushes import (
    Colour,
    Plane,
    add_light,
    disc,
    glow,
    gradient,
    mix,
    noise,
    to_image,
    wander,
)

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"
WIDE, TALL, SQUARE = (1920, 1280), (1280, 1920), (1600, 1600)


def paint_all(folder: Path) -> None:
    """Write twelve JPEGs, wide, tall and square, named in the order of a day."""
    for number, (name, image) in enumerate(_day().items(), start=1):
        image.save(folder / f"{number:02}_{name}.jpg", quality=90)


def _day() -> dict[str, Image.Image]:
    dawn = ((255, 209, 148), (209, 145, 160), (94, 99, 142))
    dusk = ((255, 140, 66), (196, 69, 105), (44, 24, 64))
    mist = ((214, 232, 238), (120, 170, 190), (18, 50, 71))
    return {
        "dawn": ridges(WIDE, 1, dawn, sun=(0.68, 0.3, 0.07)),
        "sea": sea(WIDE, 2, ((255, 236, 196), (250, 160, 120), (40, 80, 120))),
        "forest": forest(TALL, 3),
        "balloons": balloons(WIDE, 4),
        "mist": ridges(TALL, 5, mist, sun=(0.3, 0.2, 0.0)),
        "map": contours(SQUARE, 6),
        "poster": poster(TALL, 7),
        "circles": circles(SQUARE, 8),
        "dusk": ridges(WIDE, 9, dusk, sun=(0.4, 0.38, 0.12)),
        "lights": bokeh(WIDE, 10),
        "aurora": aurora(WIDE, 11),
        "moon": sea(TALL, 12, ((10, 14, 40), (40, 60, 110), (4, 8, 24)), stars=600),
    }


def ridges(
    size: tuple[int, int],
    seed: int,
    sky: Sequence[Colour],
    sun: tuple[float, float, float],
    travel: float = 0.0,
) -> Image.Image:
    """Mountains behind mountains under a low sun (x, y, radius as shares of the picture).

    `travel` moves the eye to the right, in widths of the picture at the nearest ridge.
    """
    width, height = size
    picture = gradient(size, sky[:2])
    glow(picture, sun[0] * width, sun[1] * height, sun[2] * width, (255, 244, 214))
    rows = np.arange(height, dtype=np.float32)[:, None]
    for near, top in _skylines(width, height, seed, travel):
        highest = max(0, int(top.min()))
        haze = 0.25 * np.clip((rows[highest:] - top) / (0.35 * height), 0, 1)[..., None]
        tint = np.array(mix(sky[1], sky[2], near**0.8), np.float32)
        tint = tint + (np.array(sky[1], np.float32) - tint) * haze
        np.copyto(picture[highest:], tint, where=(rows[highest:] >= top)[..., None])
    return to_image(picture)


def _skylines(
    width: int, height: int, seed: int, travel: float, layers: int = 6
) -> Iterator[tuple[float, Plane]]:
    """How near each ridge is (to 1) and where it begins in each column, from the farthest on."""
    random = np.random.default_rng(seed)
    for layer in range(layers):
        near = (layer + 1) / layers
        line = wander(random, 4096, roughness=0.55)
        places = 400 + 670 * travel * near**2 + np.linspace(0, 670, width)
        heights = np.interp(places, np.arange(4096), line)
        top = height * (0.42 + 0.5 * near**1.3 - 0.22 * heights)
        yield near, top.astype(np.float32)


def sea(
    size: tuple[int, int], seed: int, colours: Sequence[Colour], stars: int = 0, time_s: float = 0
) -> Image.Image:
    """Water under a sun or moon, with its path of light; `time_s` moves the waves."""
    width, height = size
    horizon = round(height * 0.55)
    picture = gradient(size, colours[:2])
    random = np.random.default_rng(seed)
    for x, y, light in random.random((stars, 3)):
        picture[int(y * horizon), int(x * width)] += 40 + 200 * light**4
    radius = 0.05 * max(size)
    glow(picture, width / 2, horizon * 0.55, radius, (255, 250, 235))
    rows = np.arange(height - horizon, dtype=np.float32)[:, None]
    depth = rows / (height - horizon)
    x = np.arange(width, dtype=np.float32)[None, :]
    far = 1 / (depth + 0.06)
    wave = np.sin(far * 14 + time_s * 2 + 3 * np.sin(x * 0.004 * far + time_s))
    wave += 0.6 * np.sin(x * 0.02 * far + far * 9 - time_s * 1.7 + seed)
    path = np.exp(-(((x - width / 2) / (radius * (0.6 + 3 * depth))) ** 2))
    shine = np.clip(wave * 0.5, 0, 1) * path
    water = (
        np.array(colours[1], np.float32) * (1 - depth[..., None])
        + np.array(colours[2], np.float32) * depth[..., None]
    )
    picture[horizon:] = water + (10 * wave + 200 * shine)[..., None]
    return to_image(picture)


def forest(size: tuple[int, int], seed: int) -> Image.Image:
    """Trunks in fog, the near ones dark."""
    random = np.random.default_rng(seed)
    image = to_image(gradient(size, ((236, 240, 214), (196, 214, 176), (120, 150, 110))))
    width, height = size
    for layer in range(7):
        near = (layer + 1) / 7
        draw = ImageDraw.Draw(image)
        colour = mix((206, 220, 190), (24, 40, 30), near)
        for _ in range(round(16 - 9 * near)):
            x, lean = random.uniform(0, width), random.uniform(-0.03, 0.03) * height
            thick = width * 0.035 * near * random.uniform(0.6, 1.2)
            draw.polygon(
                [(x, height), (x + lean, 0), (x + lean + thick * 0.6, 0), (x + thick, height)],
                fill=colour,
            )
        image = image.filter(ImageFilter.GaussianBlur(3 * (1 - near) + 0.6))
    fern = ridges(size, seed, ((0, 0, 0), (90, 130, 60), (16, 34, 18)), sun=(0, 0, 0))
    mask = Image.linear_gradient("L").resize(size).point(lambda v: max(0, (v - 200) * 4))
    return Image.composite(fern, image, mask)


def balloons(size: tuple[int, int], seed: int) -> Image.Image:
    """Hot-air balloons over hills in the morning."""
    random = np.random.default_rng(seed)
    hills = ((173, 216, 240), (255, 226, 190), (70, 120, 90))
    image = ridges(size, seed, hills, sun=(0.12, 0.2, 0.05)).resize((size[0] * 2, size[1] * 2))
    draw = ImageDraw.Draw(image)
    paint = ((214, 64, 69), (247, 178, 61), (46, 134, 171), (244, 241, 222), (88, 60, 120))
    places = ((0.2, 0.24, 0.15), (0.52, 0.16, 0.09), (0.74, 0.34, 0.2), (0.4, 0.42, 0.06))
    for x, y, share in places:
        radius = share * image.height / 2
        left, top = x * image.width, y * image.height
        first, second = (paint[i] for i in random.permutation(len(paint))[:2])
        basket = (left - 0.16 * radius, top + 1.75 * radius, left + 0.16 * radius, top + 2 * radius)
        draw.polygon(
            [
                (left - 0.8 * radius, top + 0.6 * radius),
                (left + 0.8 * radius, top + 0.6 * radius),
                (left + 0.12 * radius, top + 1.7 * radius),
                (left - 0.12 * radius, top + 1.7 * radius),
            ],
            fill=first,
        )
        for share_x in (1.0, 0.66, 0.3):
            colour = second if share_x == 0.66 else first
            half = radius * share_x
            draw.ellipse((left - half, top - radius, left + half, top + radius), fill=colour)
        draw.rectangle(basket, fill=(94, 62, 40))
    return image.resize(size, Image.Resampling.LANCZOS)


def contours(size: tuple[int, int], seed: int) -> Image.Image:
    """A map of hills by their lines of equal height."""
    hills = noise(size, seed, 4)
    steps = np.abs((hills * 14) % 1 - 0.5)
    line = np.clip(1 - steps / 0.06, 0, 1)[..., None]
    low, high = np.array((20, 60, 70), np.float32), np.array((236, 214, 160), np.float32)
    ground = low + (high - low) * np.floor(hills * 14)[..., None] / 14
    return to_image(ground * (1 - 0.6 * line))


def poster(size: tuple[int, int], seed: int) -> Image.Image:
    """Three words in big letters, cut by a beam of light."""
    width, height = size
    image = to_image(gradient(size, ((250, 88, 89), (255, 176, 59), (255, 226, 120))))
    draw = ImageDraw.Draw(image)
    random = np.random.default_rng(seed)
    for ray in range(0, 24, 2):
        angles = [2 * np.pi * (ray + side + random.uniform(-0.2, 0.2)) / 24 for side in (0, 1)]
        ends = [(width / 2 + 2400 * np.cos(a), height * 0.7 + 2400 * np.sin(a)) for a in angles]
        draw.polygon([(width / 2, height * 0.7), *ends], fill=(255, 205, 90))
    for row, word in enumerate(("CUT", "TO THE", "BEAT")):
        font = ImageFont.truetype(FONT, round(width * 1.15 / len(word)))
        font = font if len(word) < 6 else ImageFont.truetype(FONT, round(width * 0.22))
        draw.text((width / 2, height * (0.2 + 0.27 * row)), word, (48, 25, 52), font, "mm")
    return image


def circles(size: tuple[int, int], seed: int) -> Image.Image:
    """Quarter circles on a grid, in five colours."""
    random = np.random.default_rng(seed)
    paint = ((239, 71, 111), (255, 209, 102), (6, 214, 160), (17, 138, 178), (7, 59, 76))
    image = Image.new("RGB", (size[0] * 2, size[1] * 2), (244, 241, 222))
    draw = ImageDraw.Draw(image)
    cell = image.width // 5
    for row in range(5):
        for column in range(5):
            left, top = column * cell, row * cell
            back, front = (paint[i] for i in random.permutation(5)[:2])
            draw.rectangle((left, top, left + cell, top + cell), fill=back)
            quarter = int(random.integers(4))
            x, y = left - cell * (quarter % 2), top - cell * (quarter // 2)
            draw.pieslice(
                (x, y, x + 2 * cell, y + 2 * cell),
                (180, 270, 90, 0)[quarter],
                (270, 360, 180, 90)[quarter],
                fill=front,
            )
    return image.resize(size, Image.Resampling.LANCZOS)


def bokeh(size: tuple[int, int], seed: int, drift: float = 0.0) -> Image.Image:
    """The lights of a town at night, out of focus; `drift` moves them, near ones faster."""
    width, height = size
    random = np.random.default_rng(seed)
    image = to_image(gradient(size, ((12, 10, 34), (30, 16, 54), (64, 24, 60))))
    warm = ((255, 176, 84), (255, 108, 96), (120, 190, 255), (255, 226, 170), (230, 110, 220))
    for near, x, y, hue in random.random((90, 4)):
        radius = round((0.012 + 0.05 * near**2) * width)
        level = disc(radius, 60 + round(90 * (1 - near)))
        spot = Image.new("RGB", level.size)
        spot.paste(warm[int(hue * len(warm))], (0, 0, *level.size), level)
        left = ((x + drift * (0.2 + near)) % 1.2 - 0.1) * width - radius
        add_light(image, spot, (round(left), round((0.25 + 0.6 * y) * height - radius)))
    return image


def aurora(size: tuple[int, int], seed: int) -> Image.Image:
    """Northern lights over a dark ridge."""
    width, height = size
    night = ridges(size, seed, ((6, 12, 34), (18, 40, 66), (4, 8, 16)), sun=(0, 0, 0))
    curtain = np.zeros((height, width), np.float32)
    random = np.random.default_rng(seed)
    y = np.arange(height, dtype=np.float32)[:, None]
    for band in range(4):
        line = wander(random, width, roughness=0.35)
        foot = height * (0.3 + 0.09 * band) - 0.22 * height * line[None, :]
        rays = 0.6 + 0.4 * np.interp(
            np.arange(width), np.arange(0, width, 9), random.random(len(range(0, width, 9)))
        )
        above = np.clip((foot - y) / (0.3 * height), 0, 1)
        curtain += np.where(y < foot, np.exp(-4 * above) * rays * (1 - above), 0)
    light = curtain[..., None] * np.array((60, 220, 140), np.float32) * 0.6
    light += (curtain**2)[..., None] * np.array((120, 40, 160), np.float32) * 0.25
    picture = np.asarray(night, np.float32)
    sky = (np.arange(height) < height * 0.8)[:, None, None]
    return to_image(picture + light * sky)
