"""Grids that somebody hands in: whether one is of this song, and can be cut on."""

from dataclasses import replace
from itertools import pairwise

from beatstitch.beats.energy import check_energy, check_sections, follow, within
from beatstitch.beats.grid import BeatGrid, from_json
from beatstitch.errors import Invalid
from beatstitch.limits import MAX_BPM, MIN_BPM

# Other versions of a decoder end a song some frames earlier or later.
LENGTH_TOLERANCE_US = 100_000


def for_song(document: str | bytes, *, checksum: str, duration_us: int) -> BeatGrid:
    """The grid in a JSON text, for the song of this content hash and length.

    A grid written by hand may leave the hash out; the length then has to tell. Raises Invalid
    naming the field for a grid of another song, or one whose beats don't count up in bars.
    """
    grid = from_json(document)
    if grid.audio_checksum not in ("", checksum):
        raise Invalid(
            "other_song",
            "audio_file_checksum: the grid is of another song than this, or of another file of it.",
            where=("audio_file_checksum",),
        )
    if abs(grid.duration_us - duration_us) > LENGTH_TOLERANCE_US:
        raise Invalid(
            "other_song",
            f"duration_ms: the grid is of a song of {grid.duration_us / 1e6:.1f} s; this one has "
            f"{duration_us / 1e6:.1f} s.",
            where=("duration_ms",),
        )
    _check(grid, duration_us)
    if duration_us < grid.duration_us:
        grid = replace(grid, sections=within(grid.sections, 0, duration_us))
    check_sections(grid.sections, duration_us)
    check_energy(grid.beat_energy, len(grid.beats))
    return replace(grid, audio_checksum=checksum, duration_us=duration_us)


def completed(grid: BeatGrid, known: BeatGrid, *, sections: bool, energy: bool) -> BeatGrid:
    """The grid with what is known of the same song from another one: its sections and its energy
    at these beats, each where it is asked for."""
    return replace(
        grid,
        sections=known.sections if sections else grid.sections,
        beat_energy=follow(known.beat_energy, _times_us(known), _times_us(grid))
        if energy
        else grid.beat_energy,
    )


def _times_us(grid: BeatGrid) -> list[int]:
    return [beat.time_us for beat in grid.beats]


def _check(grid: BeatGrid, duration_us: int) -> None:
    if len(grid.beats) < 2:
        raise Invalid("too_few_beats", "beats: a grid needs at least two.", where=("beats",))
    if not MIN_BPM <= grid.bpm <= MAX_BPM:
        raise Invalid(
            "bad_bpm",
            f"bpm is {grid.bpm:g}; it must lie between {MIN_BPM:g} and {MAX_BPM:g}.",
            where=("bpm",),
        )
    if grid.beats_per_bar < 1:
        raise Invalid("bad_metre", "beats_per_bar must be 1 or more.", where=("beats_per_bar",))
    for index, beat in enumerate(grid.beats):
        if not 0 <= beat.time_us < duration_us:
            raise Invalid(
                "beat_outside_song",
                f"beats.{index}.time_ms is {beat.time_us / 1000:g}; the song lasts "
                f"{duration_us / 1000:g} ms.",
                where=("beats", index, "time_ms"),
            )
        if not 0 <= beat.confidence <= 1:
            raise Invalid(
                "bad_beat_grid",
                f"beats.{index}.confidence must lie between 0 and 1.",
                where=("beats", index, "confidence"),
            )
    numbers = [beat.beat_number for beat in grid.beats]
    for index, (earlier, later) in enumerate(pairwise((max(numbers[0], 1) - 1, *numbers))):
        if later not in (1, earlier + 1):
            raise Invalid(
                "bad_beat_grid",
                f"beats.{index}.beat_number is {later}; it must be 1, or one more than before.",
                where=("beats", index, "beat_number"),
            )
