"""Footage with known truth: every frame wears a code that a test can read back from a film.

A code is a clip's id and the frame's number, painted as 10 × 10 black and white cells in the
middle of the picture: a white quiet ring, a black ring, and 6 × 6 cells of id, number and
checksum. It survives x264, 4:2:0, scaling, letterboxes, cropping to another aspect and a Ken Burns
zoom. In a dissolve it reads as the picture that dominates, or not at all; never as a third one.
This file knows nothing of BeatStitch.
"""

import subprocess
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Luma = NDArray[np.uint8]

CELLS = 10
DATA_CELLS = CELLS - 4
ID_BITS, FRAME_BITS, CHECK_BITS = 8, 14, 14
SHARE = 0.5
"""The code's side as a share of the picture's shorter side: half, so that a 9:16 photo that is
cropped to fill 16:9 (31 % of its height is left) still shows all of it."""

ENCODERS: dict[str, tuple[str, ...]] = {
    ".mp4": ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18"),
    ".mov": ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18"),
    ".mkv": ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18"),
    ".webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M"),
    ".avi": ("-c:v", "mpeg4", "-q:v", "3"),
}


class Code(NamedTuple):
    """What one frame says of itself: its clip (0–255) and its number in it, from 0."""

    clip_id: int
    frame: int


def ffmpeg(*arguments: str | Path, stdin: bytes | None = None) -> bytes:
    """Run FFmpeg and give its standard output. Fails the test with its words where it fails."""
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"ffmpeg {arguments}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def coded_clip(
    path: Path,
    clip_id: int,
    *,
    frames: int = 60,
    fps: str = "30",
    size: tuple[int, int] = (640, 360),
    filters: str = "",
    encoder: Sequence[str] | None = None,
    options: Sequence[str] = (),
    has_sound: bool = False,
) -> Path:
    """A clip of `frames` coded frames at `fps` ("30000/1001" too), `size` px as painted.

    `filters` come between paint and encoder (a squeeze, a rotation, dropped frames); the encoder
    follows from the file name unless it is given. `has_sound` adds a hum of 220 Hz.
    """
    width, height = size
    sound = ("-f", "lavfi", "-i", "sine=frequency=220:sample_rate=44100") if has_sound else ()
    ffmpeg(
        *("-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-r", fps, "-i", "-"),
        *sound,
        *(("-shortest", "-c:a", "aac") if has_sound else ()),
        *("-vf", f"setsar=1,{filters or 'null'}", *(encoder or ENCODERS[path.suffix]), *options),
        path,
        stdin=b"".join(_yuv420(clip_id, number, size) for number in range(frames)),
    )
    return path


def coded_photo(
    path: Path, clip_id: int, *, size: tuple[int, int] = (640, 360), **save: Any
) -> Path:
    """A photo with the code (clip_id, 0), in the format of its name; `save` goes to Pillow."""
    coded_image(clip_id, size).save(path, **save)
    return path


def coded_image(clip_id: int, size: tuple[int, int] = (640, 360)) -> Image.Image:
    """The same picture as RGB in memory, to be stored in ways of one's own."""
    width, height = size
    blue, red = _tint(clip_id)
    planes = [paint(Code(clip_id, 0), width, height)]
    planes += [np.full((height, width), tint, np.uint8) for tint in (blue, red)]
    return Image.fromarray(np.dstack(planes), "YCbCr").convert("RGB")


def paint(code: Code, width: int, height: int) -> Luma:
    """The luma (16–235) of one coded frame: a slope that drifts, and the code in the middle."""
    x = np.arange(width, dtype=np.float32)
    y = np.arange(height, dtype=np.float32)[:, None]
    slope = 125 + 45 * np.sin(6.28 * (x + y + 3 * code.frame) / (width + height))
    luma = slope.astype(np.uint8)
    cell = max(1, round(min(width, height) * SHARE / CELLS))
    grid = np.where(_pattern(code), 235, 16).astype(np.uint8).repeat(cell, 0).repeat(cell, 1)
    top, left = (height - cell * CELLS) // 2, (width - cell * CELLS) // 2
    luma[top : top + cell * CELLS, left : left + cell * CELLS] = grid
    return luma


