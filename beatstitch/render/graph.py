"""The filter graph of a chunk: every layer brought to the film's frame, moved and met, in order.

Decides which idiom each layer needs; how an idiom is told to FFmpeg is said in `filters`,
`transitions`, `beat_effects` and `camera`.
"""

from dataclasses import dataclass
from fractions import Fraction

from beatstitch.render import camera, filters, transitions
from beatstitch.render.beat_effects import flash, pulse
from beatstitch.render.camera import Ground
from beatstitch.render.plan import Chunk, Layer, Piece
from beatstitch.render.profile import Profile
from beatstitch.timeline.settings import Fit

TINY_WIDTH, TINY_HEIGHT = 32, 18


@dataclass(frozen=True, slots=True)
class Text:
    """A text that FFmpeg reads from a file beside its outputs."""

    name: str
    content: str

    @property
    def place(self) -> str:
        """What stands in a filter graph until its folder is known."""
        return f"<{self.name}>"


def graph(chunk: Chunk, profile: Profile) -> tuple[str, tuple[Text, ...]]:
    """The filter graph from the chunk's inputs, a layer each, to [film] and [tiny]; and the files
    that it names, the ways of its cameras."""
    parts = []
    shots = _shots(chunk, profile)
    left = iter(shots)
    for index, piece in enumerate(chunk.pieces):
        chains = [
            f"[{shot.number}:{layer.source.stream}]{_chain(shot, profile)}"
            for layer, shot in zip(piece.layers, left, strict=False)
        ]
        if len(chains) == 2:
            name = f"t{index}"
            size = (profile.width, profile.height)
            meeting = transitions.meet(
                piece.transition, piece.frames, profile.frame_rate, size, name
            )
            parts += [f"{chains[0]}[{name}a]", f"{chains[1]}[{name}b]"]
            chains = [meeting]
        if piece.flashes:
            chains[0] += f",{flash(piece.flashes, profile.frame_rate)}"
        parts.append(f"{chains[0]}[p{index}]")
    pieces = "".join(f"[p{index}]" for index in range(len(chunk.pieces)))
    parts.append(f"{pieces}concat=n={len(chunk.pieces)}:v=1:a=0,split[film][full]")
    parts.append(f"[full]scale={TINY_WIDTH}:{TINY_HEIGHT}:flags=neighbor,format=gray[tiny]")
    return ";".join(parts), tuple(shot.way for shot in shots if shot.way is not None)


@dataclass(frozen=True, slots=True)
class _Shot:
    """A layer in its piece, numbered as FFmpeg numbers its inputs. A camera that moves has a
    `ground` to move over and the file with its `way`."""

    number: int
    layer: Layer
    piece: Piece
    fit: Fit
    ground: Ground | None
    way: Text | None

    @property
    def name(self) -> str:
        """The beginning of the layer's labels."""
        return f"l{self.number}"


def _shots(chunk: Chunk, profile: Profile) -> list[_Shot]:
    layers = [
        (place, layer, piece) for piece in chunk.pieces for place, layer in enumerate(piece.layers)
    ]
    return [_shot(number, *layer, profile) for number, layer in enumerate(layers)]


def _shot(number: int, place: int, layer: Layer, piece: Piece, profile: Profile) -> _Shot:
    fit = filters.fit_of(profile.fit, layer.source, profile.width, profile.height)
    zooms = [
        pulse(layer.pulse, layer.beat_frames, frame, profile.frame_rate)
        * transitions.zoom(piece.transition, frame, piece.frames, place)
        for frame in range(piece.frames)
    ]
    size = (profile.width, profile.height)
    ground = _ground(layer, fit, size)
    if ground is None and all(zoom == 1 for zoom in zooms):
        return _Shot(number, layer, piece, fit, None, None)
    ground = ground or camera.still_ground(*size)
    last = max(1, layer.move_frames - 1)
    shares = [Fraction(layer.move_frame + frame, last) for frame in range(piece.frames)]
    way = Text(f"way{number}.txt", camera.way(ground, shares, zooms, size))
    return _Shot(number, layer, piece, fit, ground, way)


def _ground(layer: Layer, fit: Fit, size: tuple[int, int]) -> Ground | None:
    # A letterboxed photo stays still: its bars would move with it.
    if not layer.ken_burns.enabled or fit == "contain":
        return None
    source = layer.source
    if fit == "blur":
        inside = filters.inside(source.aspect, *size)
        return camera.frame_ground(camera.framed(layer.ken_burns, inside, size), *size)
    return camera.source_ground(layer.ken_burns, source.width, source.height, *size)


def _chain(shot: _Shot, profile: Profile) -> str:
    chain = (
        _photo(shot, profile) if shot.layer.source.media_type == "image" else _clip(shot, profile)
    )
    if shot.way is None:
        return chain
    return f"{chain},{filters.glide(shot.way.place, profile.width, profile.height)}"


def _clip(shot: _Shot, profile: Profile) -> str:
    layer, rate = shot.layer, profile.frame_rate
    chain = [filters.retime(layer.speed, rate, layer.lead_frames(rate))]
    if layer.source.is_interlaced:
        # Before the rate changes, or fields of different frames would meet.
        chain.insert(0, "yadif=deint=interlaced")
    chain.append(_fitted(shot, profile.width, profile.height))
    if layer.source.is_hdr:
        chain.append(filters.to_sdr(layer.source))
    chain += ["format=yuv420p", filters.exactly(shot.piece.frames)]
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
    return f"{still},format=yuv420p,{filters.hold(shot.piece.frames, profile.frame_rate)}"


def _fitted(shot: _Shot, width: int, height: int) -> str:
    source = shot.layer.source
    if shot.fit == "contain":
        return filters.contain(source, width, height)
    if shot.fit == "blur":
        return filters.blur(source, width, height, shot.name)
    return filters.cover(source, width, height, shot.layer.focus)
