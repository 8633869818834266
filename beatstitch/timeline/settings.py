"""What the user wants of a film: the settings that an EDL is built from and carries along."""

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter

from beatstitch import limits
from beatstitch.beats.energy import Label
from beatstitch.documents import read

BeatsPerCut = Literal[1, 2, 4, 8, 16]
TransitionType = Literal[
    "cut",
    "crossfade",
    "fade_black",
    "fade_white",
    "wipe_left",
    "wipe_right",
    "wipe_up",
    "wipe_down",
    "slide_left",
    "slide_right",
    "zoom",
]
Fit = Literal["auto", "cover", "contain", "blur"]
Unit = Annotated[float, Field(ge=0, le=1)]
Pulse = Annotated[float, Field(ge=0, le=limits.MAX_PULSE)]


def _known_rate(fps: float) -> float:
    if f"{fps:g}" not in limits.FRAME_RATES:
        raise ValueError(f"must be one of {', '.join(limits.FRAME_RATES)}")
    return int(fps) if fps == int(fps) else fps


def _even(side: int) -> int:
    if side % 2:
        raise ValueError("must be even, for H.264 halves the colour planes")
    return side


Side = Annotated[
    int,
    Field(ge=limits.MIN_OUTPUT_SIDE_PX, le=limits.MAX_OUTPUT_SIDE_PX),
    AfterValidator(_even),
]


def _once_each(rules: "tuple[SectionRule, ...]") -> "tuple[SectionRule, ...]":
    if len({rule.section for rule in rules}) < len(rules):
        raise ValueError("a section can have one rule")
    return rules


@dataclass(frozen=True, slots=True)
class SectionRule:
    """How sections of this name are cut. Without a rule of its own, a drop is cut like high ones,
    an intro and an outro like low ones."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    section: Label
    beats_per_cut: BeatsPerCut
    transition_type: TransitionType | None = None


@dataclass(frozen=True, slots=True)
class TimelineSettings:
    """The wishes for one film. Times in ms, sizes in pixels; see the API's *Settings*."""

    beats_per_cut: BeatsPerCut = 4
    transition_type: TransitionType = "cut"
    transition_duration_ms: Annotated[int, Field(ge=0, le=limits.MAX_TRANSITION_MS)] = 500
    ken_burns_enabled: bool = True
    output_width: Side = 1920
    output_height: Side = 1080
    output_fps: Annotated[float, AfterValidator(_known_rate)] = 30
    fit: Fit = "auto"
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    audio_start_ms: Annotated[int, Field(ge=0, le=limits.MAX_SONG_S * 1000)] = 0
    duration_ms: Annotated[int, Field(gt=0, le=limits.MAX_SONG_S * 1000)] | None = None
    audio_fade_out_ms: Annotated[int, Field(ge=0, le=60_000)] = 0
    section_rules: Annotated[
        tuple[SectionRule, ...],
        Field(strict=False, max_length=len(get_args(Label))),
        AfterValidator(_once_each),
    ] = ()
    clip_audio_gain_db: (
        Annotated[float, Field(ge=limits.MIN_CLIP_GAIN_DB, le=limits.MAX_CLIP_GAIN_DB)] | None
    ) = None
    pulse: Pulse = 0.0
    flash: Unit = 0.0

    @property
    def frame_rate(self) -> Fraction:
        """Frames a second, exact: 23.976 is 24000/1001."""
        return limits.FRAME_RATES[f"{self.output_fps:g}"]


_ADAPTER: TypeAdapter[TimelineSettings] = TypeAdapter(TimelineSettings)


def read_settings(values: dict[str, object]) -> TimelineSettings:
    """Settings from parsed JSON, defaults where silent. Raises Invalid naming the field."""
    return read(_ADAPTER, values, "bad_settings")


def settings_json(settings: TimelineSettings) -> dict[str, object]:
    """The settings as the EDL and the API show them."""
    return {**asdict(settings), "section_rules": [asdict(r) for r in settings.section_rules]}