def read_codes(film: Path) -> list[Code | None]:
    """What every frame of a film says, in order; None where no code can be read."""
    reader = _Reader()
    return [reader.read(frame) for frame in _frames(film)]


def read_photo(photo: Path | Image.Image) -> Code | None:
    """What a still says, seen as its pixels lie (without regard to an EXIF orientation)."""
    image = photo if isinstance(photo, Image.Image) else Image.open(photo)
    grey = image.convert("RGB").convert("L")  # by way of RGB, for a palette may hold transparency
    grey.thumbnail((LONG_SIDE, LONG_SIDE))
    return _Reader().read(np.asarray(grey))


def find_cuts(codes: Sequence[Code | None], max_step: int = 4) -> list[int]:
    """The frames at which the picture changes: another clip, or another place in the same one.

    Within a segment frame numbers rise by 0 to `max_step` a frame. A run of unreadable frames (a
    dissolve) counts at the first readable frame after it.
    """
    seen = [(index, code) for index, code in enumerate(codes) if code is not None]
    return [
        index
        for (before, old), (index, new) in pairwise(seen)
        if new.clip_id != old.clip_id
        or not 0 <= new.frame - old.frame <= max_step * (index - before)
    ]


# --- painting --------------------------------------------------------------------------------


def _pattern(code: Code) -> NDArray[np.bool_]:
    cells = np.ones((CELLS, CELLS), bool)
    cells[1:-1, 1:-1] = False
    word = code.clip_id << FRAME_BITS | code.frame
    word = word << CHECK_BITS | _check(code)
    bits = [bool(word >> place & 1) for place in reversed(range(DATA_CELLS**2))]
    cells[2:-2, 2:-2] = np.array(bits).reshape(DATA_CELLS, DATA_CELLS)
    return cells


def _check(code: Code) -> int:
    return zlib.crc32(bytes((code.clip_id, code.frame >> 8, code.frame & 255))) % (1 << CHECK_BITS)


