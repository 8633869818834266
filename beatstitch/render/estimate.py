"""How long a film will take and how large it will be, before a frame of it is made.

Rates are measured on two shared cores of 2020 with FFmpeg 5.1 (decoding, scaling and encoding each
by itself, one thread): a guess within a factor of two on other machines. What is in the cache costs
no time and its size is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from beatstitch.render.order import ChunkOrder, FilmOrder
from beatstitch.render.plan import Layer

DECODE_S = 9e-9
"""CPU seconds to decode and scale a pixel of a clip."""
MOVE_S = 15e-9
"""To move the camera over a photo, a pixel of the film."""
ENCODE_S = {"ultrafast": 7e-9, "superfast": 12e-9, "veryfast": 15e-9, "faster": 24e-9}
"""To encode a pixel, by preset; another preset is as slow as `medium`."""
SLOWEST_ENCODE_S = 42e-9
PROCESS_S = 0.25
"""To start FFmpeg in its sandbox, seek, and check what came of it."""
JOIN_S = 1.0
BITS_PER_PIXEL = {"preview": 0.13, "final": 0.14}
"""At crf 26 superfast and crf 20 veryfast, of footage with some grain."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """CPU seconds that are to be spent, and the size of the film in bytes."""

    cpu_s: float
    film_bytes: int


def estimate(film: FilmOrder, kept: Mapping[str, int]) -> Estimate:
    """What it takes to make the film; `kept` are the sizes of what is cached, by name."""
    missing = {chunk.name: chunk for chunk in film.chunks if chunk.name not in kept}
    rate_bytes = _bytes_a_frame(film, kept)
    video_bytes = sum(
        kept.get(chunk.name, rate_bytes * chunk.chunk.frames) for chunk in film.chunks
    )
    song_bytes = kept.get(film.song.name, film.song.media_s * _audio_bytes_a_second(film))
    return Estimate(
        cpu_s=JOIN_S + sum(_chunk_s(chunk) for chunk in missing.values()),
        film_bytes=round(video_bytes + song_bytes),
    )


def _bytes_a_frame(film: FilmOrder, kept: Mapping[str, int]) -> float:
    """As this film's cached chunks have it, or as footage usually does."""
    known = {chunk.name: chunk.chunk.frames for chunk in film.chunks if chunk.name in kept}
    if known:
        return sum(kept[name] for name in known) / sum(known.values())
    profile = film.plan.profile
    return profile.width * profile.height * BITS_PER_PIXEL[profile.name] / 8


def _audio_bytes_a_second(film: FilmOrder) -> float:
    return int(film.plan.profile.audio_bitrate.removesuffix("k")) * 1000 / 8


def _chunk_s(order: ChunkOrder) -> float:
    """CPU seconds of one chunk."""
    profile = order.profile
    pixels = profile.width * profile.height
    encode_s = ENCODE_S.get(profile.preset, SLOWEST_ENCODE_S) * pixels
    pieces_s = sum(
        piece.frames * sum(_layer_s(layer, pixels) for layer in piece.layers)
        for piece in order.chunk.pieces
    )
    return PROCESS_S + order.chunk.frames * encode_s + pieces_s


def _layer_s(layer: Layer, pixels: int) -> float:
    """CPU seconds for a frame of one layer. A photo is decoded once."""
    if layer.source.media_type == "image":
        return MOVE_S * pixels if layer.ken_burns.enabled else 0.0
    return DECODE_S * layer.source.width * layer.source.height * max(1.0, float(layer.speed))
