"""Animated pictures (GIF, WebP, PNG, AVIF) as clips: Pillow shows them, for FFmpeg decodes no
animated WebP and passes over colour profiles. What it shows is kept as a movie of JPEGs.

A loop is laid out, as often as the file says, until it lasts longer than nearly every segment: so
it goes on where it would end, in whatever part of it a film begins, and no timeline slows it down.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from beatstitch.documents import file_sha256
from beatstitch.errors import LimitReached, MediaRejected
from beatstitch.jobs.media_processing import photo, subject
from beatstitch.jobs.media_processing.args import Facts, Ticket
from beatstitch.jobs.media_processing.movie import Movie
from beatstitch.limits import MAX_ANIMATION_PICTURES, MAX_ANIMATION_PIXELS, MAX_VIDEO_S
from beatstitch.render.source import Source
from beatstitch.workspace import Workspace

# A phone's JPEG and HEIF hold further pictures too, of depth or of light, which nobody is to see.
FORMATS = {"GIF", "WEBP", "PNG", "AVIF"}
LAID_OUT_MS = 30_000
# Browsers show for a tenth of a second what is to last 10 ms or less, and files rely on it.
TOO_SHORT_MS, INSTEAD_MS = 10, 100


def moves(path: Path, name: str) -> bool:
    """Whether there is more than one picture to be seen in turn. Raises what `photo.take` does."""
    with photo.read_faults(name), photo.opened(path, name) as image:
        return image.format in FORMATS and len(_numbers(image)) > 1


def take(path: Path, ticket: Ticket, workspace: Workspace) -> Facts:
    """The facts of an animation; one whose pictures are all the same is a photo.

    Raises LimitReached for more pictures or a longer time than are taken, and MediaRejected when
    not even the first picture can be decoded.
    """
    film = workspace.scratch / "animation.mov"
    with photo.opened(path, ticket.name) as image:
        wanted, turns = _numbers(image), _turns(image)
        _check_size(image, len(wanted), ticket.name)
        with Movie(film) as movie:
            seen, poster = _fill(movie, image, wanted, ticket)
            once_ms, pictures = movie.duration_ms, movie.pictures
            turns = min(turns, max(1, -(-LAID_OUT_MS // once_ms)))
            duration_ms = movie.finish(*poster.size, turns)
    if pictures == 1:
        return photo.take(path, ticket, workspace)
    key = f"{ticket.prefix}/{ticket.media_asset_id}.mov"
    workspace.keep(film, key)
    small = photo.reduced(poster)
    return Facts(
        source=Source(
            id=ticket.media_asset_id,
            key=key,
            content=file_sha256(film),
            media_type="video",
            demuxer="mov",
            width=poster.width,
            height=poster.height,
            duration_ms=duration_ms,
            # JFIF's colours
            color_space="bt470bg",
            color_range="pc",
        ),
        thumbnail_key=photo.keep_thumbnail(small, ticket, workspace),
        fps=round(1000 * pictures / once_ms, 3),
        note=_note(seen, len(wanted), once_ms, turns),
        focus=subject.find([small]),
    )


def _numbers(image: Image.Image) -> range:
    """Which pictures belong to the animation: a PNG may begin with one for those that show none."""
    return range(int(getattr(image, "default_image", False)), getattr(image, "n_frames", 1))


def _turns(image: Image.Image) -> int:
    """How often it is shown. GIF says how often again (GIF89a, Netscape's extension), the others
    how often; 0 is for ever."""
    loop = image.info.get("loop", 0 if image.format == "AVIF" else None)
    if loop is None:
        return 1
    if loop == 0:
        return LAID_OUT_MS
    return int(loop) + (image.format == "GIF")


def _check_size(image: Image.Image, pictures: int, name: str) -> None:
    width, height = image.size
    if pictures > MAX_ANIMATION_PICTURES or pictures * width * height > MAX_ANIMATION_PIXELS:
        raise LimitReached(
            "animation_too_large",
            f"{name} has {pictures:,} pictures of {width} × {height} pixels; an animation may have "
            f"{MAX_ANIMATION_PICTURES:,} pictures and {MAX_ANIMATION_PIXELS // 1_000_000} million "
            "pixels in all. Convert it to MP4, or make it shorter or smaller.",
        )


def _fill(
    movie: Movie, image: Image.Image, wanted: range, ticket: Ticket
) -> tuple[int, Image.Image]:
    """All pictures into the movie, as far as they can be decoded: how many, and one to be shown
    for all."""
    seen, end_ms, poster = 0, 0.0, None
    for shown in _decoded(image, wanted, ticket.name):
        end_ms += shown.duration_ms
        if end_ms > 1000 * MAX_VIDEO_S:
            raise LimitReached(
                "clip_too_long",
                f"{ticket.name} lasts longer than {MAX_VIDEO_S} s, which is all that a clip may. "
                "Cut it first.",
            )
        jpeg = BytesIO()
        shown.picture.save(jpeg, "JPEG", quality=photo.QUALITY, subsampling=0)
        movie.add(jpeg.getvalue(), round(end_ms) - movie.duration_ms)
        if poster is None or 3 * seen <= len(wanted):
            poster = shown.picture
        seen += 1
    if poster is None:
        raise MediaRejected("corrupt_media", f"{ticket.name} holds no picture that can be decoded.")
    return seen, poster


class _Shown(NamedTuple):
    picture: Image.Image
    duration_ms: float


def _decoded(image: Image.Image, wanted: range, name: str) -> Iterator[_Shown]:
    """The pictures, upright and without transparency, up to the first that is broken."""
    for number in wanted:
        try:
            with photo.read_faults(name):
                image.seek(number)
                picture = photo.upright_srgb(image.copy())
        except (EOFError, MediaRejected):
            return
        duration_ms = float(image.info.get("duration") or 0)
        yield _Shown(picture, INSTEAD_MS if duration_ms <= TOO_SHORT_MS else duration_ms)


def _note(seen: int, wanted: int, once_ms: int, turns: int) -> str:
    said = f"an animation of {once_ms / 1000:.1f} s"
    if turns > 1:
        said += f", shown {turns} times over"
    if seen < wanted:
        said += f"; breaks off after {seen} of its {wanted} pictures"
    return said
