"""A grid that follows from a tempo alone: set by a person, or proposed when no beat was heard."""

from beatstitch.beats import bars, tempo
from beatstitch.beats.grid import Beat, BeatGrid
from beatstitch.errors import Invalid
from beatstitch.limits import MAX_BPM, MIN_BPM

_MINUTE_US = 60_000_000


def steady_beats(
    bpm: float, offset_us: int, beats_per_bar: int, duration_us: int, confidence: float = 1.0
) -> tuple[Beat, ...]:
    """Every beat inside [0, duration) of a fixed tempo; a bar starts at `offset_us`.

    Each time is rounded from its exact place, so that nothing drifts. Raises Invalid for a tempo
    outside of 20–400 BPM or a bar of no beats.
    """
    if not MIN_BPM <= bpm <= MAX_BPM:
        raise Invalid(
            "bad_bpm", f"The tempo is {bpm:g} BPM; it must lie between {MIN_BPM:g} and {MAX_BPM:g}."
        )
    if beats_per_bar < 1:
        raise Invalid("bad_metre", f"A bar of {beats_per_bar} beats can't be counted.")
    first = -int(offset_us * bpm // _MINUTE_US) - 1
    last = int((duration_us - offset_us) * bpm // _MINUTE_US) + 1
    places = ((i, offset_us + round(i * _MINUTE_US / bpm)) for i in range(first, last + 1))
    return tuple(
        Beat(time_us, i % beats_per_bar + 1, confidence)
        for i, time_us in places
        if 0 <= time_us < duration_us
    )


def steady_grid(
    bpm: float,
    offset_us: int,
    duration_us: int,
    *,
    beats_per_bar: int = bars.DERIVED_BEATS_PER_BAR,
    audio_checksum: str = "",
    sample_rate: int = 44_100,
) -> BeatGrid:
    """A person's grid: so many beats a minute, a bar starting at `offset_us`, over the whole song.

    Raises Invalid as `steady_beats` does.
    """
    return BeatGrid(
        analyzer="user",
        beats=steady_beats(bpm, offset_us, beats_per_bar, duration_us),
        duration_us=duration_us,
        sample_rate=sample_rate,
        audio_checksum=audio_checksum,
        bpm=bpm,
        bpm_confidence=1.0,
        downbeat_confidence=1.0,
        verdict="high",
        beats_per_bar=beats_per_bar,
        time_signature=bars.time_signature(beats_per_bar),
        downbeat_source="user",
        tempo_candidates=tempo.candidates(bpm),
        offset_us=offset_us,
    )
