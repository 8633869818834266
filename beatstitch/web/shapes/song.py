"""The song, its analysis and its beats."""

from typing import Annotated, Literal

from pydantic import Field
from spectree.model_adapter.pydantic_adapter import BaseFile

from beatstitch.beats.energy import Label
from beatstitch.beats.grid import Analyzer, DownbeatSource, Verdict
from beatstitch.db.audio import AnalysisStatus, AudioTrack
from beatstitch.db.jobs import Job
from beatstitch.jobs.beat_analysis.args import Detector
from beatstitch.limits import MAX_BPM, MAX_METRE, MIN_BPM, MIN_METRE
from beatstitch.web.openapi import Body, Moment, Shown
from beatstitch.web.shapes.jobs import ShownStatus, shown_status


class Track(Shown):
    """The song of a project; what a worker has to find out is null until it has."""

    id: str
    filename: str
    duration_ms: int | None
    sample_rate: int | None
    file_size: int
    bpm: float | None
    analysis_status: AnalysisStatus
    analysis_error: str | None
    created_at: Moment
    analyzed_at: Moment | None

    @staticmethod
    def of(row: AudioTrack) -> "Track":
        """From the row."""
        return Track(
            id=row.id,
            filename=row.filename,
            duration_ms=row.duration_ms,
            sample_rate=row.sample_rate,
            file_size=row.file_size,
            bpm=row.bpm,
            analysis_status=row.analysis_status,
            analysis_error=row.analysis_error,
            created_at=row.created_at,
            analyzed_at=row.analysed_at,
        )


class SongFile(Body):
    """One song, in the part named `file`."""

    file: BaseFile


class SongTaken(Shown):
    """A song that was stored, and the job that hears it."""

    id: str
    filename: str
    duration_ms: int | None
    sample_rate: int | None
    file_size: int
    analysis_status: AnalysisStatus
    analysis_job_id: str
    message: str


class Hearing(Body):
    """How a song is to be heard."""

    detector: Detector = "auto"
    bpm_hint: Annotated[float, Field(ge=MIN_BPM, le=MAX_BPM)] | None = None
    metre: Annotated[int, Field(ge=MIN_METRE, le=MAX_METRE)] | None = None


class HearingStarted(Shown):
    """The job that hears the song."""

    job_id: str
    status: ShownStatus
    message: str


class StillHearing(Shown):
    """How far the analysis is."""

    job_id: str
    status: ShownStatus
    progress_percent: int
    progress_message: str | None

    @staticmethod
    def of(job: Job) -> "StillHearing":
        """From the row."""
        return StillHearing(
            job_id=job.id,
            status=shown_status(job),
            progress_percent=job.progress_percent,
            progress_message=job.progress_message,
        )


class BeatsStatus(Shown):
    """Whether there are beats."""

    project_id: str
    audio_uploaded: bool
    analysis_status: AnalysisStatus | None
    bpm: float | None
    total_beats: int | None
    analyzed_at: Moment | None


class Beat(Shown):
    """One beat and its place in the bar, from 1."""

    time_ms: float
    beat_number: int
    is_downbeat: bool
    confidence: float


class Measure(Shown):
    """One bar, [start, end)."""

    index: int
    start_ms: float
    end_ms: float
    beat_count: int


class Section(Shown):
    """A part of the song, [start, end), named by its energy, 0–1 of what the song has."""

    label: Label
    start_ms: float
    end_ms: float
    energy: float


class BeatEnergy(Shown):
    """For each beat, 0–1: how hard kick, snare and hat are struck on it, and how loud it is.

    All are empty where nobody measured.
    """

    kick: tuple[float, ...] = ()
    snare: tuple[float, ...] = ()
    hat: tuple[float, ...] = ()
    loudness: tuple[float, ...] = ()


class Grid(Shown):
    """The beat grid: every beat of the song, and how sure that is."""

    version: Literal["1.0"]
    analyzer: Analyzer
    analyzed_at: Moment | None
    audio_file_checksum: str
    sample_rate: int
    duration_ms: float
    bpm: float
    bpm_confidence: float
    downbeat_confidence: float
    verdict: Verdict
    tempo_candidates: list[float]
    offset_ms: float
    time_signature: str
    beats_per_bar: int
    downbeat_source: DownbeatSource
    beats: list[Beat]
    measures: list[Measure]
    sections: tuple[Section, ...] = ()
    beat_energy: BeatEnergy = BeatEnergy()


class PeaksLevel(Shown):
    """One zoom level: for each stretch of so many samples the least and the greatest, -128 to 127,
    of both channels together."""

    samples_per_point: int
    min: list[int]
    max: list[int]


class Peaks(Shown):
    """What a waveform is drawn from, finest level first; each next one has four times the samples
    a point."""

    version: Literal["1.0"]
    sample_rate: int
    duration_ms: int
    levels: list[PeaksLevel]
