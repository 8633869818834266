"""The EDL: which piece of which medium is seen from when to when, as plain data.

Times are whole microseconds and half-open, [in, out); frames follow from absolute time, never from
summed durations. A medium is named by its id alone: paths are looked up when the film is rendered.
"""

import json
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, TypeAdapter

from beatstitch.documents import digest, read_json
from beatstitch.errors import Invalid
from beatstitch.timeline.settings import Pulse, TimelineSettings, TransitionType, Unit

MediaType = Literal["image", "video"]
VERSION: Literal["1.0"] = "1.0"
Zoom = Annotated[float, Field(ge=1, le=4)]


@dataclass(frozen=True, slots=True)
class Focus:
    """The point of an upright picture that has to stay in view, from its top left corner, as shares
    of its width and height."""

    x: Unit
    y: Unit


MIDDLE = Focus(0.5, 0.5)


@dataclass(frozen=True, slots=True)
class KenBurns:
    """A slow move over a photo: the zoom and the centre of the view (0–1 of width and height) at
    its start and its end. The view is kept inside the photo."""

    enabled: bool
    start_zoom: Zoom = 1.0
    end_zoom: Zoom = 1.0
    start_x: Unit = 0.5
    start_y: Unit = 0.5
    end_x: Unit = 0.5
    end_y: Unit = 0.5

    def around(self, focus: Focus) -> "KenBurns":
        """The same zoom, with the view's centre on a point of the picture from start to end."""
        x, y = focus.x, focus.y
        return replace(self, start_x=x, start_y=y, end_x=x, end_y=y)


STILL = KenBurns(enabled=False)


@dataclass(frozen=True, slots=True)
class Effects:
    """What is done to a segment's picture.

    `pulse` is how much closer it jumps on every beat, as a share of its size, easing back; `flash`
    how much white is mixed into it at its cut, fading. A picture that is cropped to the frame's
    shape is cropped around its `focus`, or its middle without one.
    """

    ken_burns: KenBurns = STILL
    pulse: Pulse = 0.0
    flash: Unit = 0.0
    focus: Focus | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """How two segments meet. Its middle is the cut between them, so no cut moves for it."""

    type: TransitionType = "cut"
    duration_ms: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the timeline. `id` stays when others are inserted; `index` is its place.

    A source range shorter than the slot (at `speed`) is repeated until the slot is full. `reason`
    says why something other than the plain wish was done.
    """

    id: int
    index: int
    media_asset_id: str
    media_type: MediaType
    timeline_in_us: int
    timeline_out_us: int
    timeline_in_frame: int
    timeline_out_frame: int
    source_in_ms: Annotated[int, Field(ge=0)] = 0
    source_out_ms: Annotated[int, Field(ge=0)] = 0
    speed: Annotated[float, Field(ge=0.1, le=10)] = 1.0
    effects: Effects = Effects()
    transition_in: Transition = Transition()
    transition_out: Transition = Transition()
    locked: bool = False
    reason: str | None = None

    @property
    def speed_ratio(self) -> Fraction:
        """`speed` to its three decimals, exact."""
        return Fraction(round(self.speed * 1000), 1000)

    @property
    def is_repeated(self) -> bool:
        """Whether the source range is too short for the slot, so that it is shown again."""
        slot_us = self.timeline_out_us - self.timeline_in_us
        once_us = (self.source_out_ms - self.source_in_ms) * 1000
        return self.media_type == "video" and once_us < slot_us * self.speed_ratio


@dataclass(frozen=True, slots=True)
class Audio:
    """The song under the film: which one, from where, and its tempo."""

    checksum: str
    duration_us: int
    bpm: FiniteFloat
    sample_rate: int
    start_offset_us: int = 0


@dataclass(frozen=True, slots=True)
class Edl:
    """A whole timeline. `next_segment_id` is the counter that new segments take their id from,
    `beats_us` the beats in film time, for what moves on them."""

    project_id: str
    settings: TimelineSettings
    audio: Audio
    total_duration_us: int
    segments: tuple[Segment, ...]
    next_segment_id: int
    beats_us: tuple[int, ...] = ()
    version: Literal["1.0"] = VERSION
    warnings: tuple[str, ...] = ()


_ADAPTER: TypeAdapter[Edl] = TypeAdapter(Edl)


def frame_at(time_us: int, rate: Fraction) -> int:
    """The frame shown from `time_us` on: round half up of absolute time × rate."""
    return (2 * time_us * rate.numerator + 1_000_000 * rate.denominator) // (
        2_000_000 * rate.denominator
    )


def round_ms(time_us: int) -> int:
    """Microseconds as whole milliseconds, half up."""
    return (time_us + 500) // 1000


def edl_hash(edl: Edl) -> str:
    """SHA-256 of the EDL's canonical JSON, without the fields that name it."""
    return digest(_body(edl))


def to_json(edl: Edl, generated_at: str | None = None) -> dict[str, object]:
    """The EDL as files and the API show it, with its hash; `generated_at` is RFC 3339."""
    return {**_body(edl), "generated_at": generated_at, "edl_hash": edl_hash(edl)}


def dumps(edl: Edl, generated_at: str | None = None) -> str:
    """The EDL's file."""
    return json.dumps(to_json(edl, generated_at), indent=1, allow_nan=False) + "\n"


def loads(document: str | bytes) -> Edl:
    """Read what `dumps` wrote, or a person's edit of it.

    The exact times are the `_us` fields. A ms field that says something else is refused rather
    than passed over: Invalid names it.
    """
    edl = read_json(_ADAPTER, document, "bad_edl")
    _refuse_contradictions(_body(edl), json.loads(document), ())
    return edl


def _body(edl: Edl) -> dict[str, object]:
    body = asdict(edl)
    body["audio"]["duration_ms"] = round_ms(edl.audio.duration_us)
    body["audio"]["start_offset_ms"] = round_ms(edl.audio.start_offset_us)
    body["total_duration_ms"] = round_ms(edl.total_duration_us)
    for segment in body["segments"]:
        segment["timeline_in_ms"] = round_ms(segment["timeline_in_us"])
        segment["timeline_out_ms"] = round_ms(segment["timeline_out_us"])
        segment["render_duration_ms"] = segment["timeline_out_ms"] - segment["timeline_in_ms"]
        if segment["effects"]["focus"] is None:
            # Timelines from before there was one keep their hash.
            del segment["effects"]["focus"]
    return body


def _refuse_contradictions(ours: object, theirs: object, where: tuple[str | int, ...]) -> None:
    """Every value that both documents name and that we derive must be the same in both."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in ours.keys() & theirs.keys():
            _refuse_contradictions(ours[name], theirs[name], (*where, name))
    elif isinstance(ours, list | tuple) and isinstance(theirs, list):
        for index, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            _refuse_contradictions(mine, other, (*where, index))
    elif where and str(where[-1]).endswith("_ms") and ours != theirs:
        place = ".".join(str(step) for step in where)
        raise Invalid(
            "bad_edl",
            f"{place} says {theirs}, but the exact time makes it {ours}. "
            "Change the field that ends in _us (and the frames with it).",
            where=where,
        )
