"""`make looks`: every transition, move, fit, beat effect and crop on one sheet, to be looked at.

Photos are the demo's, painted by code; each row is a short film, rendered as the product renders
it, of which every second frame is shown.
"""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import get_args

from PIL import Image, ImageDraw, ImageFont

import demo_photos
from beatstitch.ffmpeg.command import run_command
from beatstitch.ffmpeg.run import Limits
from beatstitch.jobs.media_processing.subject import find
from beatstitch.render.beat_effects import Flash
from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.command import CHUNK_FILE, chunk_command
from beatstitch.render.profile import Profile, final
from beatstitch.render.source import Source
from beatstitch.timeline.edl import MIDDLE, Focus, KenBurns
from beatstitch.timeline.settings import TransitionType, read_settings
from footage import ffmpeg
from people import Person, painted

FRAMES, SHOWN = 24, 12
SIZES = {
    "landscape": (320, 180),
    "portrait": (102, 180),
    "square": (180, 180),
    "feed": (144, 180),
}
LABEL_PX, HEIGHT_PX = 210, 184
PEOPLE = {
    "meadow": Person(0.75, 0.35),
    "beach": Person(0.18, 0.55),
    "forest": Person(0.3, 0.65),
    "street": Person(0.85, 0.5),
}


def main(sheet: Path) -> None:
    """Write the sheet."""
    with tempfile.TemporaryDirectory() as folder:
        photos = list(_painted(Path(folder)))
        rows = [
            (name, _shots(name, Chunk(pieces), profile, Path(folder)))
            for name, profile, pieces in _films(photos, list(_people(Path(folder))))
        ]
    width = LABEL_PX + max(sum(shot.width + 2 for shot in shots) for _, shots in rows)
    page = Image.new("RGB", (width, HEIGHT_PX * len(rows)), "white")
    write = ImageDraw.Draw(page)
    font = ImageFont.truetype(demo_photos.FONT, 16)
    for row, (name, shots) in enumerate(rows):
        write.text((6, row * HEIGHT_PX + 80), name, "black", font=font)
        for column, shot in enumerate(shots):
            page.paste(shot, (LABEL_PX + column * (shot.width + 2), row * HEIGHT_PX))
    page.save(sheet)
    sys.stdout.write(f"{sheet}\n")


def _painted(folder: Path) -> Iterator[Source]:
    media = folder / "media"
    media.mkdir()
    demo_photos.paint_all(media)
    for path in sorted(media.iterdir()):
        with Image.open(path) as image:
            width, height = image.size
        yield Source(path.stem, str(path), "", "image", "jpeg_pipe", width, height)


def _people(folder: Path) -> Iterator[tuple[Source, Focus]]:
    """Persons at the sides of pictures, and where they were found."""
    for seed, (scene, place) in enumerate(PEOPLE.items()):
        size = (1440, 960) if seed % 2 else (960, 1440)
        image, path = painted(scene, size, place, seed), folder / f"{scene}.jpg"
        image.save(path, quality=95)
        yield Source(scene, str(path), "", "image", "jpeg_pipe", *size), find([image]) or MIDDLE


def _found(people: list[tuple[Source, Focus]]) -> tuple[Piece, ...]:
    """Each of them for a while, with the camera on its way."""
    lasts = FRAMES // len(people)
    move = KenBurns(True, 1.0, 1.12)
    return tuple(
        Piece(i * lasts, lasts, (Layer(source, 0, Fraction(1), move.around(focus), 0, lasts),))
        for i, (source, focus) in enumerate(people)
    )


def _films(
    photos: list[Source], people: list[tuple[Source, Focus]]
) -> Iterator[tuple[str, Profile, tuple[Piece, ...]]]:
    wide = [photo for photo in photos if photo.width > photo.height]
    tall = next(photo for photo in photos if photo.width < photo.height)
    across, upright = _profile("landscape"), _profile("portrait")
    first, second = Layer(wide[0]), Layer(wide[1])
    for kind in get_args(TransitionType)[1:]:
        yield kind, across, (_met(kind, first, second),)
    for name, move in {
        "move: in": KenBurns(True, 1.0, 1.12, 0.5, 0.5, 0.62, 0.42),
        "move: out": KenBurns(True, 1.12, 1.0, 0.38, 0.42),
        "move: to a corner": KenBurns(True, 1.0, 2.0, 0.5, 0.5, 1.0, 0.0),
        "move: across": KenBurns(True, 1.5, 1.5, 0.0, 0.5, 1.0, 0.5),
    }.items():
        yield name, across, (_alone(Layer(wide[2], ken_burns=move, move_frames=FRAMES)),)
    yield "pulse", across, (_alone(replace(first, pulse=0.08, beat_frames=(0, 12))),)
    yield "flash", across, (replace(_alone(first), flashes=(Flash(0, 0.7), Flash(12, 0.4))),)
    for name, look, photo in (
        ("tall in wide", across, tall),
        ("wide in tall", upright, wide[0]),
    ):
        for fit in ("auto", "cover", "contain"):
            yield f"{name}: {fit}", replace(look, fit=fit), (_alone(Layer(photo)),)
    for shape in SIZES:
        yield f"person: {shape}", replace(_profile(shape), fit="cover"), _found(people)


def _profile(shape: str) -> Profile:
    width, height = SIZES[shape]
    return final(read_settings({"output_width": width, "output_height": height}))


def _alone(layer: Layer) -> Piece:
    return Piece(0, FRAMES, (layer,), cut_frame=0)


def _met(kind: TransitionType, first: Layer, second: Layer) -> Piece:
    return Piece(0, FRAMES, (first, second), kind, cut_frame=FRAMES // 2)


def _shots(name: str, chunk: Chunk, profile: Profile, folder: Path) -> list[Image.Image]:
    place = folder / name.replace(" ", "-")
    place.mkdir()
    layers = [layer for piece in chunk.pieces for layer in piece.layers]
    files = {layer.source.key: Path(layer.source.key) for layer in layers}
    run_command(chunk_command(chunk, profile), files, place, limits=Limits(timeout_s=120))
    size = (profile.width, profile.height)
    raw = ffmpeg("-i", place / CHUNK_FILE, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    length = len(raw) // FRAMES
    starts = range(0, len(raw), length * int(Fraction(FRAMES, SHOWN)))
    return [Image.frombytes("RGB", size, raw[start : start + length]) for start in starts]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
