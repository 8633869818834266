"""`beatstitch beats`: a song's beat grid as JSON, and ways to see and hear whether it is right."""

import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, get_args

import click

from beatstitch import limits
from beatstitch.beats.grid import BeatGrid, dumps
from beatstitch.cli.cache import Cache
from beatstitch.cli.delivery import check_places, delivery
from beatstitch.cli.gather import given
from beatstitch.cli.options import Number
from beatstitch.cli.progress import Progress
from beatstitch.cli.repair import Repairs, repairable
from beatstitch.cli.song import Steady, hear, on_grid, set_by_hand
from beatstitch.cli.summary import tempo
from beatstitch.cli.workbench import Workbench
from beatstitch.jobs.beat_analysis.args import Detector
from beatstitch.settings import settings

PLACE = click.Path(path_type=Path)
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
    type=Number(limits.MIN_BPM, limits.MAX_BPM),
    help="The tempo that it should be near, to choose between half and double.",
)
@click.option(
    "--grid",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Don't listen: change the grid of this file.",
)
@click.option("--plot", type=PLACE, help="Draw them here, a PNG: the song, its beats and sections.")
@click.option("--click", "clicks", type=PLACE, help="Write the song with clicks here, a WAV.")
@click.option(
    "--flash",
    type=PLACE,
    help="Write ten seconds of flashes and clicks here, an MP4, for a player.",
)
@repairable
def beats(
    song: Path,
    output: Path | None,
    detector: Detector | None,
    bpm_hint: float | None,
    grid: Path | None,
    plot: Path | None,
    clicks: Path | None,
    flash: Path | None,
    **repairs: Any,
) -> None:
    """Write the beats of SONG: times, bars, tempo, sections, and how sure they are.

    Options from --bpm on change what was heard, in the order in which they are listed here. With
    nowhere to write anything, the beats are the output.
    """
    wanted = Repairs(**repairs)
    unheard = grid is not None or wanted.from_nothing() is not None
    metre = wanted.metre_to_hear()
    if unheard and (detector or bpm_hint):
        raise click.UsageError("Nobody listens then; leave --detector and --bpm-hint out.")
    if unheard and metre:
        raise click.UsageError("--metre changes a grid with --bpm, --tempo or --bar-at.")
    views = {"the picture": plot, "the clicks": clicks, "the flashes": flash}
    asked = {what: place for what, place in views.items() if place is not None}
    _check(song, grid, output, asked)
    cache = Cache(settings().cache_path, settings().cache_bytes)
    how = detector or settings().beat_detector
    with ExitStack() as stack:
        # Made first of all, so that nobody listens to a song for what can't be written.
        listed = stack.enter_context(delivery(output)) if output is not None else None
        made_at = {what: stack.enter_context(delivery(place)) for what, place in asked.items()}
        scratch = stack.enter_context(cache.scratch())
        bench = stack.enter_context(Workbench(cache, scratch, 1))
        with Progress(is_quiet=False).step("Listening to the song") as step:
            file, report = given(song), lambda percent, _: step.reach(percent)
            if grid is not None:
                heard = on_grid(file, grid, bench, report)
            elif unheard:
                heard = set_by_hand(file, ANY_TEMPO, bench, report, wanted.made_to)
            else:
                heard = hear(file, how, bench, report, bpm_hint=bpm_hint, metre=metre)
        by_hand = unheard and grid is None
        result = heard.beats if by_hand else wanted.made_to(heard.beats)
        if made_at:
            _show(result, song.name, bench.held(heard.pcm_key), scratch, made_at)
        if listed is not None:
            listed.write_text(dumps(result))
    if asked:
        click.echo(f"{song.name}: {tempo(result)}")
    elif output is None:
        click.echo(dumps(result), nl=False)


def _show(
    grid: BeatGrid, name: str, song_pcm: Path, scratch: Path, made_at: Mapping[str, Path]
) -> None:
    """Make what was asked for to see and hear the beats."""
    # numpy and Pillow come with it, which nobody needs who wants the beats of a song known already.
    from beatstitch.cli import plot
    from beatstitch.cli.clicks import write_clicks
    from beatstitch.cli.flash import write_flash
    from beatstitch.detect import pcm

    if "the picture" in made_at:
        plot.draw(grid, pcm.opened(song_pcm), name, made_at["the picture"])
    if "the clicks" in made_at:
        write_clicks(grid, song_pcm, made_at["the clicks"])
    if "the flashes" in made_at:
        write_flash(grid, song_pcm, scratch, scratch / "flash.mp4")
        shutil.copyfile(scratch / "flash.mp4", made_at["the flashes"])


def _check(song: Path, grid: Path | None, output: Path | None, views: dict[str, Path]) -> None:
    """Raise Invalid or NotFound for places that can't be written without harm. The list of beats
    may take the place of the one that it was made of."""
    if output is not None:
        check_places({"the list of beats": output}, {song: "the song"})
    read = {song: "the song"}
    read.update(dict.fromkeys(filter(None, (grid, output)), "the list of beats"))
    check_places(views, read)
