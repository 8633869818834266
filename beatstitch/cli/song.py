"""The song of a film on the command line: decoded once, and its beats heard once, per content."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from beatstitch.beats.given import completed, for_song
from beatstitch.beats.grid import BeatGrid, from_json
from beatstitch.beats.steady import steady_grid
from beatstitch.cli.gather import Given
from beatstitch.cli.sentences import naming
from beatstitch.cli.workbench import Report, Workbench
from beatstitch.documents import digest
from beatstitch.errors import Invalid
from beatstitch.jobs.beat_analysis.args import DECODING, LISTENING, Detector, Ticket
from beatstitch.jobs.beat_analysis.length import length_us
from beatstitch.render.profile import SONG_SAMPLE_RATE

# Goes up when hearing the same song would give another grid.
HEARING = 16


@dataclass(frozen=True, slots=True)
class Song:
    """A song: the file, the key of its PCM in the cache, and, if anybody asked, its beats."""

    given: Given
    pcm_key: str
    duration_us: int
    grid: BeatGrid | None = None

    @property
    def beats(self) -> BeatGrid:
        """The grid. Raises Invalid for a song that was only decoded."""
        if self.grid is None:
            raise Invalid("not_heard", f"Nobody listened to {self.given.path.name}.")
        return self.grid


@dataclass(frozen=True, slots=True)
class Steady:
    """A tempo that a person set: beats a minute, and where a bar starts."""

    bpm: float
    offset_us: int


def hear(
    given: Given,
    detector: Detector,
    bench: Workbench,
    report: Report,
    *,
    bpm_hint: float | None = None,
    metre: int | None = None,
) -> Song:
    """The song and its beats as heard. Raises MediaRejected for what isn't a song."""
    ticket = _known(_ticket(given, detector, bpm_hint, metre), bench)
    grid_key = f"{ticket.grid_prefix}.json"
    if not (bench.hold(ticket.pcm_key) and bench.hold(grid_key)):
        _listen(ticket, given, bench, report)
    grid = from_json(bench.read(grid_key))
    return Song(given, ticket.pcm_key, grid.duration_us, grid)


def set_by_hand(
    given: Given,
    steady: Steady,
    bench: Workbench,
    report: Report,
    repaired: Callable[[BeatGrid], BeatGrid] = lambda grid: grid,
) -> Song:
    """The song with the grid of a tempo that a person set, and `repaired`; its sections and the
    energy of its beats are measured there."""
    song = decode(given, bench, report)
    grid = steady_grid(
        steady.bpm,
        steady.offset_us,
        song.duration_us,
        audio_checksum=given.checksum,
        sample_rate=SONG_SAMPLE_RATE,
    )
    return replace(song, grid=_measured(repaired(grid), song, bench))


def on_grid(given: Given, grid_file: Path, bench: Workbench, report: Report) -> Song:
    """The song with the grid in a file; what it lacks of sections and energy is measured. Raises
    Invalid for one of another song."""
    song = decode(given, bench, report)
    duration_us = song.duration_us
    with naming(grid_file):
        grid = for_song(grid_file.read_bytes(), checksum=given.checksum, duration_us=duration_us)
    lacks_energy = not grid.beat_energy.loudness
    if lacks_energy or not grid.sections:
        known = _measured(grid, song, bench)
        grid = completed(grid, known, sections=not grid.sections, energy=lacks_energy)
    return replace(song, grid=grid)


def decode(given: Given, bench: Workbench, report: Report) -> Song:
    """The song without beats: nobody listens to it. Raises MediaRejected for what isn't a song."""
    ticket = _ticket(given, None)
    if bench.hold(ticket.pcm_key) is None:
        _listen(ticket, given, bench, report)
    return Song(given, ticket.pcm_key, length_us(bench.held(ticket.pcm_key)))


def _listen(ticket: Ticket, given: Given, bench: Workbench, report: Report) -> None:
    # To import what listens takes as long as a chunk, and most songs have been heard.
    from beatstitch.jobs.beat_analysis import handler

    bench.run(handler.run, ticket, {ticket.key: given}, report)


def _measured(grid: BeatGrid, song: Song, bench: Workbench) -> BeatGrid:
    from beatstitch.detect import pcm
    from beatstitch.detect.energy import with_energy

    return with_energy(grid, pcm.opened(bench.held(song.pcm_key)), lambda _: None)


def _known(ticket: Ticket, bench: Workbench) -> Ticket:
    """The ticket with what the networks said of the song before, if they were asked."""
    is_known = ticket.impression_key is not None and bench.hold(ticket.impression_key) is not None
    return replace(ticket, is_known=is_known)


def _ticket(
    given: Given,
    detector: Detector | None,
    bpm_hint: float | None = None,
    metre: int | None = None,
) -> Ticket:
    """The cache has one current grid for each way of hearing a song."""
    name = digest([given.sha256, detector, bpm_hint, metre, HEARING])
    return Ticket(
        name=given.path.name,
        key=f"given/{given.sha256}",
        checksum=given.checksum,
        pcm_key=f"pcm/{given.sha256}.{DECODING}.wav",
        grid_prefix=f"beats/{name}",
        impression_key=f"impressions/{given.sha256}-{LISTENING}.npy",
        detector=detector,
        bpm_hint=bpm_hint,
        metre=metre,
    )
