"""Encode the sound of a film: the song, over its clips if they are heard, as loud as wished."""

import math
import re
from pathlib import Path

from beatstitch.documents import file_sha256
from beatstitch.ffmpeg.command import capture_command, run_command
from beatstitch.ffmpeg.run import Limits
from beatstitch.ffmpeg.written import written
from beatstitch.jobs.render_audio.args import Rendered
from beatstitch.jobs.render_audio.bed import lay_bed
from beatstitch.jobs.render_audio.lags import lags, windows_s
from beatstitch.render.order import SongOrder
from beatstitch.render.proof import SongProof, packets_sha256, song_proof_json
from beatstitch.render.sound import (
    LIMIT_DB,
    MOST_PEAK_DBTP,
    SONG_FILE,
    SPARE_DB,
    Sound,
    heard_command,
    level_command,
    loudness_command,
    song_command,
)
from beatstitch.workspace import Workspace

BED = "bed"
# What ebur128 says of silence (its absolute gate, BS.1770-4, section 2.8), and a gain that would
# bring up nothing but noise.
SILENT_LUFS = -70.0
MOST_GAIN_DB = 20.0
# How often a song is encoded until its true peak is low enough: real ones once or twice.
MOST_ENCODINGS = 4


def run(ticket: SongOrder, workspace: Workspace) -> Rendered:
    """The encoded song and its proof are kept."""
    sound = ticket.sound
    files = {key: workspace.fetch(key) for key in sound.inputs}
    limits = Limits(timeout_s=120 + sound.duration_s, stall_s=60)
    if sound.clips:
        workspace.report(0, "mixing", "Laying the clips' sound under the song")
        files[BED] = lay_bed(sound, files, workspace)
    gain_db, limit_db = _gain_and_limit_db(sound, files, limits, workspace)
    song = workspace.scratch / SONG_FILE
    for _ in range(MOST_ENCODINGS):
        _encode(sound, files, gain_db, limit_db, limits, workspace)
        over_db, lost_db = _missed_db(sound, song, limits, workspace)
        if over_db <= 0:
            break
        limit_db -= over_db + SPARE_DB
        gain_db = min(MOST_GAIN_DB, gain_db + lost_db)
    proof = workspace.scratch / "proof.json"
    proof.write_bytes(song_proof_json(_proof(sound, song, files[sound.pcm_key], limits, workspace)))
    workspace.keep(song, ticket.song_key)
    workspace.keep(proof, ticket.proof_key)
    return Rendered(song.stat().st_size, file_sha256(song))


def _encode(
    sound: Sound,
    files: dict[str, Path],
    gain_db: float,
    limit_db: float,
    limits: Limits,
    workspace: Workspace,
) -> None:
    workspace.report(80, "encoding", "Encoding the sound")
    run_command(
        song_command(sound, gain_db=gain_db, limit_db=limit_db, bed_key=BED),
        files,
        workspace.scratch,
        limits=limits,
        on_progress=lambda progress: workspace.report(
            progress.percent(sound.duration_s * 1e6, 80, 99), "encoding", "Encoding the sound"
        ),
        stop=workspace.stop,
    )


def _missed_db(
    sound: Sound, song: Path, limits: Limits, workspace: Workspace
) -> tuple[float, float]:
    """How far the encoded song's true peak is above what it may be, and how much it is softer than
    wished, where its loudness is ours."""
    if sound.loudness_lufs is None:
        return 0.0, 0.0
    said = capture_command(
        level_command(SONG_FILE), {SONG_FILE: song}, limits=limits, stop=workspace.stop
    )
    return _highest_db(said) - MOST_PEAK_DBTP, sound.loudness_lufs - _loudness_lufs(said)


def _proof(sound: Sound, song: Path, pcm: Path, limits: Limits, workspace: Workspace) -> SongProof:
    """The encoded song as it is: its packets, and how far they are from where they should be."""
    windows = windows_s(sound)
    command = heard_command(SONG_FILE, windows)
    files = {SONG_FILE: song}
    run_command(command, files, workspace.scratch, limits=limits, stop=workspace.stop)
    heard = [(workspace.scratch / output.name).read_bytes() for output in command.outputs]
    return SongProof(packets_sha256(written(song).sound), lags(heard, windows, pcm, sound))


def _gain_and_limit_db(
    sound: Sound, files: dict[str, Path], limits: Limits, workspace: Workspace
) -> tuple[float, float]:
    """What brings the sound to its loudness, 0 where none is wished or nothing is heard; and the
    limit for its samples, which is no higher than the highest of them: lowered, it does something.
    """
    if sound.loudness_lufs is None:
        return 0.0, LIMIT_DB
    said = capture_command(
        loudness_command(sound, bed_key=BED), files, limits=limits, stop=workspace.stop
    )
    measured_lufs = _loudness_lufs(said)
    if measured_lufs <= SILENT_LUFS:
        return 0.0, LIMIT_DB
    gain_db = max(-MOST_GAIN_DB, min(MOST_GAIN_DB, sound.loudness_lufs - measured_lufs))
    return gain_db, min(LIMIT_DB, _highest_db(said) + gain_db)


def _loudness_lufs(said: bytes) -> float:
    """The integrated loudness that was measured."""
    measured = re.findall(rb"lavfi\.r128\.I=(-?[0-9.]+)", said)
    return float(measured[-1]) if measured else SILENT_LUFS


def _highest_db(said: bytes) -> float:
    """The highest peak of both channels that was measured, in dB below full scale."""
    peak = max((float(peak) for peak in re.findall(rb"_peaks_ch\d=([0-9.]+)", said)), default=0.0)
    return 20 * math.log10(peak) if peak else SILENT_LUFS
