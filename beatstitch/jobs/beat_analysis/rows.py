"""The rows around hearing a song: which one, and the grid that was heard."""

from pydantic import TypeAdapter

from beatstitch.db import audio, base
from beatstitch.db.jobs import Job
from beatstitch.documents import read
from beatstitch.errors import NotFound
from beatstitch.jobs.beat_analysis.args import LISTENING, Args, Heard, Ticket
from beatstitch.limits import MAX_SONG_S
from beatstitch.storage.configured import configured

_ARGS: TypeAdapter[Args] = TypeAdapter(Args)
_IMPRESSIONS = "impressions"


def prepare(job: Job) -> Ticket:
    """The song to hear, which is being heard from now on. Raises NotFound once it is replaced."""
    args = _args(job)
    track = audio.by_id(args.audio_track_id)
    if not args.is_doubted:
        audio.set_columns(track.id, analysis_status="processing", analysis_error=None)
    folder = f"derived/{track.project_id}"
    has_peaks = track.peaks_key is not None or args.is_doubted
    impression_key = f"{folder}/{_IMPRESSIONS}/{track.checksum}-{LISTENING}.npy"
    return Ticket(
        name=track.filename,
        key=track.original_key,
        checksum=f"sha256:{track.checksum}",
        pcm_key=f"{folder}/audio/{track.id}.wav",
        # Made once: however a song is heard, it looks the same.
        peaks_key=None if has_peaks else f"{folder}/audio/{track.id}.peaks.json",
        grid_prefix=f"{folder}/beats",
        detector=None if args.is_doubted else args.detector,
        bpm_hint=args.bpm_hint,
        metre=args.metre,
        impression_key=impression_key,
        is_known=impression_key in _impressions(track.project_id),
        is_stored=True,
        media_s=MAX_SONG_S if track.duration_ms is None else track.duration_ms / 1000,
        analyzed_at=base.utc_now().isoformat().replace("+00:00", "Z"),
    )


def settle(job: Job, ticket: Ticket, result: Heard) -> dict[str, object]:
    """The song has a length, PCM to render from, and a new current grid."""
    track_id = _args(job).audio_track_id
    pcm = {"pcm_key": ticket.pcm_key, "pcm_stamp": configured().stamp(ticket.pcm_key)}
    if _args(job).is_doubted:
        audio.set_columns(track_id, **pcm)
        return {"audio_track_id": track_id}
    _forget_others(audio.by_id(track_id).project_id, ticket)
    audio.set_columns(
        track_id,
        analysis_status="complete",
        duration_ms=round(result.duration_us / 1000),
        sample_rate=result.sample_rate,
        **pcm,
        **({"peaks_key": ticket.peaks_key} if ticket.peaks_key else {}),
        analysed_at=base.utc_now(),
    )
    grid = result.grid
    if grid is None:
        return {"audio_track_id": track_id}
    version = audio.add_grid(
        track_id,
        origin="analysed",
        key=grid.key,
        checksum=grid.checksum,
        bpm=grid.bpm,
        total_beats=grid.total_beats,
    )
    return {"audio_track_id": track_id, "bpm": grid.bpm, "grid_version": version.version}


def give_up(job: Job) -> None:
    """The song could not be heard, and why. One that was heard before keeps its beats, and a film
    can be cut on them as before. One that was only doubted is told by the film that doubted it."""
    if _args(job).is_doubted:
        return
    track_id = _args(job).audio_track_id
    status = "failed" if audio.current_grid(track_id) is None else "complete"
    try:
        audio.set_columns(track_id, analysis_status=status, analysis_error=job.error_message)
    except NotFound:
        # Replaced meanwhile: there is nobody left to tell.
        return


def _impressions(project_id: str) -> list[str]:
    """What is kept of what the networks said of songs of the project."""
    return [file.key for file in configured().list(f"derived/{project_id}/{_IMPRESSIONS}")]


def _forget_others(project_id: str, ticket: Ticket) -> None:
    """A project has one song: what was heard of those before it, or by older networks, goes."""
    for key in _impressions(project_id):
        if key != ticket.impression_key:
            configured().delete(key)


def _args(job: Job) -> Args:
    return read(_ARGS, job.args, "bad_job_args")
