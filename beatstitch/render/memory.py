"""What FFmpeg holds in memory while it renders pieces, told before it does: all that it opens stays
open until it ends, so what a process may hold decides how much a chunk shows.

The numbers were measured with FFmpeg 5.1 (`ru_maxrss`, and who asks for large blocks) and rounded
up: pictures of the film for what shows and encodes it, of the clip for what decodes it.
"""

from collections.abc import Sequence
from math import ceil

from beatstitch.render.chunk import Layer, Piece
from beatstitch.render.filters import fit_of
from beatstitch.render.profile import Profile
from beatstitch.render.source import Source
from beatstitch.render.takes import Take, takes

MB = 1_000_000
LIMIT_BYTES, LARGE_LIMIT_BYTES = 300 * MB, 600 * MB
"""What a process may hold: with clips and a film up to 1080p, and with larger ones or HDR."""
LARGE_PX = 2 * 1920 * 1080
# FFmpeg with its libraries; a file that is open, with its packets.
_BASE_BYTES, _OPEN_BYTES = 68 * MB, 4 * MB
_X264 = {"superfast": 25, "veryfast": 34, "faster": 35}
# Three fewer to look ahead at (`command`).
_X264_LARGE = 26
_X265 = 42
# What a decoder has in hand beside what it keeps, with its tables; less where no picture needs
# another, and more in 4K and 8K, where the rest is rounded up by less than the tables take; what is
# kept where that isn't known.
_IN_HAND, _IN_HAND_ALONE, _MORE_IN_HAND, _UNKNOWN = 3, 2, 1, 6
# Fields become pictures with the one before and the one after in sight.
_DEINTERLACED = 4
# What is scaled, and what the camera moves over, in pictures of the film.
_SCALED, _BLURRED, _GROUND = 2, 3, 3
_MOVED = 2
_MEETING = {"cut": 0, "crossfade": 7, "fade_black": 4, "fade_white": 4, "zoom": 7}
_SLIDE, _WIPE = 7, 13
# Light becomes RGB of 16 bits and is looked up: four times what the film's picture takes, twice.
_TONED = 8


def is_within(pieces: Sequence[Piece], profile: Profile) -> bool:
    """Whether one process may show all these pieces."""
    limit = LARGE_LIMIT_BYTES if is_large(pieces, profile) else LIMIT_BYTES
    return held_bytes(pieces, profile) <= limit


def is_large(pieces: Sequence[Piece], profile: Profile) -> bool:
    """Whether there is a clip of more than 1080p, or HDR, among them, or the film is as large."""
    clips = [s for s in _sources(pieces) if s.media_type == "video"]
    sizes = [profile.width * profile.height, *(clip.width * clip.height for clip in clips)]
    return max(sizes) > LARGE_PX or any(clip.is_hdr for clip in clips)


def held_bytes(pieces: Sequence[Piece], profile: Profile) -> int:
    """What FFmpeg holds at most while it renders these pieces into one file."""
    film = profile.width * profile.height * 3 // 2
    opened = takes(pieces, profile.frame_rate)
    pictures = _encoder(profile) + sum(_in_film(take, pieces, profile) for take in opened)
    pictures += max(map(_meeting, pieces))
    return _BASE_BYTES + pictures * film + sum(_OPEN_BYTES + _decoded(t.layer) for t in opened)


def _encoder(profile: Profile) -> int:
    """What it takes to encode the film, in pictures of it."""
    if profile.codec == "h265":
        return _X265
    most = _X264_LARGE if profile.width * profile.height > LARGE_PX else _X265
    return min(most, _X264[profile.preset])


def _sources(pieces: Sequence[Piece]) -> list[Source]:
    return [layer.source for piece in pieces for layer in piece.layers]


def _decoded(layer: Layer) -> int:
    """What it takes to decode a medium, in bytes."""
    source = layer.source
    pixels = source.width * source.height
    if source.media_type == "image":
        return ceil(pixels * 1.65)
    kept = source.kept_pictures or _UNKNOWN
    pictures = kept + (_IN_HAND_ALONE if kept == 1 else _IN_HAND)
    pictures += _MORE_IN_HAND if pixels > LARGE_PX else 0
    pictures += _DEINTERLACED if source.is_interlaced else 0
    return ceil(pixels * _bytes_a_pixel(source.pixel_format) * pictures)


def _bytes_a_pixel(pixel_format: str) -> float:
    colours = 3.0 if "444" in pixel_format else 2.0 if "422" in pixel_format else 1.5
    return colours * (2 if pixel_format.endswith(("le", "be")) else 1)


def _in_film(take: Take, pieces: Sequence[Piece], profile: Profile) -> int:
    """What a medium takes where it is shown, in pictures of the film."""
    layer, source = take.layer, take.layer.source
    blurred = (
        _BLURRED if fit_of(profile.fit, source, profile.width, profile.height) == "blur" else 0
    )
    moved = sum(layer.pulse > 0 or pieces[u.piece].transition == "zoom" for u in take.uses)
    if source.media_type == "image":
        # Each use of what moves has a camera of its own, which keeps what it moves over.
        if layer.ken_burns.enabled:
            return blurred + _GROUND + _MOVED * (len(take.uses) - 1)
        return blurred + _SCALED + _MOVED * moved
    is_scaled = (source.width, source.height) != (profile.width, profile.height)
    is_scaled = is_scaled or source.pixel_format != "yuv420p"
    toned = _TONED if source.is_hdr else 0
    return toned + blurred + (_SCALED if is_scaled else 0) + _MOVED * moved


def _meeting(piece: Piece) -> int:
    kind = piece.transition.partition("_")[0]
    return {"slide": _SLIDE, "wipe": _WIPE}.get(kind, _MEETING.get(piece.transition, 0))
