"""What a person can do to a timeline, as values and as the JSON that the API takes: an object whose
only key names the change, {"move": {"index": 3, "to": 0}}. What comes of it: `edit`.
"""

from dataclasses import asdict, dataclass, fields
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from beatstitch import limits
from beatstitch.documents import read
from beatstitch.errors import Invalid
from beatstitch.timeline.edl import Focus, KenBurns, MediaType, Zoom
from beatstitch.timeline.settings import Pulse, TransitionType, Unit

Edge = Literal["in", "out"]
Snap = Literal["beat", "none"]
_STRICT = ConfigDict(extra="forbid")
# Strict field by field: a dataclass that is strict as a whole is not read from parsed JSON.
Index = Annotated[int, Field(strict=True, ge=0, lt=limits.MAX_SEGMENTS)]
SegmentId = Annotated[int, Field(strict=True, ge=1, le=2**31)]
FilmMs = Annotated[float, Field(strict=True, ge=0, le=limits.MAX_SONG_S * 1000)]
FilmUs = Annotated[int, Field(strict=True, ge=0, le=limits.MAX_SONG_S * 1_000_000)]
MediumId = Annotated[str, Field(min_length=1, max_length=64)]
SourceMs = Annotated[int, Field(strict=True, ge=0, le=limits.MAX_SONG_S * 1000)]
DurationMs = Annotated[int, Field(strict=True, ge=0, le=limits.MAX_TRANSITION_MS)]
GivenZoom = Annotated[Zoom, Field(strict=True)]
GivenUnit = Annotated[Unit, Field(strict=True)]
GivenPulse = Annotated[Pulse, Field(strict=True)]
Beats = Annotated[int, Field(strict=True, ge=1, le=10_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfSegment:
    """One segment: by its place, from 0, or by the id that it keeps."""

    __pydantic_config__ = _STRICT
    index: Index | None = None
    id: SegmentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(OfSegment):
    """What the segment shows is shown at place `to`, and what is between moves up. The cuts stay
    where they are in the music, and so do locked segments."""

    to: Index


@dataclass(frozen=True, slots=True, kw_only=True)
class Trim(OfSegment):
    """The segment begins at `in_ms` of the film, or ends at `out_ms`; its neighbour gives or takes
    what is between. `snap` beat is the nearest beat between the neighbours' other ends."""

    in_ms: FilmMs | None = None
    out_ms: FilmMs | None = None
    snap: Snap = "beat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split(OfSegment):
    """Two segments out of one, at `at_ms` of the film or in its middle. The second is new."""

    at_ms: FilmMs | None = None
    snap: Snap = "beat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(OfSegment):
    """The segment goes on to the end of the next one, which is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(OfSegment):
    """The segment is gone; the one before it goes on instead, or the next one begins earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace(OfSegment):
    """The segment shows another photo or clip, or another part of it."""

    media_asset_id: MediumId
    source_in_ms: SourceMs | None = None


@dataclass(frozen=True, slots=True)
class KenBurnsGiven:
    """A slow move over a photo, as it is sent: zoom and centre of the view at start and end."""

    __pydantic_config__ = _STRICT
    enabled: Annotated[bool, Field(strict=True)]
    start_zoom: GivenZoom = 1.0
    end_zoom: GivenZoom = 1.0
    start_x: GivenUnit = 0.5
    start_y: GivenUnit = 0.5
    end_x: GivenUnit = 0.5
    end_y: GivenUnit = 0.5

    def move(self) -> KenBurns:
        """The move itself."""
        return KenBurns(**asdict(self))


@dataclass(frozen=True, slots=True)
class FocusGiven:
    """The point of a picture that has to stay in view, as it is sent."""

    __pydantic_config__ = _STRICT
    x: GivenUnit
    y: GivenUnit

    def point(self) -> Focus:
        """The point itself."""
        return Focus(self.x, self.y)


@dataclass(frozen=True, slots=True)
class TransitionGiven:
    """How two segments meet, as it is sent."""

    __pydantic_config__ = _STRICT
    type: TransitionType = "cut"
    duration_ms: DurationMs = 0


@dataclass(frozen=True, slots=True)
class EffectsGiven:
    """What is done to a segment's picture, as it is sent. Without a focus it is the medium's."""

    __pydantic_config__ = _STRICT
    ken_burns: KenBurnsGiven | None = None
    pulse: GivenPulse = 0.0
    flash: GivenUnit = 0.0
    focus: FocusGiven | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentGiven:
    """A segment of a whole timeline, as it is sent: what is left out follows from the rest.

    `id` is that of a segment that there was, or None for a new one. The end is exact (`_us`), or in
    ms, which name a cut that there was if they round to the same; so is the start, which may be
    left out. Of the two transitions of a cut one suffices. Without `source_out_ms` a clip fills its
    time, slowed down or repeated if it must. The last five are shown and follow from the others:
    they may be sent back, and are read over.
    """

    __pydantic_config__ = _STRICT
    media_asset_id: MediumId
    id: SegmentId | None = None
    timeline_in_us: FilmUs | None = None
    timeline_in_ms: FilmMs | None = None
    timeline_out_us: FilmUs | None = None
    timeline_out_ms: FilmMs | None = None
    source_in_ms: SourceMs | None = None
    source_out_ms: SourceMs | None = None
    speed: Annotated[float, Field(strict=True, ge=0.1, le=10)] = 1.0
    effects: EffectsGiven = EffectsGiven()
    transition_in: TransitionGiven | None = None
    transition_out: TransitionGiven | None = None
    locked: Annotated[bool, Field(strict=True)] = False
    reason: Annotated[str, Field(max_length=300)] | None = None
    index: int | None = None
    media_type: MediaType | None = None
    render_duration_ms: int | None = None
    timeline_in_frame: int | None = None
    timeline_out_frame: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEffect(OfSegment):
    """Another move over the photo, or none (`enabled` false); another pulse on the beats and
    another flash at the cut, or none (0); another focus, to which the move goes as well unless it
    is set too. What is left out stays."""

    ken_burns: KenBurnsGiven | None = None
    pulse: GivenPulse | None = None
    flash: GivenUnit | None = None
    focus: FocusGiven | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTransition(OfSegment):
    """How the segment meets the one before it (`edge` in) or after it (out): as long as was asked
    for, but no longer than half of the shorter of the two and than there is footage to spare."""

    type: TransitionType
    duration_ms: DurationMs = 500
    edge: Edge = "in"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDurationBeats(OfSegment):
    """The segment ends `beats` beats after it begins; the next one gives or takes."""

    beats: Beats


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock(OfSegment):
    """The segment stays as it is, until it is unlocked, through edits and new timelines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlock(OfSegment):
    """The segment may be changed again."""


Edit = (
    Move
    | Trim
    | Split
    | Merge
    | Delete
    | Replace
    | SetEffect
    | SetTransition
    | SetDurationBeats
    | Lock
    | Unlock
)


@dataclass(frozen=True, slots=True)
class EditDocument:
    """An edit as JSON: an object with one of these keys."""

    __pydantic_config__ = _STRICT
    move: Move | None = None
    trim: Trim | None = None
    split: Split | None = None
    merge: Merge | None = None
    delete: Delete | None = None
    replace: Replace | None = None
    set_effect: SetEffect | None = None
    set_transition: SetTransition | None = None
    set_duration_beats: SetDurationBeats | None = None
    lock: Lock | None = None
    unlock: Unlock | None = None


_DOCUMENT: TypeAdapter[EditDocument] = TypeAdapter(EditDocument)
NAMES = tuple(field.name for field in fields(EditDocument))


def read_edit(value: object) -> tuple[str, Edit]:
    """The edit in parsed JSON and its name. Raises Invalid naming the field."""
    document = read(_DOCUMENT, value, "bad_edit")
    named = [(name, edit) for name in NAMES if (edit := getattr(document, name)) is not None]
    if len(named) != 1:
        raise Invalid(
            "bad_edit", f"An edit is an object with exactly one of these keys: {', '.join(NAMES)}."
        )
    return named[0]
