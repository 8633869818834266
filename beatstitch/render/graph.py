"""The filter graph of a chunk: every layer brought to the film's frame, moved and met, in order.

Decides which idiom each layer needs; how an idiom is told to FFmpeg is said in `filters`,
`transitions`, `beat_effects` and `camera`.
"""

from dataclasses import dataclass
from fractions import Fraction

from beatstitch.render import camera, filters, transitions
from beatstitch.render.beat_effects import flash, pulse
from beatstitch.render.camera import Ground
from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.profile import Profile
from beatstitch.render.source import RAW
from beatstitch.render.takes import Use, takes
from beatstitch.render.text import Text
from beatstitch.timeline.settings import Fit

TINY_WIDTH, TINY_HEIGHT = 32, 18
# What may be seen of a moment's beginning, and the picture before it, of which yadif takes lines.
DEINTERLACED_BEFORE_S = Fraction(1, 10)


def graph(chunk: Chunk, profile: Profile) -> tuple[str, tuple[Text, ...]]:
    """The filter graph from the chunk's inputs, a take each, to [film] and [tiny]; and the files
    that it names, the ways of its cameras and the tables of HDR."""
    parts: list[str] = []
    chains: dict[tuple[int, int], str] = {}
    texts: dict[str, Text] = {}
    for shots in _shots(chunk, profile):
        for text in _texts(shots):
            texts[text.name] = text
        chain = f"[{shots[0].number}:{shots[0].layer.source.stream}]{_prepared(shots[0], profile)}"
        begins = [f"{chain},"]
        if len(shots) > 1:
            begins = [f"[{shot.name}u{place}]" for place, shot in enumerate(shots)]
            parts.append(f"{chain},split={len(shots)}{''.join(begins)}")
        for begin, shot in zip(begins, shots, strict=True):
            chains[shot.use.piece, shot.use.place] = begin + _shown(shot, profile)
    for index, piece in enumerate(chunk.pieces):
        chain = chains[index, 0]
        if len(piece.layers) == 2:
            name = f"t{index}"
            parts += [f"{chain}[{name}a]", f"{chains[index, 1]}[{name}b]"]
            size = (profile.width, profile.height)
            chain = transitions.meet(piece.transition, piece.frames, profile.frame_rate, size, name)
        if piece.flashes:
            chain += f",{flash(piece.flashes, profile.frame_rate)}"
        parts.append(f"{chain}[p{index}]")
    pieces = "".join(f"[p{index}]" for index in range(len(chunk.pieces)))
    parts.append(f"{pieces}concat=n={len(chunk.pieces)}:v=1:a=0,split[film][full]")
    parts.append(f"[full]scale={TINY_WIDTH}:{TINY_HEIGHT}:flags=neighbor,format=gray[tiny]")
    return ";".join(parts), tuple(texts.values())


@dataclass(frozen=True, slots=True)
class _Shot:
    """A use of a take, which is numbered as FFmpeg numbers its inputs. A camera that moves has a
    `ground` to move over and the file with its `way`."""

    number: int
    use: Use
    layer: Layer
    piece: Piece
    fit: Fit
    ground: Ground | None
    way: Text | None

    @property
    def name(self) -> str:
        """The beginning of the labels of its take."""
        return f"l{self.number}"


def _shots(chunk: Chunk, profile: Profile) -> list[list[_Shot]]:
    """The uses of each take."""
    return [
        [_shot(number, use, chunk.pieces[use.piece], profile) for use in take.uses]
        for number, take in enumerate(takes(chunk.pieces, profile.frame_rate))
    ]


def _texts(shots: list[_Shot]) -> list[Text]:
    source = shots[0].layer.source
    tables = [filters.sdr_table(source)] if source.is_hdr else []
    return [shot.way for shot in shots if shot.way] + tables


def _shot(number: int, use: Use, piece: Piece, profile: Profile) -> _Shot:
    layer = piece.layers[use.place]
    fit = filters.fit_of(profile.fit, layer.source, profile.width, profile.height)
    zooms = [
        pulse(layer.pulse, layer.beat_frames, frame, profile.frame_rate)
        * transitions.zoom(piece.transition, frame, piece.frames, use.place)
        for frame in range(piece.frames)
    ]
    size = (profile.width, profile.height)
    ground = _ground(layer, fit, size)
    if ground is None and all(zoom == 1 for zoom in zooms):
        return _Shot(number, use, layer, piece, fit, None, None)
    ground = ground or camera.still_ground(*size)
    last = max(1, layer.move_frames - 1)
    shares = [Fraction(layer.move_frame + frame, last) for frame in range(piece.frames)]
    name = f"way{use.piece}{'ab'[use.place]}.txt"
    way = Text(name, camera.way(ground, shares, zooms, size))
    return _Shot(number, use, layer, piece, fit, ground, way)


def _ground(layer: Layer, fit: Fit, size: tuple[int, int]) -> Ground | None:
    # A letterboxed photo stays still: its bars would move with it.
    if not layer.ken_burns.enabled or fit == "contain":
        return None
    source = layer.source
    if fit == "blur":
        inside = filters.inside(source.aspect, *size)
        return camera.frame_ground(camera.framed(layer.ken_burns, inside, size), *size)
    return camera.source_ground(layer.ken_burns, source.width, source.height, *size)


def _prepared(shot: _Shot, profile: Profile) -> str:
    """What all uses of a take have in common: its pictures, as large as the film or the ground of
    a camera."""
    if shot.layer.source.media_type == "image":
        return _photo(shot, profile)
    return _clip(shot, profile)


def _shown(shot: _Shot, profile: Profile) -> str:
    """The frames that one use shows, where the camera is in them."""
    if shot.layer.source.media_type == "image":
        chain = filters.hold(shot.piece.frames, profile.frame_rate)
    else:
        chain = filters.part(shot.use.first_frame, shot.piece.frames)
    if shot.way is None:
        return chain
    return f"{chain},{filters.glide(shot.way.place, profile.width, profile.height)}"


def _clip(shot: _Shot, profile: Profile) -> str:
    layer, rate = shot.layer, profile.frame_rate
    chain = [filters.retime(layer.speed, rate, layer.lead_us(rate) / 1_000_000)]
    if layer.source.is_interlaced:
        # Before the rate changes, or fields of different frames would meet; and not what is only
        # there because it had to be decoded.
        chain = [filters.since(-DEINTERLACED_BEFORE_S), "yadif=deint=interlaced", *chain]
    chain.append(_fitted(shot, profile.width, profile.height))
    if layer.source.is_hdr and shot.fit != "blur":
        chain.append(filters.to_sdr(layer.source))
    chain.append("format=yuv420p")
    if layer.source.demuxer != RAW:  # or what came short would be made longer once more
        chain.append(filters.ENDING)
    return ",".join(chain)


def _photo(shot: _Shot, profile: Profile) -> str:
    ground, source = shot.ground, shot.layer.source
    if ground is None:
        still = _fitted(shot, profile.width, profile.height)
    elif ground.needed is None:
        still = _fitted(shot, ground.width, ground.height)
    else:
        still = f"{filters.crop_exactly(ground.needed)},"
        still += filters.scale(ground.width, ground.height, source)
    return f"{still},format=yuv420p"


def _fitted(shot: _Shot, width: int, height: int) -> str:
    source = shot.layer.source
    if shot.fit == "contain":
        return filters.contain(source, width, height)
    if shot.fit == "blur":
        return filters.blur(source, width, height, shot.name)
    return filters.cover(source, width, height, shot.layer.focus)
