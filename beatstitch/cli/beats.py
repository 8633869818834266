"""`beatstitch beats`: the beat grid of a song as JSON."""

from pathlib import Path
from typing import Any, get_args

import click

from beatstitch import limits
from beatstitch.beats.grid import dumps
from beatstitch.cli.cache import Cache
from beatstitch.cli.delivery import check_places, delivery
from beatstitch.cli.gather import given
from beatstitch.cli.progress import Progress
from beatstitch.cli.repair import Repairs, repairable
from beatstitch.cli.song import Steady, hear, on_grid, set_by_hand
from beatstitch.cli.workbench import Workbench
from beatstitch.jobs.beat_analysis.args import Detector
from beatstitch.settings import settings

# What a grid by hand is made of before its own tempo replaces it.
ANY_TEMPO = Steady(120, 0)


@click.command()
@click.argument("song", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write it here.")
@click.option(
    "--detector",
    type=click.Choice(get_args(Detector)),
    help="What hears the beats; auto is madmom, or librosa without it.",
)
@click.option(
    "--bpm-hint",
    type=click.FloatRange(limits.MIN_BPM, limits.MAX_BPM),
    help="The tempo that it should be near, to choose between half and double.",
)
@click.option(
    "--grid",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Don't listen: change the grid of this file.",
)
@repairable
def beats(
    song: Path,
    output: Path | None,
    detector: Detector | None,
    bpm_hint: float | None,
    grid: Path | None,
    **repairs: Any,
) -> None:
    """Write the beats of SONG: times, bars, tempo, and how sure they are.

    Options from --bpm on change what was heard, in the order in which they are listed here.
    """
    wanted = Repairs(**repairs)
    unheard = grid is not None or wanted.from_nothing() is not None
    metre = wanted.metre_to_hear()
    if unheard and (detector or bpm_hint):
        raise click.UsageError("Nobody listens then; leave --detector and --bpm-hint out.")
    if unheard and metre:
        raise click.UsageError("--metre changes a grid with --bpm, --tempo or --bar-at.")
    if output is not None:
        check_places({"the list of beats": output}, {song: "the song"})
    cache = Cache(settings().cache_path, settings().cache_bytes)
    with (
        cache.scratch() as scratch,
        Workbench(cache, scratch, 1) as bench,
        Progress(is_quiet=False).step("Listening to the song") as step,
    ):

        def report(percent: int, _: str) -> None:
            step.reach(percent)

        file = given(song)
        if grid is not None:
            made = wanted.made_to(on_grid(file, grid, bench, report).beats)
        elif unheard:
            made = set_by_hand(file, ANY_TEMPO, bench, report, wanted.made_to).beats
        else:
            begun = hear(
                file,
                detector or settings().beat_detector,
                bench,
                report,
                bpm_hint=bpm_hint,
                metre=metre,
            )
            made = wanted.made_to(begun.beats)
    cache.prune()
    text = dumps(made)
    if output is None:
        click.echo(text, nl=False)
        return
    with delivery(output) as temporary:
        temporary.write_text(text)
