"""`beatstitch verify`: hold a film against the sync report that was written when it was made."""

import tempfile
from pathlib import Path

import click

from beatstitch.cli.sentences import naming, printable
from beatstitch.errors import MediaRejected
from beatstitch.ffmpeg.command import look, measure
from beatstitch.ffmpeg.probe import probe
from beatstitch.ffmpeg.run import Limits
from beatstitch.ffmpeg.sniff import MP4, sniff_file
from beatstitch.render.sync import SyncReport, read_report
from beatstitch.render.verify import Look, differences


@click.command()
@click.argument("film", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--report",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Its sync report; the one beside the film without it.",
)
@click.option("--full", is_flag=True, help="Decode every frame, which takes as long as watching.")
def verify(film: Path, report: Path | None, full: bool) -> None:
    """Say whether FILM still is what its sync report measured."""
    report_file = report or film.with_name(f"{film.stem}.sync.json")
    if not report_file.is_file():
        raise click.UsageError(f"There is no {report_file}; name the report with --report.")
    with naming(report_file):
        then = read_report(report_file.read_bytes())
    if sniff_file(film) != MP4:
        raise MediaRejected("not_a_film", f"{film.name} is not an MP4 film.")
    limits = Limits(timeout_s=120 + 10 * _duration_s(film), stall_s=60)
    with tempfile.TemporaryDirectory(prefix="beatstitch-") as scratch:
        now = measure(film, Path(scratch), limits=limits, packet_hash=then.packet_hash)
        seen = Look.of(look(film, Path(scratch), limits=limits)) if full else None
    faults = differences(then, now.packets, now.keyframes, now.sound, seen)
    if faults:
        raise MediaRejected("check_failed", f"{film.name}: {' '.join(faults)}")
    for line in _says(film, then, seen):
        click.echo(printable(line))


def _says(film: Path, then: SyncReport, seen: Look | None) -> list[str]:
    lines = [
        f"{film}: {then.video_frames} frames and {max(0, len(then.cuts) - 1)} cuts are as they "
        f"were measured; the worst is {then.worst_cut_error_ms:.1f} ms "
        f"({then.worst_cut_error_frames:.2f} frames) from its beat",
        f"Made with {then.made_with}",
    ]
    if seen is not None:
        lines.append(
            f"All {len(seen.frames)} frames decode; {seen.black_frames} are black, and no picture "
            f"stands still for more than {seen.longest_still} frames"
        )
    return lines


def _duration_s(film: Path) -> float:
    """How long the film is. Raises MediaRejected for one without picture or sound."""
    found = probe(film, MP4, name=film.name)
    if found.video is None or found.audio is None:
        raise MediaRejected("not_a_film", f"{film.name} lacks its picture or its sound.")
    return found.video.duration_us / 1e6
