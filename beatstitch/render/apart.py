"""What one FFmpeg can't hold at once, rendered by several that follow each other: each clip is
brought to the film's frame by itself, what meets is laid over each other, and that is encoded.

They hand on the very pictures that would have been handed on inside of one process, so the chunk
is the same to the bit and has the same name. As raw files, which cost next to no CPU: a piece is
short, and they go with the scratch folder.
"""

from dataclasses import replace

from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.command import Command, Output, chunk_command
from beatstitch.render.memory import is_within
from beatstitch.render.profile import Profile
from beatstitch.render.source import RAW, Source

FILM_FILE = "film.yuv"


def commands(chunk: Chunk, profile: Profile) -> tuple[Command, ...]:
    """The processes that render a chunk, in their order: one, wherever one can hold it.

    The last writes what `chunk_command` says. Inputs that no source names are files that one
    before it wrote.
    """
    if len(chunk.pieces) > 1 or is_within(chunk.pieces, profile):
        return (chunk_command(chunk, profile),)
    (piece,) = chunk.pieces
    if len(piece.layers) == 1:
        return (_raw(chunk, profile, FILM_FILE), chunk_command(_of_film(piece, profile), profile))
    steps: list[Command] = []
    layers: list[Layer] = []
    for number, layer in enumerate(piece.layers):
        if layer.source.media_type == "image":
            layers.append(layer)
            continue
        name = f"layer{number}.yuv"
        alone = Piece(0, piece.frames, (replace(layer, pulse=0.0, beat_frames=()),))
        steps.append(_raw(Chunk((alone,)), profile, name))
        ready = Layer(_ready(name, profile), pulse=layer.pulse, beat_frames=layer.beat_frames)
        layers.append(ready)
    met = Chunk((replace(piece, layers=tuple(layers)),))
    if not is_within(met.pieces, profile):
        steps.append(_raw(met, profile, FILM_FILE))
        met = _of_film(piece, profile)
    return (*steps, chunk_command(met, profile))


def _raw(chunk: Chunk, profile: Profile, name: str) -> Command:
    """The chunk's pictures as they would go into the encoder."""
    whole = chunk_command(chunk, profile)
    frames = ("-frames:v", str(chunk.frames))
    film = Output(("-map", "[film]", *frames, "-f", RAW), name)
    return replace(whole, outputs=(film, *whole.outputs[1:]))


def _of_film(piece: Piece, profile: Profile) -> Chunk:
    """The chunk of a piece whose pictures lie ready, as they are to be encoded."""
    shown = Layer(_ready(FILM_FILE, profile))
    return Chunk((replace(piece, layers=(shown,), transition="cut", flashes=()),))


def _ready(name: str, profile: Profile) -> Source:
    """How the renderer meets pictures of the film that lie ready in the file of that name."""
    return Source(
        id=name,
        key=name,
        content="",
        media_type="video",
        demuxer=RAW,
        width=profile.width,
        height=profile.height,
        pixel_format="yuv420p",
        kept_pictures=1,
        color_space="bt709",
        color_range="tv",
    )
