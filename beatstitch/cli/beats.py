"""`beatstitch beats`: the beat grid of a song as JSON."""

from pathlib import Path
from typing import get_args

import click

from beatstitch import limits
from beatstitch.beats.grid import dumps
from beatstitch.cli.cache import Cache
from beatstitch.cli.delivery import check_places, delivery
from beatstitch.cli.gather import given
from beatstitch.cli.progress import Progress
from beatstitch.cli.song import hear
from beatstitch.cli.workbench import Workbench
from beatstitch.jobs.beat_analysis.args import Detector
from beatstitch.settings import settings


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
def beats(
    song: Path, output: Path | None, detector: Detector | None, bpm_hint: float | None
) -> None:
    """Write the beats of SONG: times, bars, tempo, and how sure they are."""
    if output is not None:
        check_places({"the list of beats": output}, {song: "the song"})
    cache = Cache(settings().cache_path, settings().cache_bytes)
    with (
        cache.scratch() as scratch,
        Workbench(cache, scratch, 1) as bench,
        Progress(is_quiet=False).step("Listening to the song") as step,
    ):
        heard = hear(
            given(song),
            detector or settings().beat_detector,
            bpm_hint,
            bench,
            lambda percent, _: step.reach(percent),
        )
    cache.prune()
    if output is None:
        click.echo(dumps(heard.beats), nl=False)
        return
    with delivery(output) as temporary:
        temporary.write_text(dumps(heard.beats))
