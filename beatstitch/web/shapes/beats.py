"""A person's beat grid and a person's edits of one, as they are sent."""

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from beatstitch.beats import changes
from beatstitch.beats.energy import Label
from beatstitch.beats.grid import Analyzer, DownbeatSource, Verdict
from beatstitch.limits import MAX_BPM, MAX_SONG_S, MIN_BPM
from beatstitch.web.openapi import Body
from beatstitch.web.shapes.song import Measure

MOST_BEATS = int(MAX_SONG_S * MAX_BPM / 60)
"""The longest song at the highest tempo."""
MOST_SECTIONS = 5_000
MOST_GRID_BYTES = 6_500_000
"""So many beats, their bars and energies, as they are shown, have 5.5 MB."""
Share = Annotated[float, Field(ge=0, le=1)]
Curve = Annotated[list[Share], Field(max_length=MOST_BEATS)]
Time = Annotated[float, Field(ge=0, le=MAX_SONG_S * 1000)]
Bpm = Annotated[float, Field(ge=MIN_BPM, le=MAX_BPM)]


class BeatGiven(Body):
    """One beat and its place in the bar, from 1. `is_downbeat` may be left out."""

    time_ms: Time
    beat_number: Annotated[int, Field(ge=1, le=MOST_BEATS)]
    is_downbeat: bool | None = None
    confidence: Share = 1.0

    @model_validator(mode="after")
    def _says_one_thing(self) -> "BeatGiven":
        if self.is_downbeat not in (None, self.beat_number == 1):
            raise ValueError("is_downbeat must be true where beat_number is 1, and only there")
        return self


class SectionGiven(Body):
    """A part of the song, [start, end), and how much of the song's energy it has, 0–1."""

    label: Label
    start_ms: Time
    end_ms: Time
    energy: Share = 0.5


class BeatEnergyGiven(Body):
    """A number from 0 to 1 for each beat in each of the four, or none in any."""

    kick: Curve
    snare: Curve
    hat: Curve
    loudness: Curve


class GridGiven(Body):
    """A whole grid for the song, in the shape in which it is shown.

    Its analyzer becomes user and its verdict high. Bars follow from the beats, and what is known
    of the song and its analysis stays: sections and the energy of beats too where they are left
    out.
    """

    model_config = ConfigDict(allow_inf_nan=False)
    max_bytes: ClassVar[int] = MOST_GRID_BYTES

    beats: Annotated[list[BeatGiven], Field(min_length=2, max_length=MOST_BEATS)]
    duration_ms: Time
    bpm: Bpm
    version: Literal["1.0"] = "1.0"
    analyzer: Analyzer = "user"
    analyzed_at: str | None = None
    audio_file_checksum: Annotated[str, Field(max_length=100)] = ""
    sample_rate: int | None = None
    bpm_confidence: Share = 1.0
    downbeat_confidence: Share = 1.0
    verdict: Verdict = "high"
    tempo_candidates: Annotated[
        list[Annotated[float, Field(gt=0, le=4 * MAX_BPM)]],
        Field(default_factory=list, max_length=16),
    ]
    offset_ms: changes.Ms = 0.0
    time_signature: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}/[1-9][0-9]?$")] = "4/4"
    beats_per_bar: Annotated[int, Field(ge=1, le=10 * changes.MOST_BEATS_PER_BAR)] = 4
    downbeat_source: DownbeatSource = "user"
    measures: list[Measure] | None = None
    sections: Annotated[list[SectionGiven], Field(max_length=MOST_SECTIONS)] | None = None
    beat_energy: BeatEnergyGiven | None = None

    def document(self) -> str:
        """The grid's own JSON, without what the song says for itself."""
        return self.model_dump_json(
            exclude={"measures", "analyzed_at", "sample_rate"}, exclude_none=True
        )


class EditGiven(Body):
    """One edit: exactly one of these."""

    shift: changes.Shift | None = None
    scale: changes.Scale | None = None
    shift_bar: changes.ShiftBar | None = None
    set_downbeat: changes.SetDownbeat | None = None
    tap: changes.Tap | None = None
    manual: changes.Manual | None = None
    piecewise: changes.Piecewise | None = None
    add_beat: changes.AddBeat | None = None
    move_beat: changes.MoveBeat | None = None
    delete_beat: changes.DeleteBeat | None = None

    @model_validator(mode="before")
    @classmethod
    def _numbers_are_numbers(cls, given: object) -> object:
        # The shapes of edits are shared with the command line, where "4" is one.
        if _holds_text_or_truth(given):
            raise ValueError("an edit is made of numbers; text, true and false are none")
        return given


def _holds_text_or_truth(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_text_or_truth, value.values()))
    if isinstance(value, list):
        return any(map(_holds_text_or_truth, value))
    return isinstance(value, str | bool)
