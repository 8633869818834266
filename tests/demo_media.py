"""Makes what `make demo` cuts: a song, a dozen photos and four moving pictures, all our own.

`python tests/demo_media.py FOLDER` writes FOLDER/song.wav and FOLDER/media/. The song is written
last and put in place whole, so that it tells a finished folder from an interrupted one.
"""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image

import demo_photos
import demo_song
from footage import ENCODERS, ffmpeg

SIZE = (960, 540)
FPS = 25
FRAMES = 4 * FPS


def main(folder: Path) -> None:
    """Paint, film and compose into `folder`."""
    media = folder / "media"
    media.mkdir(parents=True, exist_ok=True)
    unfinished = folder / "song.unfinished.wav"
    with ProcessPoolExecutor() as pool:
        work = [pool.submit(film, name, media) for name in MOVING]
        work += [pool.submit(demo_photos.paint_all, media)]
        work += [pool.submit(demo_song.compose, unfinished)]
        for part in work:
            part.result()
    unfinished.rename(folder / "song.wav")


def film(name: str, folder: Path) -> None:
    """Paint the frames of one of `MOVING` and encode them."""
    frames = b"".join(_painted(MOVING[name]))
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{SIZE[0]}x{SIZE[1]}", "-r", str(FPS))
    encoder = (*ENCODERS[".mp4"], "-pix_fmt", "yuv420p")
    ffmpeg(*raw, "-i", "-", *encoder, folder / f"{name}.mp4", stdin=frames)


def _painted(paint: Callable[[float], Image.Image]) -> Iterator[bytes]:
    return (paint(number / FRAMES).tobytes() for number in range(FRAMES))


def _ride(share: float) -> Image.Image:
    sky = ((255, 222, 173), (240, 128, 108), (60, 30, 70))
    return demo_photos.ridges(SIZE, 21, sky, sun=(0.55, 0.3, 0.06), travel=share)


def _moonlight(share: float) -> Image.Image:
    colours = ((10, 14, 40), (44, 66, 120), (4, 8, 24))
    return demo_photos.sea(SIZE, 22, colours, stars=500, time_s=4 * share)


def _waves(share: float) -> Image.Image:
    colours = ((255, 226, 190), (255, 150, 110), (50, 60, 110))
    return demo_photos.sea(SIZE, 23, colours, time_s=4 * share)


def _lights(share: float) -> Image.Image:
    return demo_photos.bokeh(SIZE, 24, drift=0.15 * share)


MOVING: dict[str, Callable[[float], Image.Image]] = {
    "ride": _ride,
    "waves": _waves,
    "lights": _lights,
    "moonlight": _moonlight,
}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
