"""What has to be made for a film: its chunks, its song and the join, each with the storage keys of
what it takes and gives. Who makes them, where and in what order is nobody's business here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from beatstitch.render.chunk import Chunk
from beatstitch.render.keys import chunk_key
from beatstitch.render.plan import Plan, plan, showings
from beatstitch.render.profile import Profile
from beatstitch.render.sound import Sound, sound_key, sound_of
from beatstitch.render.source import Source
from beatstitch.timeline.edl import Edl, edl_hash


@dataclass(frozen=True, slots=True)
class ChunkOrder:
    """A chunk of a plan, the profile it is rendered in, and where it and its proof are kept."""

    chunk: Chunk
    profile: Profile
    film_key: str
    proof_key: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The storage keys that have to be at hand: the media that the chunk shows."""
        return tuple(self.shown)

    @property
    def shown(self) -> dict[str, str]:
        """The media that the chunk shows: storage keys, and whose they are."""
        layers = (layer for piece in self.chunk.pieces for layer in piece.layers)
        return {layer.source.key: layer.source.id for layer in layers}

    @property
    def name(self) -> str:
        """The chunk's content key."""
        return PurePosixPath(self.film_key).stem

    @property
    def media_s(self) -> float:
        """The length of the chunk in seconds: a worker's time limit grows with it."""
        return float(self.chunk.frames / self.profile.frame_rate)


@dataclass(frozen=True, slots=True)
class SongOrder:
    """The sound of the film, and where it is kept when it is encoded, its proof beside it."""

    sound: Sound
    song_key: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The storage keys that have to be at hand."""
        return self.sound.inputs

    @property
    def proof_key(self) -> str:
        """Where the song's proof is kept."""
        return str(PurePosixPath(self.song_key).with_suffix(".json"))

    @property
    def name(self) -> str:
        """The song's content key."""
        return PurePosixPath(self.song_key).stem

    @property
    def media_s(self) -> float:
        """The length of the song in seconds."""
        return self.sound.duration_s


@dataclass(frozen=True, slots=True)
class FilmOrder:
    """A whole film: chunks in order, and the song."""

    plan: Plan
    chunks: tuple[ChunkOrder, ...]
    song: SongOrder
    edl_hash: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The storage keys that joining needs."""
        files = (key for order in self.chunks for key in (order.film_key, order.proof_key))
        return tuple(dict.fromkeys((*files, self.song.song_key, self.song.proof_key)))


def order(
    edl: Edl,
    sources: Mapping[str, Source],
    profile: Profile,
    *,
    fingerprint: str,
    pcm_key: str,
    prefix: str,
) -> FilmOrder:
    """Everything to be made for the film of a sound EDL.

    Equal chunks get equal keys under `prefix`. Raises Invalid as `plan` does.
    """
    film = plan(edl, sources, profile)
    gain_db = edl.settings.clip_audio_gain_db
    sound = sound_of(
        film,
        pcm_key,
        fade_out_ms=edl.settings.audio_fade_out_ms,
        shown=() if gain_db is None else showings(edl, sources, profile),
        clips_gain_db=gain_db or 0.0,
    )
    song_name = sound_key(sound, edl.audio.checksum, fingerprint)
    return FilmOrder(
        plan=film,
        chunks=tuple(_chunk_order(chunk, profile, fingerprint, prefix) for chunk in film.chunks),
        song=SongOrder(sound, f"{prefix}/songs/{song_name}.mp4"),
        edl_hash=edl_hash(edl),
    )


def _chunk_order(chunk: Chunk, profile: Profile, fingerprint: str, prefix: str) -> ChunkOrder:
    name = chunk_key(chunk, profile, fingerprint)
    place = f"{prefix}/chunks/{name[:2]}/{name}"
    return ChunkOrder(chunk, profile, f"{place}.mp4", f"{place}.json")
