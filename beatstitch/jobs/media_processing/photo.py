"""Photos: whatever they are stored as, one upright sRGB JPEG to work with, and a thumbnail.

Pillow reads them (HEIF by pillow-heif), for it knows EXIF, ICC profiles, CMYK and 16 bits, which
FFmpeg's photo readers pass over or get wrong.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pillow_heif
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from beatstitch.errors import LimitReached, MediaRejected, UnsupportedMedia
from beatstitch.jobs.media_processing import subject
from beatstitch.jobs.media_processing.args import Facts, Ticket
from beatstitch.limits import MAX_IMAGE_PIXELS, MAX_IMAGE_SIDE_PX
from beatstitch.render.source import Source
from beatstitch.workspace import Workspace

# Enough for a 4K film and for a portrait photo that fills a landscape one; decoding a whole
# 24-megapixel file for each of its pieces costs more than encoding them.
WORKING_SIDE_PX = 4096
# Up to here every pixel keeps its colour. Beyond it colours have half the resolution, as in the
# film itself and in what a camera writes: half of the memory that a decoded photo takes.
FULL_COLOUR_SIDE_PX = 2048
THUMBNAIL_PX = 256
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "HEIF", "AVIF")
QUALITY = 95
# ISO/IEC 23008-12: pictures in the tracks of a film. Most such files have a still beside them.
_SEQUENCES = (b"ftypmsf1", b"ftyphevc", b"ftyphevx")
# Pixels are counted before anything is decoded (`_open`), by our limit and not by Pillow's.
Image.MAX_IMAGE_PIXELS = None
pillow_heif.register_heif_opener()


def take(path: Path, ticket: Ticket, workspace: Workspace) -> Facts:
    """The facts of a photo. Raises MediaRejected for one that can't be decoded to its end,
    LimitReached for one with too many pixels."""
    with read_faults(ticket.name), opened(path, ticket.name) as image:
        rotation_deg = _ROTATIONS.get(image.getexif().get(_ORIENTATION, 1), 0)
        upright = upright_srgb(image)
    return _kept(upright, ticket, workspace, rotation_deg, None)


def take_still(path: Path, ticket: Ticket, workspace: Workspace, note: str) -> Facts:
    """The facts of a clip of one frame, which is a photo; `path` is that frame as PNG."""
    with Image.open(path, formats=("PNG",)) as image:
        return _kept(image.convert("RGB"), ticket, workspace, 0, note)


def reduced(image: Image.Image) -> Image.Image:
    """A picture as small as thumbnail and subject can be taken from: by whole pixels, in a fifth of
    the time that they take from a whole one."""
    return image.reduce(_times(*image.size))


def reduced_size(width: int, height: int) -> tuple[int, int]:
    """The size of a picture of that size that is reduced."""
    times = _times(width, height)
    return -(-width // times), -(-height // times)


def _times(width: int, height: int) -> int:
    return max(1, min(width, height) // (2 * THUMBNAIL_PX))


def keep_thumbnail(image: Image.Image, ticket: Ticket, workspace: Workspace) -> str:
    """Keep a 256 × 256 JPEG of the middle of a picture; gives its storage key."""
    path = workspace.scratch / "thumbnail.jpg"
    ImageOps.fit(image, (THUMBNAIL_PX, THUMBNAIL_PX)).save(path, quality=82)
    key = f"{ticket.prefix}/{ticket.media_asset_id}.thumbnail.jpg"
    workspace.keep(path, key)
    return key


_ORIENTATION = 0x0112
_ROTATIONS = {3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270}


@contextmanager
def read_faults(name: str) -> Iterator[None]:
    """What Pillow raises while it reads a picture, as MediaRejected: its words name the file on
    disk, and all that they say is that the data is broken."""
    try:
        yield
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError) as refused:
        raise MediaRejected(
            "corrupt_media", f"{name} is damaged: its picture can't be read to the end."
        ) from refused


def opened(path: Path, name: str) -> Image.Image:
    """A picture with its header read. Raises LimitReached for one with too many pixels,
    UnsupportedMedia for a sequence without one, and what Pillow raises."""
    with path.open("rb") as file:
        head = file.read(30)
    _check_size(_webp_size(head), name)
    try:
        image = Image.open(path, formats=FORMATS)
    except UnidentifiedImageError as refused:
        if head[4:12] not in _SEQUENCES:
            raise
        raise UnsupportedMedia(
            "unsupported_photo",
            f"{name} is a sequence of HEIF pictures, none of which stands alone. Save it as MP4, "
            "or one of them as JPEG.",
        ) from refused
    try:
        _check_size(image.size, name)
    except LimitReached:
        image.close()
        raise
    return image


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MAX_IMAGE_PIXELS or max(width, height) > MAX_IMAGE_SIDE_PX:
        raise LimitReached(
            "too_many_pixels",
            f"{name} has {width} × {height} pixels; a picture may have {MAX_IMAGE_PIXELS:,} in "
            f"all and {MAX_IMAGE_SIDE_PX:,} on a side. Scale it down first.",
        )


def _webp_size(head: bytes) -> tuple[int, int]:
    """The size of a WebP by its header (RFC 9649), for Pillow takes memory for all of it at once;
    nothing for another file."""
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return 0, 0
    if head[12:16] == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") for at in (24, 27))
    else:
        bits = int.from_bytes(head[21:25], "little")
        width, height = bits & 0x3FFF, bits >> 14 & 0x3FFF
    return (width + 1, height + 1) if head[12:16] in (b"VP8X", b"VP8L") else (0, 0)


def upright_srgb(image: Image.Image) -> Image.Image:
    """The picture as a person sees it: turned, in sRGB, on white where it was transparent. What is
    given is used up, for a copy of 100 megapixels is 400 MB."""
    # A JPEG decodes at a half or a quarter for nothing where that is still large enough.
    image.draft("RGB", (WORKING_SIDE_PX, WORKING_SIDE_PX))
    profile = image.info.get("icc_profile")
    ImageOps.exif_transpose(image, in_place=True)
    turned = image
    if turned.mode.startswith(("I", "F")):
        turned = turned.convert("I").point(lambda value: value / 256).convert("L")
    if turned.mode in {"RGBA", "LA", "PA", "P"}:
        layer = turned.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        turned = Image.alpha_composite(ground, layer).convert("RGB")
    turned.thumbnail((WORKING_SIDE_PX, WORKING_SIDE_PX), Image.Resampling.LANCZOS)
    return _to_srgb(turned, profile)


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        try:
            converted = ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
        except (ImageCms.PyCMSError, OSError):
            # A broken profile, or one of another colour model than the picture's: the plain
            # conversion below is what viewers show.
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _kept(
    image: Image.Image, ticket: Ticket, workspace: Workspace, rotation_deg: int, note: str | None
) -> Facts:
    path = workspace.scratch / "working.jpg"
    # FFmpeg crops no line of a single pixel out of colours at half the resolution.
    has_spare = max(image.size) > FULL_COLOUR_SIDE_PX and min(image.size) > 1
    image.save(path, quality=QUALITY, subsampling=2 if has_spare else 0)
    key = f"{ticket.prefix}/{ticket.media_asset_id}.jpg"
    workspace.keep(path, key)
    small = reduced(image)
    return Facts(
        source=Source(
            id=ticket.media_asset_id,
            key=key,
            content=hashlib.sha256(path.read_bytes()).hexdigest(),
            media_type="image",
            demuxer="jpeg_pipe",
            width=image.width,
            height=image.height,
        ),
        thumbnail_key=keep_thumbnail(small, ticket, workspace),
        rotation_deg=rotation_deg,
        note=note,
        focus=subject.find([small]),
    )
