"""Beats that follow from one tempo, or from one after another: set by a person, or proposed when no
beat was heard."""

from collections.abc import Sequence
from dataclasses import replace

from beatstitch.beats import bars, tempo
from beatstitch.beats.grid import Beat, BeatGrid
from beatstitch.errors import Invalid
from beatstitch.limits import MAX_BPM, MIN_BPM

_MINUTE_US = 60_000_000


def steady_beats(
    bpm: float,
    offset_us: int,
    beats_per_bar: int,
    duration_us: int,
    confidence: float = 1.0,
    *,
    from_us: int = 0,
) -> tuple[Beat, ...]:
    """Every beat inside [`from_us`, duration) of a fixed tempo; a bar starts at `offset_us`.

    Each time is rounded from its exact place, so that nothing drifts. Raises Invalid for a tempo
    outside of 20–400 BPM or a bar of no beats.
    """
    if not MIN_BPM <= bpm <= MAX_BPM:
        raise Invalid(
            "bad_bpm", f"The tempo is {bpm:g} BPM; it must lie between {MIN_BPM:g} and {MAX_BPM:g}."
        )
    if beats_per_bar < 1:
        raise Invalid("bad_metre", f"A bar of {beats_per_bar} beats can't be counted.")
    first = int((from_us - offset_us) * bpm // _MINUTE_US) - 1
    last = int((duration_us - offset_us) * bpm // _MINUTE_US) + 1
    places = ((i, offset_us + round(i * _MINUTE_US / bpm)) for i in range(first, last + 1))
    return tuple(
        Beat(time_us, i % beats_per_bar + 1, confidence)
        for i, time_us in places
        if from_us <= time_us < duration_us
    )


def changing_beats(
    tempi: Sequence[tuple[int, float]], beats_per_bar: int, duration_us: int
) -> tuple[Beat, ...]:
    """Beats of one tempo after another: (time in µs, BPM). Bars are counted from the first time.

    A beat lies on every such time; one less than half a beat before it gives way. The first tempo
    reaches back to the song's start. Raises Invalid as `steady_beats` does, and for times that do
    not rise inside of the song.
    """
    starts = [start_us for start_us, _ in tempi]
    ends = [*starts[1:], duration_us]
    if any(not 0 <= start < end for start, end in zip(starts, ends, strict=True)):
        raise Invalid("bad_tempo_changes", "Tempo changes must rise and lie inside of the song.")
    beats: list[Beat] = []
    for (start_us, bpm), end_us in zip(tempi, ends, strict=True):
        part = steady_beats(bpm, start_us, beats_per_bar, end_us, from_us=start_us if beats else 0)
        gap_us = end_us - part[-1].time_us
        if end_us < duration_us and part[-1].time_us > start_us and gap_us < _MINUTE_US / bpm / 2:
            part = part[:-1]
        beats += part
    first = next(index for index, beat in enumerate(beats) if beat.time_us == starts[0])
    numbers = bars.counted(len(beats), first, beats_per_bar)
    return tuple(replace(b, beat_number=n) for b, n in zip(beats, numbers, strict=True))


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
