"""How a film is encoded: size, rate and the encoder's settings, as named sets.

Presets and quality are measured: veryfast crf 20 costs a third of medium for 1.4 dB; a preview
pays for decoding, so superfast crf 26 at a small size is at the floor.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from beatstitch.timeline.settings import Fit, TimelineSettings

PREVIEW_LONG_SIDE_PX = 640
PREVIEW_MAX_FPS = 30
SONG_SAMPLE_RATE = 44_100


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything about the output that isn't in the timeline."""

    name: Literal["preview", "final"]
    width: int
    height: int
    frame_rate: Fraction
    fit: Fit
    preset: str
    crf: int
    audio_bitrate: str = "192k"

    @property
    def timescale(self) -> int:
        """Ticks a second of track and movie: the numerator of the rate, so that frames are whole
        ticks. At mp4's default of 1000 each seam of a join would be up to 1 ms off."""
        return self.frame_rate.numerator


def final(settings: TimelineSettings) -> Profile:
    """The film in the size and rate that the settings ask for."""
    return Profile(
        name="final",
        width=settings.output_width,
        height=settings.output_height,
        frame_rate=settings.frame_rate,
        fit=settings.fit,
        preset="veryfast",
        crf=20,
    )


def preview(settings: TimelineSettings) -> Profile:
    """A small, quick film with the same cuts: long side 640, half the rate above 30 a second."""
    scale = min(
        Fraction(1),
        Fraction(PREVIEW_LONG_SIDE_PX, max(settings.output_width, settings.output_height)),
    )
    rate = settings.frame_rate
    return Profile(
        name="preview",
        width=_even(settings.output_width * scale),
        height=_even(settings.output_height * scale),
        frame_rate=rate if rate <= PREVIEW_MAX_FPS else rate / 2,
        fit=settings.fit,
        preset="superfast",
        crf=26,
    )


def _even(side: Fraction) -> int:
    return max(2, 2 * round(side / 2))
