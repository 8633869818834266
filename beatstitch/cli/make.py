"""`beatstitch make`: a song and a folder of media in, a film out, no server."""

import json
import os
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import get_args

import click

from beatstitch import limits
from beatstitch.cli.cache import Cache
from beatstitch.cli.delivery import check_footage, check_places, delivery
from beatstitch.cli.gather import files
from beatstitch.cli.options import FocusOn, Number, Rate, Rule, Size, Time
from beatstitch.cli.production import Made, Wishes, produce
from beatstitch.cli.progress import Progress
from beatstitch.cli.song import Steady
from beatstitch.cli.summary import summary
from beatstitch.cli.wanted import refuse_idle, settings_of
from beatstitch.cli.workbench import Workbench
from beatstitch.errors import MediaRejected
from beatstitch.jobs.beat_analysis.args import Detector
from beatstitch.render.sync import report_json
from beatstitch.render.target import Aspect, Codec, Loudness, PlatformName, Quality, Target
from beatstitch.settings import settings
from beatstitch.timeline.edl import Focus, dumps
from beatstitch.timeline.settings import Fit, TransitionType, read_settings


@click.command()
@click.argument("song", type=click.Path(path_type=Path))
@click.argument("media", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The film.")
@click.option(
    "--beats-per-cut",
    type=click.Choice([str(n) for n in limits.BEATS_PER_CUT]),
    default="4",
    show_default=True,
    help="1 and 2 are beats; 4, 8 and 16 are 1, 2 and 4 bars.",
)
@click.option(
    "--section",
    type=Rule(),
    multiple=True,
    help="Other cuts in sections of this name, low=8 or high=2:crossfade; once or more.",
)
@click.option(
    "--transition",
    type=click.Choice(get_args(TransitionType)),
    default="cut",
    show_default=True,
    help="How pictures meet; its middle is on the beat.",
)
@click.option(
    "--fit",
    type=click.Choice(get_args(Fit)),
    default="auto",
    show_default=True,
    help="Fill the frame, show all with bars, or show all before a blurred copy; auto fills it "
    "unless more than half of a picture would be cut off.",
)
@click.option(
    "--focus",
    type=FocusOn(),
    multiple=True,
    help="Where in a photo or clip its subject is, beach.jpg=0.3,0.4, which crops and camera moves "
    "keep in view; once or more. Without it, where it is found.",
)
@click.option(
    "--pulse",
    type=Number(0, limits.MAX_PULSE),
    default=0.0,
    help="Jump closer on every beat; 0.06 is 6 %.",
)
@click.option(
    "--flash",
    type=Number(0, 1),
    default=0.0,
    help="Mix this share of white into every cut, at most three in a second.",
)
@click.option("--size", type=Size(), default="1920x1080", show_default=True)
@click.option("--fps", type=Rate(), default="30", show_default=True, help="Frames a second.")
@click.option("--preview", is_flag=True, help="A small, quick film with the same cuts.")
@click.option(
    "--profile",
    type=click.Choice(get_args(PlatformName)),
    help="Size, sound and bit rate as a platform wants them.",
)
@click.option(
    "--aspect", type=click.Choice(get_args(Aspect)), help="Another shape; the short side stays."
)
@click.option("--codec", type=click.Choice(get_args(Codec)), default="h264", show_default=True)
@click.option(
    "--quality",
    type=click.Choice(get_args(Quality)),
    default="medium",
    show_default=True,
    help="Better costs twice the time.",
)
@click.option(
    "--loudness",
    type=click.Choice(get_args(Loudness)),
    help="Bring the sound to so many LUFS; without it, as loud as the song or the profile.",
)
@click.option("--fade-out", type=Time(), default="0", help="Fade the song out over its last part.")
@click.option(
    "--clip-sound",
    type=Number(limits.MIN_CLIP_GAIN_DB, limits.MAX_CLIP_GAIN_DB),
    help="Let the clips be heard, at this gain in dB; the song steps back for them.",
)
@click.option("--start", type=Time(), default="0", help="Where in the song to begin.")
@click.option(
    "--duration", type=Time(least_ms=1), help="How much of the song to use; all without it."
)
@click.option(
    "--detector",
    type=click.Choice(get_args(Detector)),
    help="What hears the beats; auto is madmom, or librosa without it.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, help="For the camera moves.")
@click.option(
    "--bpm",
    type=Number(limits.MIN_BPM, limits.MAX_BPM),
    help="Don't listen: the song has this steady tempo.",
)
@click.option("--offset", type=Time(), default="0", help="With --bpm: where a bar starts.")
@click.option(
    "--beats",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Don't listen: cut on this grid, from `beatstitch beats`.",
)
@click.option("--edl", type=click.Path(path_type=Path), help="Write the timeline here, as JSON.")
@click.option(
    "--from-edl",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Render this timeline; song and media are recognised by their content.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Write the sync report here; beside the film without it.",
)
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), help="Keep chunks here.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Processes at once; as cores without it.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def make(
    song: Path,
    media: tuple[Path, ...],
    output: Path,
    size: tuple[int, int],
    preview: bool,
    profile: PlatformName | None,
    aspect: Aspect | None,
    codec: Codec,
    quality: Quality,
    loudness: Loudness | None,
    detector: Detector | None,
    bpm: float | None,
    beats: Path | None,
    focus: tuple[tuple[str, Focus], ...],
    edl: Path | None,
    from_edl: Path | None,
    report: Path | None,
    cache: Path | None,
    jobs: int | None,
    quiet: bool,
    **wanted: object,
) -> None:
    """Make a film of MEDIA (photos, clips, folders of them), cut to the beats of SONG."""
    film_settings = read_settings(settings_of(size, wanted))
    refuse_idle(bpm, beats, from_edl, film_settings)
    report_file = report or _beside(output)
    places = {"the film": output, "the sync report": report_file}
    if edl is not None:
        places["the timeline"] = edl
    check_places(places, _read(song, media, from_edl, beats))
    check_footage(output, report_file, files(media))
    wishes = Wishes(
        song=song,
        media=media,
        settings=film_settings,
        detector=detector or settings().beat_detector,
        steady=Steady(bpm, 1000 * int(str(wanted["offset"]))) if bpm else None,
        grid=beats,
        edl=from_edl,
        is_preview=preview,
        target=Target(profile, codec, quality, aspect, loudness),
        focus=focus,
        written=tuple(places.values()),
    )
    kept = Cache(cache or settings().cache_path, settings().cache_bytes)
    threads = jobs or len(os.sched_getaffinity(0))
    with ExitStack() as stack:
        # Made first of all, so that nobody waits for a film that can't be written.
        film = stack.enter_context(delivery(output))
        timeline = stack.enter_context(delivery(edl)) if edl is not None else None
        scratch = stack.enter_context(kept.scratch())
        with delivery(report_file) as measured:
            with Workbench(kept, scratch, threads) as bench:
                made = produce(wishes, bench, Progress(quiet))
            measured.write_text(json.dumps(report_json(made.report), indent=1) + "\n")
        _accept(made, report_file)
        shutil.copyfile(made.film, film)
        if timeline is not None:
            timeline.write_text(dumps(made.edl))
    if not quiet:
        click.echo(summary(output, report_file, made, len(kept.spoiled)))


def _beside(film: Path) -> Path:
    """Where the sync report goes if nobody says."""
    return film.parent / f"{film.stem}.sync.json"


def _read(
    song: Path, media: tuple[Path, ...], from_edl: Path | None, beats: Path | None
) -> dict[Path, str]:
    """The files that the run reads, which none of its own may replace."""
    read = dict.fromkeys(media, "one of the media")
    if from_edl is not None:
        read[from_edl] = "the timeline that is read"
    if beats is not None:
        read[beats] = "the list of beats"
    return {**read, song: "the song"}


def _accept(made: Made, report_file: Path) -> None:
    """Raise MediaRejected for a film that fails its own check."""
    if not made.report.ok:
        raise MediaRejected(
            "check_failed",
            f"The film failed its check and was not kept: {' '.join(made.report.faults)} "
            f"The sync report is {report_file}.",
        )
