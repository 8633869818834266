"""What was done, in plain words."""

from pathlib import Path

from beatstitch.beats.grid import BeatGrid
from beatstitch.cli.production import Made
from beatstitch.cli.sentences import printable
from beatstitch.process import sandbox
from beatstitch.render.sync import SyncReport
from beatstitch.timeline.edl import Edl

VERDICTS = {
    "high": "sure of tempo and bars",
    "check_tempo": "check the tempo: it may be half or double, see --bpm",
    "bar_start_uncertain": "where bars start is uncertain",
    "no_beat": "no beat found",
}


def summary(film: Path, report_file: Path, made: Made, spoiled: int) -> str:
    """The end of a run, for a person to read. So many of the cache's files were `spoiled`."""
    plan, edl = made.plan, made.edl
    profile = plan.profile
    size_mb = film.stat().st_size / 1e6
    lines = [
        f"{film}: {_clock(float(plan.duration_s))}, {profile.width} × {profile.height} at "
        f"{float(profile.frame_rate):g} fps, {size_mb:.1f} MB",
        f"Song: {made.song.given.path.name}, {_tempo(made.song.grid, edl)}",
        f"Cuts: {_cuts(len(edl.segments) - 1, made.report)}",
        f"Sync report: {report_file}",
    ]
    if sandbox() == "degraded":
        lines.append("Note: media were decoded under limits only, without the bubblewrap sandbox")
    lines += [f"Note: {warning}" for warning in edl.warnings]
    lines += [
        f"Note: {shot.given.path.name}: {shot.note}" for shot in made.footage.shots if shot.note
    ]
    if spoiled:
        files = "1 file" if spoiled == 1 else f"{spoiled} files"
        lines.append(f"Note: damaged in the cache, and made anew: {files}")
    lines += [f"Left out: {left.said}" for left in made.footage.left_out]
    return "\n".join(map(printable, lines))


def _cuts(count: int, report: SyncReport) -> str:
    if count == 0:
        return "none"
    return (
        f"{count}; the worst is {report.worst_cut_error_ms:.1f} ms "
        f"({report.worst_cut_error_frames:.2f} frames) from its beat, measured in the film"
    )


def _tempo(grid: BeatGrid | None, edl: Edl) -> str:
    return tempo(grid) if grid else f"{edl.audio.bpm:.1f} BPM (as the timeline says)"


def tempo(grid: BeatGrid) -> str:
    """Tempo, metre and bars of a grid, where they come from and how sure they are."""
    if grid.verdict == "no_beat":
        return f"no beat found, a steady {grid.bpm:.4g} BPM instead ({grid.analyzer})"
    bars = len(grid.downbeats())
    how = "set by you" if grid.analyzer == "user" else f"{grid.analyzer}, {VERDICTS[grid.verdict]}"
    return f"{grid.bpm:.1f} BPM, {grid.time_signature}, {bars} bars ({how})"


def _clock(seconds: float) -> str:
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"
