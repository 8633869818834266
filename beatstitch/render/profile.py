"""How a film is encoded: size, rate and the encoder's settings, from the timeline's settings and
what the film is delivered as.

Presets and quality are measured: veryfast crf 20 costs a third of medium for 1.4 dB; a preview
pays for decoding, so superfast crf 26 at a small size is at the floor.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from beatstitch.render.target import AS_PLANNED, PLATFORMS, Codec, Quality, Target
from beatstitch.timeline.settings import Fit, TimelineSettings

PREVIEW_LONG_SIDE_PX = 640
PREVIEW_MAX_FPS = 30
SONG_SAMPLE_RATE = 44_100
AUDIO_BITRATE = "192k"

# Preset and crf. CPU of two seconds of 1080p, of the six in order: 1.7, 3.8, 7.6; 3.6, 4.9, 9.9 s.
ENCODERS: dict[tuple[Codec, Quality], tuple[str, int]] = {
    ("h264", "draft"): ("superfast", 26),
    ("h264", "medium"): ("veryfast", 20),
    ("h264", "high"): ("faster", 17),
    ("h265", "draft"): ("ultrafast", 26),
    ("h265", "medium"): ("superfast", 20),
    ("h265", "high"): ("veryfast", 18),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything about the output that isn't in the timeline. `loudness_lufs` is what the sound is
    brought to, None to leave it; `max_bitrate_kbps` caps the picture's."""

    name: Literal["preview", "final"]
    width: int
    height: int
    frame_rate: Fraction
    fit: Fit
    preset: str
    crf: int
    codec: Codec = "h264"
    max_bitrate_kbps: int | None = None
    audio_bitrate: str = AUDIO_BITRATE
    loudness_lufs: int | None = None

    @property
    def timescale(self) -> int:
        """Ticks a second of track and movie: the numerator of the rate, so that frames are whole
        ticks. At mp4's default of 1000 each seam of a join would be up to 1 ms off."""
        return self.frame_rate.numerator


def final(settings: TimelineSettings, target: Target = AS_PLANNED) -> Profile:
    """The film in the size and rate that target and settings ask for."""
    platform = PLATFORMS[target.profile] if target.profile else None
    width, height = _size(settings, target)
    preset, crf = ENCODERS[target.codec, target.quality]
    return Profile(
        name="final",
        width=width,
        height=height,
        frame_rate=settings.frame_rate,
        fit=settings.fit,
        preset=preset,
        crf=crf,
        codec=target.codec,
        max_bitrate_kbps=platform.max_bitrate_kbps if platform else None,
        audio_bitrate=platform.audio_bitrate if platform else AUDIO_BITRATE,
        loudness_lufs=_loudness_lufs(target),
    )


def preview(settings: TimelineSettings, target: Target = AS_PLANNED) -> Profile:
    """A small, quick film with the same cuts and of the same shape: long side 640, half the rate
    above 30 a second."""
    full = _size(settings, target)
    scale = min(Fraction(1), Fraction(PREVIEW_LONG_SIDE_PX, max(full)))
    rate = settings.frame_rate
    preset, crf = ENCODERS["h264", "draft"]
    return Profile(
        name="preview",
        width=_even(full[0] * scale),
        height=_even(full[1] * scale),
        frame_rate=rate if rate <= PREVIEW_MAX_FPS else rate / 2,
        fit=settings.fit,
        preset=preset,
        crf=crf,
        loudness_lufs=_loudness_lufs(target),
    )


def _size(settings: TimelineSettings, target: Target) -> tuple[int, int]:
    """Another aspect keeps the short side: 1920 x 1080 as 9:16 is 1080 x 1920."""
    platform = PLATFORMS[target.profile] if target.profile else None
    if target.aspect is not None:
        width, height = map(int, target.aspect.split(":"))
        short = Fraction(min(settings.output_width, settings.output_height), min(width, height))
        return _even(width * short), _even(height * short)
    if platform is not None and platform.width and platform.height:
        return platform.width, platform.height
    return settings.output_width, settings.output_height


def _loudness_lufs(target: Target) -> int | None:
    wanted = target.loudness or (PLATFORMS[target.profile].loudness if target.profile else "none")
    return None if wanted == "none" else int(wanted)


def _even(side: Fraction) -> int:
    return max(2, 2 * round(side / 2))
