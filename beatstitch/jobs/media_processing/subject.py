"""Where the subject of a picture is, for crops to keep it and cameras to go to it. Arithmetic on
small pictures alone; knows no file and no film.

What stands out is sparse before a background of few frequencies (Hou, Harel and Koch, "Image
Signature", IEEE TPAMI 34(1), 2012), unlike the colours along the edges (Zhang et al., "Minimum
Barrier Salient Object Detection at 80 FPS", ICCV 2015), and, where there is only some of it, has
the colours of skin (Chai and Ngan, IEEE TCSVT 9(4), 1999). It is rather in the middle than not.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from beatstitch.timeline.edl import Focus

SIDE_PX = 96
"""The long side of the pictures that are looked at: enough for a face."""
# What is blurred to be seen as one, in shares of the long side: a thing, its outline, some skin;
# and a subject, of the short side.
THING, OUTLINE, SKIN, SUBJECT = 0.035, 0.015, 0.02, 0.12
# Where a subject is expected, rather above the middle than below, and how far from there: the
# deviation of a bell, in widths and heights.
EXPECTED_AT, EXPECTED_WITHIN = Focus(0.5, 0.45), 0.36
# Colours that are so many deviations from those of the edges are wholly unlike them.
UNLIKE = 6.0
# More skin than this is sand, wood or a sunset.
MOST_SKIN = 0.35
# A place is the subject's for sure when no other that is so far away (a share of the long side)
# stands out by nearly as much, and something is unlike the edges. Of 60 real pictures one was less
# sure than the least, a flower that goes beyond three edges; all of people were above 0.9.
APART, SURE_LEAD, NOT_UNLIKE, SURELY_UNLIKE = 0.3, 0.4, 0.8, 1.8
LEAST_SURE = 0.25
# What stands out goes on up and down as long as it is more than this; its point is so far down.
FAINT, CHEST = 0.3, 0.4
Plane = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def find(pictures: Sequence[Image.Image]) -> Focus | None:
    """The point where most stands out in a photo, or in some moments of a clip, all RGB and of one
    shape: nearer to where it is expected the less it leads, and None where nothing does."""
    size = size_of(*pictures[0].size)
    small = [picture.resize(size, Image.Resampling.BOX) for picture in pictures]
    looked_at = [_look(np.asarray(picture, np.float64)) for picture in small]
    seen = np.sum([plane for plane, _ in looked_at], axis=0)
    height, width = seen.shape
    row, column = divmod(int(seen.argmax()), width)
    sure = _lead(seen, row, column) * float(np.median([unlike for _, unlike in looked_at]))
    if sure < LEAST_SURE:
        return None
    x, y = (column + 0.5) / width, _chest(seen[:, column], row) / height
    at = EXPECTED_AT
    return Focus(round(at.x + sure * (x - at.x), 3), round(at.y + sure * (y - at.y), 3))


def size_of(width: int, height: int) -> tuple[int, int]:
    """The size at which a picture of that size is looked at."""
    scale = min(1.0, SIDE_PX / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _lead(seen: Plane, row: int, column: int) -> float:
    """By how much this place stands out more than any that is far from it, 0 to 1."""
    rows, columns = np.indices(seen.shape)
    far = np.hypot(rows - row, columns - column) > APART * max(seen.shape)
    if not far.any() or not seen[row, column]:
        return 0.0
    return float(min(1.0, (1 - seen[far].max() / seen[row, column]) / SURE_LEAD))


def _chest(column: Plane, row: int) -> float:
    """Less than half down what stands out around a place: a crop may cut feet off, but no head."""
    faint = np.flatnonzero(column <= FAINT * column[row])
    top = int(faint[faint < row].max(initial=-1)) + 1
    bottom = int(faint[faint > row].min(initial=len(column)))
    return top + CHEST * (bottom - top)


def _look(rgb: Plane) -> tuple[Plane, float]:
    """How much each place of a picture stands out, and how surely anything does, 0 to 1."""
    long, short = max(rgb.shape[:2]), min(rgb.shape[:2])
    colours = _opponents(rgb)
    sparse = _to_one(np.sum([_sparse(plane, THING * long) for plane in colours], axis=0))
    unlike = _unlike_the_edges(np.moveaxis(colours, 0, -1))
    outlined = _blurred(np.minimum(unlike / UNLIKE, 1), OUTLINE * long)
    skin = _skin(rgb, colours[0])
    some_skin = _blurred(skin, SKIN * long) * max(0.0, 1 - float(skin.mean()) / MOST_SKIN)
    stands_out = sparse * (0.4 + 0.6 * outlined) + 0.4 * outlined**2
    stands_out += 0.4 * some_skin * (0.3 + 0.7 * sparse)
    seen = _blurred((stands_out * _expected(sparse.shape)) ** 2, SUBJECT * short)
    sure = (float(np.percentile(unlike, 95)) - NOT_UNLIKE) / (SURELY_UNLIKE - NOT_UNLIKE)
    return _to_one(seen), min(1.0, max(0.0, sure))


def _opponents(rgb: Plane) -> Plane:
    """Light, red against green, and blue against yellow: as eyes send it on."""
    red, green, blue = np.moveaxis(rgb, -1, 0)
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    return np.stack([light, red - green, blue - (red + green) / 2])


def _sparse(plane: Plane, blur_px: float) -> Plane:
    """What is sparse in a plane: the squares of what the signs of its cosine transform alone make,
    which are the phases of the mirrored plane. A plane with little in it counts little."""
    both = _mirrored(plane)
    spectrum = np.fft.rfft2(both)
    signs = np.fft.irfft2(spectrum / np.maximum(np.abs(spectrum), 1e-3), both.shape)
    height, width = plane.shape
    weight = float(plane.std() / (plane.std() + 4))
    return weight * _to_one(_blurred(signs[:height, :width] ** 2, blur_px))


def _unlike_the_edges(colours: Plane) -> Plane:
    """How many deviations each colour is from those along the edges, the edge that it is least like
    left out: a subject may touch one."""
    height, width, _ = colours.shape
    deep = max(2, min(height, width) // 10)
    strips = (colours[:deep], colours[-deep:], colours[:, :deep], colours[:, -deep:])
    far = np.stack([_deviations(colours, strip.reshape(-1, 3)) for strip in strips])
    return np.asarray((far.sum(axis=0) - far.max(axis=0)) / 3)


def _deviations(colours: Plane, known: Plane) -> Plane:
    """The Mahalanobis distance of colours from known ones, which vary by 6 of 255 at least."""
    apart = known - known.mean(axis=0)
    spread = np.einsum("ni,nj->ij", apart, apart) / len(known) + 40 * np.eye(3)
    off = colours - known.mean(axis=0)
    squares = np.einsum("hwi,ij,hwj->hw", off, np.linalg.inv(spread), off)
    return np.asarray(np.sqrt(np.maximum(squares, 0)))


def _skin(rgb: Plane, light: Plane) -> Plane:
    """1 where a colour may be skin, of any people: they differ in light and not in hue."""
    blue_off, red_off = 0.564 * (rgb[..., 2] - light), 0.713 * (rgb[..., 0] - light)
    may_be = (blue_off > -51) & (blue_off < -1) & (red_off > 5) & (red_off < 45) & (light > 50)
    return may_be.astype(np.float64)


def _expected(shape: tuple[int, ...]) -> Plane:
    """Where subjects are, before one has looked."""
    down, across = ((np.arange(side) + 0.5) / side for side in shape)
    off = (down - EXPECTED_AT.y, across - EXPECTED_AT.x)
    return np.asarray(np.outer(*(np.exp(-(away**2) / (2 * EXPECTED_WITHIN**2)) for away in off)))


def _blurred(plane: Plane, blur_px: float) -> Plane:
    """By a bell of that deviation; beyond the edges the plane is mirrored."""
    both = _mirrored(plane)
    down, across = np.fft.fftfreq(both.shape[0])[:, None], np.fft.rfftfreq(both.shape[1])
    bell = np.exp(-2 * (np.pi * blur_px) ** 2 * (down**2 + across**2))
    height, width = plane.shape
    # The transform leaves traces below zero where nothing is.
    return np.maximum(np.fft.irfft2(np.fft.rfft2(both) * bell, both.shape)[:height, :width], 0)


def _mirrored(plane: Plane) -> Plane:
    return np.pad(plane, [(0, side) for side in plane.shape], "symmetric")


def _to_one(plane: Plane) -> Plane:
    most = float(plane.max())
    return plane / most if most else plane
