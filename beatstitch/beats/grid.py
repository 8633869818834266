"""The beat grid: every beat of a song, which of them begin a bar, and how sure that is."""

import json
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from beatstitch.beats.energy import UNMEASURED, BeatEnergy, Label, Section, within
from beatstitch.documents import read_json
from beatstitch.errors import Invalid

Analyzer = Literal["madmom", "librosa", "user"]
DownbeatSource = Literal["detected", "derived", "user"]
Verdict = Literal["high", "check_tempo", "bar_start_uncertain", "no_beat"]
VERSION = "1.0"
_FINITE = ConfigDict(allow_inf_nan=False, strict=True)
# Within thirty years: beyond, a number is no time in a song, and may be too large to be made µs.
_Ms = Annotated[float, Field(ge=-1e12, le=1e12)]


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat: its time from the start of the song and its place in the bar, from 1."""

    time_us: int
    beat_number: int
    confidence: float

    @property
    def is_downbeat(self) -> bool:
        """Whether a bar begins here."""
        return self.beat_number == 1


@dataclass(frozen=True, slots=True)
class BeatGrid:
    """A song's beats, rising in time, with what is known about them.

    `beats_per_bar` beats make a bar (in 6/8 the beat is the dotted quarter, so 2).
    `downbeat_source` says whether bar starts were heard, follow the every-fourth-beat rule, or were
    set by a person.
    """

    analyzer: Analyzer
    beats: tuple[Beat, ...]
    duration_us: int
    sample_rate: int
    audio_checksum: str
    bpm: float
    bpm_confidence: float
    downbeat_confidence: float
    verdict: Verdict
    beats_per_bar: int
    time_signature: str
    downbeat_source: DownbeatSource
    tempo_candidates: tuple[float, ...] = ()
    offset_us: int = 0
    analyzed_at: str | None = None
    sections: tuple[Section, ...] = ()
    beat_energy: BeatEnergy = UNMEASURED

    def downbeats(self) -> tuple[int, ...]:
        """The indices of the beats that begin a bar."""
        return tuple(i for i, beat in enumerate(self.beats) if beat.is_downbeat)


def to_json(grid: BeatGrid) -> dict[str, object]:
    """The grid as the API and `beats.json` show it; `time_ms` keeps the microseconds."""
    return {
        "version": VERSION,
        "analyzer": grid.analyzer,
        "analyzed_at": grid.analyzed_at,
        "audio_file_checksum": grid.audio_checksum,
        "sample_rate": grid.sample_rate,
        "duration_ms": _ms(grid.duration_us),
        "bpm": grid.bpm,
        "bpm_confidence": grid.bpm_confidence,
        "downbeat_confidence": grid.downbeat_confidence,
        "verdict": grid.verdict,
        "tempo_candidates": list(grid.tempo_candidates),
        "offset_ms": _ms(grid.offset_us),
        "time_signature": grid.time_signature,
        "beats_per_bar": grid.beats_per_bar,
        "downbeat_source": grid.downbeat_source,
        "beats": [
            {
                "time_ms": _ms(beat.time_us),
                "beat_number": beat.beat_number,
                "is_downbeat": beat.is_downbeat,
                "confidence": beat.confidence,
            }
            for beat in grid.beats
        ],
        "measures": _measures(grid),
        "sections": [
            {
                "label": section.label,
                "start_ms": _ms(section.start_us),
                "end_ms": _ms(section.end_us),
                "energy": section.energy,
            }
            for section in grid.sections
        ],
        "beat_energy": asdict(grid.beat_energy),
    }


def from_json(document: str | bytes) -> BeatGrid:
    """Read what `to_json` wrote. Raises Invalid naming the field that is wrong."""
    data = read_json(_DOCUMENT, document, "bad_beat_grid")
    grid = BeatGrid(
        analyzer=data.analyzer,
        beats=tuple(Beat(_us(b.time_ms), b.beat_number, b.confidence) for b in data.beats),
        duration_us=_us(data.duration_ms),
        sample_rate=data.sample_rate,
        audio_checksum=data.audio_file_checksum,
        bpm=data.bpm,
        bpm_confidence=data.bpm_confidence,
        downbeat_confidence=data.downbeat_confidence,
        verdict=data.verdict,
        beats_per_bar=data.beats_per_bar,
        time_signature=data.time_signature,
        downbeat_source=data.downbeat_source,
        tempo_candidates=data.tempo_candidates,
        offset_us=_us(data.offset_ms),
        analyzed_at=data.analyzed_at,
        sections=tuple(
            Section(part.label, _us(part.start_ms), _us(part.end_ms), part.energy)
            for part in data.sections
        ),
        beat_energy=data.beat_energy,
    )
    for earlier, later in pairwise(grid.beats):
        if later.time_us <= earlier.time_us:
            raise Invalid("bad_beat_grid", f"Beat times must rise; {later.time_us} µs doesn't.")
    return grid


def dumps(grid: BeatGrid) -> str:
    """The grid's file: `to_json` with stable order, so that equal grids are equal bytes."""
    return json.dumps(to_json(grid), indent=1, allow_nan=False) + "\n"


def excerpt(grid: BeatGrid, start_us: int, duration_us: int) -> BeatGrid:
    """The grid of a part of the song, with times counted from the start of the part."""
    end_us = start_us + duration_us
    first = sum(beat.time_us < start_us for beat in grid.beats)
    stop = sum(beat.time_us < end_us for beat in grid.beats)
    return replace(
        grid,
        beats=tuple(
            replace(beat, time_us=beat.time_us - start_us) for beat in grid.beats[first:stop]
        ),
        duration_us=duration_us,
        sections=within(grid.sections, start_us, end_us),
        beat_energy=grid.beat_energy.of(first, stop),
    )


def _measures(grid: BeatGrid) -> list[dict[str, object]]:
    starts = grid.downbeats()
    ends = (*starts[1:], len(grid.beats)) if starts else ()
    return [
        {
            "index": index,
            "start_ms": _ms(grid.beats[start].time_us),
            "end_ms": _ms(grid.beats[end].time_us if end < len(grid.beats) else grid.duration_us),
            "beat_count": end - start,
        }
        for index, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def _ms(time_us: int) -> float | int:
    return time_us // 1000 if time_us % 1000 == 0 else time_us / 1000


def _us(time_ms: float) -> int:
    return round(time_ms * 1000)


@dataclass(frozen=True, slots=True)
class _BeatDocument:
    __pydantic_config__ = _FINITE
    time_ms: _Ms
    beat_number: int = 1
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class _SectionDocument:
    __pydantic_config__ = _FINITE
    label: Label
    start_ms: _Ms
    end_ms: _Ms
    energy: float


@dataclass(frozen=True, slots=True)
class _GridDocument:
    __pydantic_config__ = _FINITE
    beats: tuple[_BeatDocument, ...]
    duration_ms: _Ms
    bpm: float
    analyzer: Analyzer = "user"
    analyzed_at: str | None = None
    audio_file_checksum: str = ""
    sample_rate: int = 44100
    bpm_confidence: float = 1.0
    downbeat_confidence: float = 1.0
    verdict: Verdict = "high"
    tempo_candidates: tuple[float, ...] = ()
    offset_ms: _Ms = 0.0
    time_signature: str = "4/4"
    beats_per_bar: int = 4
    downbeat_source: DownbeatSource = "user"
    sections: tuple[_SectionDocument, ...] = ()
    beat_energy: BeatEnergy = UNMEASURED


_DOCUMENT: TypeAdapter[_GridDocument] = TypeAdapter(_GridDocument)
