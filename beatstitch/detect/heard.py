"""What a detector has heard, before it becomes a grid of the whole song."""

from dataclasses import dataclass

from beatstitch.beats.grid import Beat, DownbeatSource


@dataclass(frozen=True, slots=True)
class Heard:
    """Beats with strictly rising times, and how far to trust them.

    `bpm_confidence` is about the beats, `downbeat_confidence` about where bars begin, both 0–1.
    `has_beat` is False where the sound has no pulse worth following; `beats` may still hold what a
    detector would have guessed, for its tempo.
    """

    beats: tuple[Beat, ...]
    beats_per_bar: int
    downbeat_source: DownbeatSource
    bpm_confidence: float
    downbeat_confidence: float
    has_beat: bool
    is_calibrated: bool