def _yuv420(clip_id: int, number: int, size: tuple[int, int]) -> bytes:
    width, height = size
    quarter = ((width + 1) // 2) * ((height + 1) // 2)
    blue, red = _tint(clip_id)
    luma = paint(Code(clip_id, number), width, height).tobytes()
    return luma + bytes([blue]) * quarter + bytes([red]) * quarter


def _tint(clip_id: int) -> tuple[int, int]:
    angle = clip_id * 2.399963  # the golden angle: neighbouring ids look different
    return round(128 + 50 * np.cos(angle)), round(128 + 50 * np.sin(angle))


# --- reading ---------------------------------------------------------------------------------

LONG_SIDE = 640
REACH = 0.085  # how far a pan within a 1.15 zoom moves the middle, as a share of each side
REMEMBERED = 6
_SIDES = 1.05 ** np.arange(-31, 4)  # of the code, as shares of the picture's shorter side
_RING = [(1, 1), (1, 8), (8, 1), (8, 8), (1, 4), (4, 8), (8, 5), (5, 1)]
_QUIET = [(0, 0), (0, 9), (9, 0), (9, 9), (0, 4), (4, 9), (9, 5), (5, 0)]


def _frames(film: Path) -> Iterator[Luma]:
    shape = (
        f"scale=iw*sar:ih,scale={LONG_SIDE}:{LONG_SIDE}:force_original_aspect_ratio=decrease,"
        "setsar=1,format=gray"
    )
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(film), "-map", "0:v:0", "-vf", shape]
    argv += ["-fps_mode", "passthrough", "-c:v", "pgm", "-f", "image2pipe", "-"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as decoder:
        assert decoder.stdout is not None
        while decoder.stdout.readline():  # "P5"
            width, height = map(int, decoder.stdout.readline().split())
            decoder.stdout.readline()  # "255"
            pixels = decoder.stdout.read(width * height)
            yield np.frombuffer(pixels, np.uint8).reshape(height, width)
    assert decoder.returncode == 0, f"{film} can't be decoded"


class _Reader:
    """Finds and reads the code of frame after frame, looking first where it lay before."""

    def __init__(self) -> None:
        self._places: list[NDArray[np.float64]] = []
        self._candidates: dict[tuple[int, ...], NDArray[np.float64]] = {}

    def read(self, luma: Luma) -> Code | None:
        sums = np.zeros((luma.shape[0] + 1, luma.shape[1] + 1), np.int64)
        sums[1:, 1:] = luma.cumsum(0, dtype=np.int64).cumsum(1)
        if self._places and (known := self._decode(sums, np.array(self._places))):
            return known
        places = self._everywhere(luma.shape[0], luma.shape[1])
        ring = _means(sums, places, _RING).max(1)
        quiet = _means(sums, places, _QUIET).min(1)
        contrast = quiet - ring
        likely = np.flatnonzero(contrast > 90)
        best = likely[np.argsort(-contrast[likely])][:60]
        return self._decode(sums, places[best])

    def _decode(self, sums: NDArray[np.int64], places: NDArray[np.float64]) -> Code | None:
        """The first code among the places that is sharp in every cell and passes its checksum."""
        every = [(row, column) for row in range(CELLS) for column in range(CELLS)]
        for place, flat in zip(places, _means(sums, places, every), strict=True):
            cells = flat.reshape(CELLS, CELLS)
            black = np.median([cells[cell] for cell in _RING])
            white = np.median([cells[cell] for cell in _QUIET])
            if white - black < 90:
                continue
            data = (cells[2:-2, 2:-2].ravel() - black) / (white - black)
            if np.any(np.abs(data - 0.5) < 0.18):
                continue
            word = int("".join("1" if share > 0.5 else "0" for share in data), 2)
            code = Code(word >> FRAME_BITS + CHECK_BITS, word >> CHECK_BITS & 2**FRAME_BITS - 1)
            if word % (1 << CHECK_BITS) == _check(code):
                self._remember(place)
                return code
        return None

    def _remember(self, place: NDArray[np.float64]) -> None:
        others = [known for known in self._places if not np.array_equal(known, place)]
        self._places = [place, *others][:REMEMBERED]

    def _everywhere(self, height: int, width: int) -> NDArray[np.float64]:
        """All places to try as rows of (side, middle x, middle y) in px, about 0.4 cells apart."""
        if (height, width) not in self._candidates:
            rows = [
                (side, x, y)
                for side in _SIDES * min(width, height)
                for x in _steps(width, side)
                for y in _steps(height, side)
            ]
            self._candidates[height, width] = np.array(rows)
        return self._candidates[height, width]


def _steps(length: int, side: float) -> NDArray[np.float64]:
    reach = REACH * length
    count = 2 * int(np.ceil(reach / (0.4 * side / CELLS))) + 1
    return length / 2 + np.linspace(-reach, reach, count)


def _means(
    sums: NDArray[np.int64], places: NDArray[np.float64], cells: Sequence[tuple[int, int]]
) -> NDArray[np.float64]:
    """The mean luma of the middle of each cell, one row per place."""
    side, x, y = (column[:, None] for column in places.T)
    rows, columns = np.array(cells).T
    cell = side / CELLS
    half = np.maximum(0.3 * cell, 0.5)
    left = x - side / 2 + (columns + 0.5) * cell - half
    top = y - side / 2 + (rows + 0.5) * cell - half
    height, width = sums.shape[0] - 1, sums.shape[1] - 1
    x0 = np.clip(np.rint(left).astype(int), 0, width - 1)
    y0 = np.clip(np.rint(top).astype(int), 0, height - 1)
    x1 = np.clip(np.rint(left + 2 * half).astype(int), x0 + 1, width)
    y1 = np.clip(np.rint(top + 2 * half).astype(int), y0 + 1, height)
    total = sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]
    return np.asarray(total / ((x1 - x0) * (y1 - y0)))
