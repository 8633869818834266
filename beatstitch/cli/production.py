"""The making of one film: hear the song, take in the footage, build the timeline, render, check."""

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid5

from beatstitch.cli import footage as intake
from beatstitch.cli.film import ClipsBreakOff, join, order_film, render
from beatstitch.cli.footage import Footage
from beatstitch.cli.gather import SPACE, Given, files, given
from beatstitch.cli.progress import Progress
from beatstitch.cli.song import Song, Steady, hear, set_by_hand
from beatstitch.cli.workbench import Report, Workbench
from beatstitch.errors import Invalid, MediaRejected
from beatstitch.jobs.beat_analysis.args import Detector
from beatstitch.render import profile
from beatstitch.render.plan import Plan
from beatstitch.render.sync import SyncReport
from beatstitch.timeline.build import build
from beatstitch.timeline.check import check
from beatstitch.timeline.edl import Edl, loads
from beatstitch.timeline.settings import TimelineSettings


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asked for. `steady` takes the place of listening, `edl` of building."""

    song: Path
    media: tuple[Path, ...]
    settings: TimelineSettings
    detector: Detector
    steady: Steady | None = None
    edl: Path | None = None
    is_preview: bool = False


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
    """Make the film. A clip that turns out to break off is measured, the timeline is built anew
    around what is there, and what was rendered is kept.

    Raises Invalid for wishes that can't be met, MediaRejected when nothing usable is left.
    """
    song_file = given(wishes.song)
    paths = [p for p in files(wishes.media) if p.resolve() != wishes.song.resolve()]
    taken_in = intake.start(paths, bench)
    with progress.step("Listening to the song") as step:
        song = _heard(song_file, wishes, bench, lambda percent, _: step.reach(percent))
    with progress.step("Taking in the footage") as step:
        footage = intake.finish(taken_in)
    while True:
        edl = _edl(wishes, song, footage)
        look = (profile.preview if wishes.is_preview else profile.final)(edl.settings)
        film = order_film(edl, footage, song, look)
        try:
            with progress.step("Rendering") as step:
                render(film, footage, bench, step)
            break
        except ClipsBreakOff as broken:
            footage = _mended(footage, broken, wishes, bench)
    with progress.step("Joining and checking") as step:
        path, report = join(film, bench, step)
    return Made(path, report, edl, film.plan, song, footage)


def _heard(song: Given, wishes: Wishes, bench: Workbench, report: Report) -> Song:
    if wishes.edl is not None:
        # The timeline is given with its cuts; the song is only decoded.
        return set_by_hand(song, Steady(120.0, 0), bench, report)
    if wishes.steady is not None:
        return set_by_hand(song, wishes.steady, bench, report)
    return hear(song, wishes.detector, None, bench, report)


def _edl(wishes: Wishes, song: Song, footage: Footage) -> Edl:
    if wishes.edl is not None:
        return _given_edl(wishes.edl, song, footage)
    if not footage.shots:
        raise MediaRejected("no_media", f"There is nothing to show. {_reasons(footage)}".strip())
    return build(
        song.grid,
        [shot.medium for shot in footage.shots],
        wishes.settings,
        audio_duration_us=song.duration_us,
        project_id=str(uuid5(SPACE, f"film {song.given.sha256}")),
    )


def _given_edl(path: Path, song: Song, footage: Footage) -> Edl:
    """The timeline of a file, whose song and media are those given."""
    edl = loads(path.read_bytes())
    if edl.audio.checksum != song.given.checksum:
        raise Invalid("other_song", f"{path.name} was made for another song than this.")
    check(edl, {shot.given.id: shot.medium for shot in footage.shots})
    return edl


def _mended(footage: Footage, broken: ClipsBreakOff, wishes: Wishes, bench: Workbench) -> Footage:
    """The footage with the true lengths of the clips that came short."""
    mended = intake.measure_again(footage, broken.ids, bench)
    if wishes.edl is not None or mended.shots == footage.shots:
        raise MediaRejected("clip_breaks_off", broken.message)
    return mended


def _reasons(footage: Footage) -> str:
    return " ".join(f"{left.path.name}: {left.reason}" for left in footage.left_out[:5])
