"""What the work is asked with and what it answers."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from beatstitch.limits import MAX_BPM, MAX_METRE, MAX_SONG_S, MIN_BPM, MIN_METRE

Detector = Literal["auto", "madmom", "librosa"]
# Goes up when the networks would say something else of the same song.
LISTENING = 4
# Goes up when another PCM would be made of the same song.
DECODING = 2


@dataclass(frozen=True, slots=True)
class Args:
    """A song of a project, and how it is to be heard. One whose PCM `is_doubted` is decoded anew
    and keeps its beats."""

    audio_track_id: str
    detector: Detector = "auto"
    bpm_hint: Annotated[float, Field(ge=MIN_BPM, le=MAX_BPM)] | None = None
    metre: Annotated[int, Field(ge=MIN_METRE, le=MAX_METRE)] | None = None
    is_doubted: bool = False


@dataclass(frozen=True, slots=True)
class Ticket:
    """One song: the name people know it by, its storage key and SHA-256, and where its PCM and,
    under its hash, its grid are kept. Without a detector it is only decoded, for a grid that a
    person sets. It lasts `media_s` seconds, or at most so long where that is not known yet. What
    the networks said of it is kept too where a key says so, and used if it `is_known` already; so
    is the outline of its waveform. One that `is_stored` is held against its SHA-256 first."""

    name: str
    key: str
    checksum: str
    pcm_key: str
    grid_prefix: str
    detector: Detector | None = "auto"
    bpm_hint: float | None = None
    metre: int | None = None
    analyzed_at: str | None = None
    max_song_s: int = MAX_SONG_S
    media_s: float = MAX_SONG_S
    impression_key: str | None = None
    is_known: bool = False
    peaks_key: str | None = None
    is_stored: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """The storage keys that have to be at hand."""
        known = self.impression_key if self.is_known else None
        return (self.key,) if known is None else (self.key, known)


@dataclass(frozen=True, slots=True)
class KeptGrid:
    """A grid as it was kept: its key, the SHA-256 of its file, and what people are told of it."""

    key: str
    checksum: str
    bpm: float
    total_beats: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A song as decoded: its length, the sample rate of the file, and its grid if it was heard."""

    duration_us: int
    sample_rate: int
    grid: KeptGrid | None = None
