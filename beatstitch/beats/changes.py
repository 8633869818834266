"""What a person can do to a beat grid, as values and as the JSON that the API and the command line
share: an object whose only key names the change, {"shift": {"ms": -20}}. What comes of it: `edit`.
"""

from dataclasses import dataclass, fields
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter

from beatstitch.beats import bars, taps
from beatstitch.documents import read, read_json
from beatstitch.errors import Invalid
from beatstitch.limits import MAX_BPM, MAX_SONG_S, MIN_BPM

MOST_BEATS_PER_BAR = 32
MOST_TEMPI = 1_000

_STRICT = ConfigDict(extra="forbid")
# Numbers are numbers: not text that looks like one, and not true or false.
Ms = Annotated[float, Field(strict=True, ge=-MAX_SONG_S * 1000, le=MAX_SONG_S * 1000)]
Bpm = Annotated[float, Field(strict=True, ge=MIN_BPM, le=MAX_BPM)]
Metre = Annotated[int, Field(strict=True, ge=1, le=MOST_BEATS_PER_BAR)]
Index = Annotated[int, Field(strict=True, ge=0)]


def _half_or_double(factor: float) -> float:
    if factor not in (0.5, 2):
        raise ValueError("must be 0.5 or 2")
    return factor


@dataclass(frozen=True, slots=True)
class Shift:
    """All beats later by `ms`, or earlier; what leaves the song is gone."""

    __pydantic_config__ = _STRICT
    ms: Ms


@dataclass(frozen=True, slots=True)
class Scale:
    """Twice or half as many beats, `factor` 2 or 0.5. Bars keep their starts; of bars with an odd
    number of beats, two become one when halved."""

    __pydantic_config__ = _STRICT
    factor: Annotated[float, Field(strict=True), AfterValidator(_half_or_double)]


@dataclass(frozen=True, slots=True)
class ShiftBar:
    """Bars begin `beats` beats later, or earlier."""

    __pydantic_config__ = _STRICT
    beats: Annotated[int, Field(strict=True, ge=-1000, le=1000)]


@dataclass(frozen=True, slots=True)
class SetDownbeat:
    """A bar begins at beat `index`, counted from 0, and all others follow from it; bars have
    `metre` beats, or as many as before."""

    __pydantic_config__ = _STRICT
    index: Index
    metre: Metre | None = None


@dataclass(frozen=True, slots=True)
class Tap:
    """A steady grid through taps, in ms of the song. Bars begin where one was heard near the first
    tap, or with it where none was heard."""

    __pydantic_config__ = _STRICT
    times_ms: Annotated[tuple[Ms, ...], Field(max_length=taps.MOST_TAPS)]


@dataclass(frozen=True, slots=True)
class Manual:
    """A steady grid: the tempo, where a bar begins, and how many beats it has."""

    __pydantic_config__ = _STRICT
    bpm: Bpm
    offset_ms: Ms = 0
    metre: Metre = bars.DERIVED_BEATS_PER_BAR


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo and the time of the beat from which it holds."""

    __pydantic_config__ = _STRICT
    from_ms: Ms
    bpm: Bpm


@dataclass(frozen=True, slots=True)
class Piecewise:
    """One tempo after another; a bar begins with the first, and bars are counted through."""

    __pydantic_config__ = _STRICT
    tempi: Annotated[tuple[Tempo, ...], Field(min_length=1, max_length=MOST_TEMPI)]
    metre: Metre = bars.DERIVED_BEATS_PER_BAR


@dataclass(frozen=True, slots=True)
class AddBeat:
    """One more beat; its bar grows by it."""

    __pydantic_config__ = _STRICT
    time_ms: Ms


@dataclass(frozen=True, slots=True)
class MoveBeat:
    """Another time for beat `index`, between its neighbours."""

    __pydantic_config__ = _STRICT
    index: Index
    time_ms: Ms


@dataclass(frozen=True, slots=True)
class DeleteBeat:
    """Without beat `index`; its bar shrinks, and begins with the next beat if this began it."""

    __pydantic_config__ = _STRICT
    index: Index


Edit = (
    Shift
    | Scale
    | ShiftBar
    | SetDownbeat
    | Tap
    | Manual
    | Piecewise
    | AddBeat
    | MoveBeat
    | DeleteBeat
)


@dataclass(frozen=True, slots=True)
class EditDocument:
    """An edit as JSON: an object with one of these keys."""

    __pydantic_config__ = _STRICT
    shift: Shift | None = None
    scale: Scale | None = None
    shift_bar: ShiftBar | None = None
    set_downbeat: SetDownbeat | None = None
    tap: Tap | None = None
    manual: Manual | None = None
    piecewise: Piecewise | None = None
    add_beat: AddBeat | None = None
    move_beat: MoveBeat | None = None
    delete_beat: DeleteBeat | None = None


_DOCUMENT: TypeAdapter[EditDocument] = TypeAdapter(EditDocument)


def read_edit(value: object) -> Edit:
    """The edit in parsed JSON. Raises Invalid naming the field."""
    return _only(read(_DOCUMENT, value, "bad_edit"))


def loads(document: str | bytes) -> Edit:
    """The edit in a JSON text. Raises Invalid naming the field."""
    return _only(read_json(_DOCUMENT, document, "bad_edit"))


def _only(document: EditDocument) -> Edit:
    named = [value for f in fields(document) if (value := getattr(document, f.name)) is not None]
    if len(named) != 1:
        names = ", ".join(f.name for f in fields(document))
        raise Invalid("bad_edit", f"An edit is an object with exactly one of these keys: {names}.")
    edit: Edit = named[0]
    return edit
