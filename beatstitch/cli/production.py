"""The making of one film: hear the song, take in the footage, build the timeline, render, check."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid5

from beatstitch.cli import footage as intake
from beatstitch.cli.film import ClipsBreakOff, ClipsDamaged, join, order_film, render
from beatstitch.cli.footage import Footage
from beatstitch.cli.gather import SPACE, Given, files
from beatstitch.cli.progress import Progress
from beatstitch.cli.recognise import recognised
from beatstitch.cli.sentences import naming
from beatstitch.cli.song import Song, Steady, decode, hear, on_grid, set_by_hand
from beatstitch.cli.workbench import Report, Workbench
from beatstitch.errors import Invalid, MediaRejected, Transient
from beatstitch.jobs.beat_analysis.args import Detector
from beatstitch.render import profile
from beatstitch.render.plan import Plan
from beatstitch.render.sync import SyncReport
from beatstitch.render.target import AS_PLANNED, Target
from beatstitch.timeline.build import build
from beatstitch.timeline.check import check
from beatstitch.timeline.edl import Edl, Focus, loads
from beatstitch.timeline.settings import TimelineSettings


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asked for. `steady` or a file with a `grid` takes the place of listening, `edl`
    of building. `focus` names files and the points in them that have to stay in view. What is to be
    `written` is no footage, though it may lie in one of the folders from the last time."""

    song: Path
    media: tuple[Path, ...]
    settings: TimelineSettings
    detector: Detector
    steady: Steady | None = None
    grid: Path | None = None
    edl: Path | None = None
    is_preview: bool = False
    focus: tuple[tuple[str, Focus], ...] = ()
    target: Target = AS_PLANNED
    written: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """A film in the run's scratch folder, and all there is to say of it."""

    film: Path
    report: SyncReport
    edl: Edl
    plan: Plan
    song: Song
    footage: Footage


def produce(wishes: Wishes, bench: Workbench, progress: Progress) -> Made:
    """Make the film. A clip that turns out to break off or to be damaged is measured, the timeline
    is built anew around what is there, and what was rendered is kept.

    Raises Invalid for wishes that can't be met, MediaRejected when nothing usable is left.
    """
    song_file = recognised(wishes.song, bench)
    asked = _asked(wishes.edl, song_file) if wishes.edl is not None else None
    taken_in = intake.start(files(wishes.media, (wishes.song, *wishes.written)), bench)
    with progress.step("Listening to the song") as step:
        song = _heard(song_file, wishes, bench, lambda percent, _: step.reach(percent))
    with progress.step("Taking in the footage") as step:
        footage = intake.finish(taken_in)
    examined: set[str] = set()
    while True:
        edl = _built(wishes, song, footage) if asked is None else _checked(asked, footage)
        look = (profile.preview if wishes.is_preview else profile.final)(
            edl.settings, wishes.target
        )
        film = order_film(edl, footage, song, look)
        try:
            with progress.step("Rendering") as step:
                kept = render(film, footage, bench, step, examined)
        except ClipsDamaged as damaged:
            with progress.step("Looking for damage"):
                footage = intake.look_for_damage(footage, damaged.ids, bench)
            examined.update(damaged.ids)
            continue
        except ClipsBreakOff as broken:
            footage = _mended(footage, broken, wishes, bench)
            continue
        with progress.step("Joining and checking") as step:
            joined = join(film, bench, step)
        if joined is not None and (joined[1].ok or not kept):
            return Made(*joined, edl, film.plan, song, footage)
        if not kept:
            raise Transient("cache_lost", "A file of the cache is damaged. Run the command again.")
        # It may be what was kept that is wrong, under whatever name: it is made anew, once.
        for key in kept:
            bench.forget(key)


def read_timeline(path: Path) -> Edl:
    """The timeline of a file. Raises Invalid, naming the file, for one that can't be read."""
    with naming(path):
        return loads(path.read_bytes())


def _heard(song: Given, wishes: Wishes, bench: Workbench, report: Report) -> Song:
    if wishes.edl is not None:
        return decode(song, bench, report)
    if wishes.grid is not None:
        return on_grid(song, wishes.grid, bench, report)
    if wishes.steady is not None:
        return set_by_hand(song, wishes.steady, bench, report)
    return hear(song, wishes.detector, bench, report)


def _asked(path: Path, song: Given) -> Edl:
    """The timeline of a file. Raises Invalid for one of another song than this."""
    edl = read_timeline(path)
    if edl.audio.checksum != song.checksum:
        raise Invalid("other_song", f"{path.name} was made for another song than this.")
    return edl


def _checked(edl: Edl, footage: Footage) -> Edl:
    """A given timeline that can be rendered with what was given. Raises Invalid."""
    check(edl, {shot.given.id: shot.medium for shot in footage.shots})
    return edl


def _built(wishes: Wishes, song: Song, footage: Footage) -> Edl:
    if not footage.shots:
        raise MediaRejected("no_media", f"There is nothing to show. {_reasons(footage)}".strip())
    return build(
        song.beats,
        footage.media(wishes.focus),
        wishes.settings,
        audio_duration_us=song.duration_us,
        project_id=str(uuid5(SPACE, f"film {song.given.sha256}")),
    )


def _mended(footage: Footage, broken: ClipsBreakOff, wishes: Wishes, bench: Workbench) -> Footage:
    """The footage with the true lengths of the clips that came short."""
    mended = intake.measure_again(footage, broken.ids, bench)
    if wishes.edl is not None or mended.shots == footage.shots:
        raise MediaRejected("clip_breaks_off", _short_clips(footage, broken.ids))
    return mended


def _short_clips(footage: Footage, ids: Sequence[str]) -> str:
    names = [shot.given.path.name for shot in footage.shots if shot.given.id in ids]
    return (
        f"{' or '.join(names)} has fewer pictures than the timeline shows of it. Leave it out, or "
        "convert it to MP4 with H.264 first."
    )


def _reasons(footage: Footage) -> str:
    return " ".join(f"{left.said.removesuffix('.')}." for left in footage.left_out[:5])
