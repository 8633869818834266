"""Decode a song to PCM within its limits, then hear its beats."""

import hashlib
from dataclasses import replace
from pathlib import Path

from beatstitch.beats.grid import dumps
from beatstitch.detect import analyse, waveform
from beatstitch.detect.pcm import opened
from beatstitch.documents import file_sha256
from beatstitch.errors import LimitReached, MediaRejected
from beatstitch.ffmpeg.probe import AudioStream, probe
from beatstitch.ffmpeg.run import FFmpegFailed, Limits, Progress, Source
from beatstitch.ffmpeg.run import run as run_ffmpeg
from beatstitch.ffmpeg.sniff import sniff_file
from beatstitch.jobs.beat_analysis.args import Heard, KeptGrid, Ticket
from beatstitch.jobs.beat_analysis.length import length_us
from beatstitch.render.profile import SONG_SAMPLE_RATE
from beatstitch.render.sound import BOTH_SIDES
from beatstitch.workspace import Workspace

# Of the work's progress; the rest is listening.
DECODING_PERCENT = 10
# Beyond the limit by this much, a song is seen to be too long without decoding all of it.
OVERRUN_S = 1


def run(ticket: Ticket, workspace: Workspace) -> Heard:
    """The PCM and, if a detector is named, the beat grid of a song; both are kept.

    Raises MediaRejected for a file without sound, or another one than was uploaded, LimitReached
    for one that is too long.
    """
    path = workspace.fetch(ticket.key)
    if ticket.is_stored and f"sha256:{file_sha256(path)}" != ticket.checksum:
        raise MediaRejected(
            "source_changed",
            f"{ticket.name} isn't what was uploaded any more: its stored file was changed. Upload "
            "the song again.",
        )
    container = sniff_file(path, ticket.name)
    audio = probe(path, container, name=ticket.name).audio if "audio" in container.kinds else None
    if audio is None:
        raise MediaRejected("no_audio_stream", f"{ticket.name} has no sound in it.")
    # Its packets may lie a little, and PCM is the judge; but a few MB can hold days of silence.
    if audio.duration_us > 2 * ticket.max_song_s * 1_000_000:
        raise _too_long(ticket)
    workspace.report(0, "decoding", "Decoding the song")
    pcm = workspace.scratch / "song.wav"
    _decode(Source(path, container.demuxer), audio, pcm, ticket, workspace)
    duration_us = length_us(pcm)
    if duration_us == 0:
        raise MediaRejected("corrupt_media", f"{ticket.name} holds no sound that can be decoded.")
    if duration_us > ticket.max_song_s * 1_000_000:
        raise _too_long(ticket)
    workspace.keep(pcm, ticket.pcm_key)
    if ticket.peaks_key is not None:
        peaks = workspace.scratch / "peaks.json"
        peaks.write_text(waveform.dumps(opened(pcm)))
        workspace.keep(peaks, ticket.peaks_key)
    if ticket.detector is None:
        return Heard(duration_us, audio.sample_rate)
    known, learned = ticket.impression_key, workspace.scratch / "impression.npy"
    grid = analyse(
        pcm,
        duration_us=duration_us,
        checksum=ticket.checksum,
        detector=ticket.detector,
        bpm_hint=ticket.bpm_hint,
        metre=ticket.metre,
        known=workspace.fetch(known) if known is not None and ticket.is_known else None,
        learned=learned if known is not None else None,
        on_progress=lambda percent, message: workspace.report(
            DECODING_PERCENT + percent * (100 - DECODING_PERCENT) // 100, "analyzing", message
        ),
    )
    if known is not None and learned.exists():
        workspace.keep(learned, known)
    text = dumps(replace(grid, analyzed_at=ticket.analyzed_at))
    name = hashlib.sha256(text.encode()).hexdigest()
    prefix = ticket.grid_prefix
    key = workspace.keep_text(text, prefix, name, current=f"{prefix}.json")
    kept = KeptGrid(key, name, grid.bpm, len(grid.beats))
    return Heard(duration_us, audio.sample_rate, kept)


def _too_long(ticket: Ticket) -> LimitReached:
    return LimitReached(
        "song_too_long",
        f"{ticket.name} lasts longer than {ticket.max_song_s // 60} minutes, which is the "
        "most. Cut it first.",
    )


def _decode(
    source: Source, audio: AudioStream, pcm: Path, ticket: Ticket, workspace: Workspace
) -> None:
    def hear(progress: Progress) -> None:
        percent = progress.percent(audio.duration_us, 0, DECODING_PERCENT)
        workspace.report(percent, "decoding", "Decoding the song")

    most_s = str(ticket.max_song_s + OVERRUN_S)
    bounded = Source(source.path, source.demuxer, (*source.options, "-t", most_s))
    both = ("-af", BOTH_SIDES) if audio.channels == 1 else ()
    try:
        run_ffmpeg(
            [bounded],
            (
                *("-map", f"0:{audio.index}", "-vn", "-sn", "-dn", "-t", most_s, *both),
                *("-c:a", "pcm_s16le"),
                *("-ar", str(SONG_SAMPLE_RATE), "-ac", "2", "-map_metadata", "-1"),
                *("-fflags", "+bitexact", "-flags", "+bitexact", "-f", "wav", str(pcm)),
            ),
            [pcm],
            limits=Limits(timeout_s=60 + ticket.max_song_s / 10, stall_s=60),
            on_progress=hear,
            stop=workspace.stop,
        )
    except FFmpegFailed as refused:
        raise MediaRejected(refused.code, f"{ticket.name} can't be decoded as a song.") from refused
