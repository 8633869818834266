"""How long a film will take and how large it will be, before a frame of it is made.

Rates are measured on two shared cores of 2020 with FFmpeg 5.1 (decoding, scaling and encoding each
by itself, one thread): a guess within a factor of two on other machines. What is in the cache costs
no time and its size is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from beatstitch.render.chunk import Layer
from beatstitch.render.order import ChunkOrder, FilmOrder
from beatstitch.render.target import Codec

DECODE_S = 9e-9
"""CPU seconds to decode and scale a pixel of a clip."""
MOVE_S = 15e-9
"""To move the camera over a photo, a pixel of the film."""
ENCODE_S: Mapping[tuple[Codec, str], float] = {
    ("h264", "superfast"): 11e-9,
    ("h264", "veryfast"): 15e-9,
    ("h264", "faster"): 24e-9,
    ("h265", "ultrafast"): 23e-9,
    ("h265", "superfast"): 38e-9,
    ("h265", "veryfast"): 76e-9,
}
"""To encode a pixel, by codec and preset: those of `profile`, the ratios as measured there."""
PROCESS_S = 0.25
"""To start FFmpeg in its sandbox, seek, and check what came of it."""
JOIN_S = 1.0
BITS_PER_PIXEL = 0.14
"""Of H.264 veryfast at crf 20, of footage with some grain: 8.8 Mbit/s at 1080p30."""
CRF_A_HALVING = 6
H265_CRF_AHEAD = 4
"""H.265 looks, and weighs, at one crf like H.264 at one higher by so much."""


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
    crf = profile.crf + (H265_CRF_AHEAD if profile.codec == "h265" else 0)
    bits = profile.width * profile.height * BITS_PER_PIXEL * 2 ** ((20 - crf) / CRF_A_HALVING)
    if profile.max_bitrate_kbps is not None:
        bits = min(bits, profile.max_bitrate_kbps * 1000 / float(profile.frame_rate))
    return bits / 8


def _audio_bytes_a_second(film: FilmOrder) -> float:
    return int(film.plan.profile.audio_bitrate.removesuffix("k")) * 1000 / 8


def _chunk_s(order: ChunkOrder) -> float:
    """CPU seconds of one chunk."""
    profile = order.profile
    pixels = profile.width * profile.height
    encode_s = ENCODE_S[profile.codec, profile.preset] * pixels
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
