"""The timeline: the EDL with what is known of its version, and its state."""

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from beatstitch.db.outputs import OutputKind
from beatstitch.db.timelines import Timeline
from beatstitch.limits import MAX_SEGMENTS
from beatstitch.timeline import changes
from beatstitch.timeline.edl import MediaType
from beatstitch.timeline.settings import TimelineSettings, TransitionType
from beatstitch.web.openapi import Body, Moment, Shown
from beatstitch.web.shapes.jobs import ShownStatus
from beatstitch.web.shapes.media import Focus

MOST_TIMELINE_BYTES = 8_000_000
"""So many segments, as they are shown, have 5 MB."""

if TYPE_CHECKING:
    SettingsGiven = BaseModel
    SettingsShown = BaseModel
else:
    _HINTS = get_type_hints(TimelineSettings, include_extras=True)
    # The same names, limits and defaults as the domain's dataclass, so that neither can drift.
    SettingsGiven = create_model(
        "SettingsGiven",
        __base__=Body,
        __doc__="Wishes for the film; what is left out stays as it is.",
        **{field.name: (_HINTS[field.name], field.default) for field in fields(TimelineSettings)},
    )
    SettingsShown = create_model(
        "SettingsShown",
        __config__=ConfigDict(extra="ignore"),
        __doc__="All wishes for the film.",
        **{field.name: (_HINTS[field.name], field.default) for field in fields(TimelineSettings)},
    )


class KenBurns(Shown):
    """A slow move over a photo: zoom and centre of the view, 0–1, at start and end."""

    enabled: bool
    start_zoom: float
    end_zoom: float
    start_x: float
    start_y: float
    end_x: float
    end_y: float


class Effects(Shown):
    """What is done to a picture: `pulse` is how much closer it jumps on every beat, `flash` how
    much white is mixed into it at its cut, `focus` the point of it that stays in view, null the
    middle."""

    ken_burns: KenBurns
    pulse: float
    flash: float
    focus: Focus | None = None


class Transition(Shown):
    """How two segments meet; its middle is the cut."""

    type: TransitionType
    duration_ms: int


class Segment(Shown):
    """A piece of the timeline, [in, out); the `_us` times are the exact ones."""

    id: int
    index: int
    media_asset_id: str
    media_type: MediaType
    timeline_in_ms: int
    timeline_out_ms: int
    render_duration_ms: int
    timeline_in_us: int
    timeline_out_us: int
    timeline_in_frame: int
    timeline_out_frame: int
    source_in_ms: int
    source_out_ms: int
    speed: float
    effects: Effects
    transition_in: Transition
    transition_out: Transition
    locked: bool
    reason: str | None


class EdlAudio(Shown):
    """The song under the film."""

    checksum: str
    duration_ms: int
    duration_us: int
    bpm: float
    sample_rate: int
    start_offset_ms: int
    start_offset_us: int


class TimelineShown(Shown):
    """The EDL in force. `edl_hash` is what a render has to name; `change` says what made it."""

    id: str
    project_id: str
    version: Literal["1.0"]
    edl_hash: str
    generated_at: Moment
    stale: bool
    stale_reason: str | None
    segment_count: int
    total_duration_ms: int
    total_duration_us: int
    change: str
    can_undo: bool
    can_redo: bool
    settings: SettingsShown
    settings_used: SettingsShown
    audio: EdlAudio
    segments: list[Segment]
    next_segment_id: int
    beats_us: list[int]
    warnings: list[str]


class TimelineBrief(Shown):
    """The timeline in force, without its segments."""

    id: str
    edl_hash: str
    segment_count: int
    total_duration_ms: int
    generated_at: Moment
    stale: bool
    stale_reason: str | None

    @staticmethod
    def of(row: Timeline, stale_reason: str | None) -> "TimelineBrief":
        """From the row."""
        return TimelineBrief(
            id=row.id,
            edl_hash=row.edl_hash,
            segment_count=row.segment_count,
            total_duration_ms=row.total_duration_ms,
            generated_at=row.generated_at,
            stale=stale_reason is not None,
            stale_reason=stale_reason,
        )


class TimelineState(Shown):
    """Whether there is a timeline, whether it is current, and the job that makes one.

    `change` says what made it: generate, put, or the name of an edit.
    """

    project_id: str
    generated: bool
    edl_hash: str | None
    segment_count: int | None
    total_duration_ms: int | None
    generated_at: Moment | None
    stale: bool
    stale_reason: str | None
    change: str | None
    can_undo: bool
    can_redo: bool
    job_id: str | None


class TimelineEdit(Body):
    """One edit: exactly one of these."""

    move: changes.Move | None = None
    trim: changes.Trim | None = None
    split: changes.Split | None = None
    merge: changes.Merge | None = None
    delete: changes.Delete | None = None
    replace: changes.Replace | None = None
    set_effect: changes.SetEffect | None = None
    set_transition: changes.SetTransition | None = None
    set_duration_beats: changes.SetDurationBeats | None = None
    lock: changes.Lock | None = None
    unlock: changes.Unlock | None = None


class SegmentsGiven(Body):
    """A whole timeline in place of the one there is, in the shape in which it is shown.

    A cut that there was stays; a new one goes to the nearest beat, unless `snap` is none.
    """

    max_bytes: ClassVar[int] = MOST_TIMELINE_BYTES

    segments: Annotated[list[changes.SegmentGiven], Field(min_length=1, max_length=MAX_SEGMENTS)]
    snap: changes.Snap = "beat"


class Generation(Body):
    """A wish for a new timeline; settings given here are the project's from now on."""

    settings: SettingsGiven | None = None


class GenerationStarted(Shown):
    """The job that makes the timeline."""

    job_id: str
    status: ShownStatus
    message: str


class PlannedChunk(Shown):
    """A piece of the film that is made, and kept, as a whole."""

    start_ms: int
    end_ms: int
    cached: bool


class RenderPlan(Shown):
    """What a render of the timeline would have to do; chunks that are equal are encoded once.

    Seconds are a guess, for this machine when nothing else is to be done; `estimated_bytes` is the
    size of the film.
    """

    edl_hash: str
    job_type: OutputKind
    width: int
    height: int
    fps: float
    duration_ms: int
    frames: int
    frames_to_encode: int
    chunks_total: int
    chunks_cached: int
    chunks_to_encode: int
    song_cached: bool
    estimated_seconds: int
    estimated_bytes: int
    warnings: list[str]
    chunks: list[PlannedChunk]
