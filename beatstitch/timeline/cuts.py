"""Where the picture cuts: times chosen from the beat grid, by stepping through beat indices."""

from fractions import Fraction

from beatstitch.beats.grid import BeatGrid
from beatstitch.timeline.edl import frame_at

# Shorter than this at either end of a film, a picture is a flicker and not a cut: 5 frames at 25.
SLIVER_US = 200_000


def cut_beats(grid: BeatGrid, beats_per_cut: int) -> tuple[int, ...]:
    """The indices of the beats to cut on, counted from the first downbeat.

    1 and 2 are beats; 4, 8 and 16 are 1, 2 and 4 bars whatever the metre, so that cuts stay on bar
    lines. A grid without a downbeat is counted in beats from its first.
    """
    downbeats = grid.downbeats()
    if beats_per_cut >= 4 and downbeats:
        return downbeats[:: beats_per_cut // 4]
    return tuple(range(grid.first_downbeat(), len(grid.beats), beats_per_cut))


def cut_times(
    grid: BeatGrid, beats_per_cut: int, duration_us: int, rate: Fraction
) -> tuple[int, ...]:
    """Rising times in µs, inside the film of `duration_us`, at which the picture changes.

    Cuts that would leave less than SLIVER_US at either end of the film, or less than two frames
    between them, are left out: the segment before them goes on.
    """
    times: list[int] = []
    for index in cut_beats(grid, beats_per_cut):
        time_us = grid.beats[index].time_us
        if not SLIVER_US <= time_us <= duration_us - SLIVER_US:
            continue
        if not times or frame_at(time_us, rate) - frame_at(times[-1], rate) >= 2:
            times.append(time_us)
    return tuple(times)
