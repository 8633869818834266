"""Encode the sound of a film: the song, over its clips if they are heard, as loud as wished."""

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
    SONG_FILE,
    Sound,
    heard_command,
    loudness_command,
    song_command,
)
from beatstitch.workspace import Workspace

BED = "bed"
# What ebur128 says of silence (its absolute gate, BS.1770-4, section 2.8), and a gain that would
# bring up nothing but noise.
SILENT_LUFS = -70.0
MOST_GAIN_DB = 20.0


def run(ticket: SongOrder, workspace: Workspace) -> Rendered:
    """The encoded song and its proof are kept."""
    sound = ticket.sound
    files = {key: workspace.fetch(key) for key in sound.inputs}
    limits = Limits(timeout_s=120 + sound.duration_s, stall_s=60)
    if sound.clips:
        workspace.report(0, "mixing", "Laying the clips' sound under the song")
        files[BED] = lay_bed(sound, files, workspace)
    gain_db = _gain_db(sound, files, limits, workspace)
    workspace.report(80, "encoding", "Encoding the sound")
    run_command(
        song_command(sound, gain_db=gain_db, bed_key=BED),
        files,
        workspace.scratch,
        limits=limits,
        on_progress=lambda progress: workspace.report(
            progress.percent(sound.duration_s * 1e6, 80, 99), "encoding", "Encoding the sound"
        ),
        stop=workspace.stop,
    )
    song = workspace.scratch / SONG_FILE
    proof = workspace.scratch / "proof.json"
    proof.write_bytes(song_proof_json(_proof(sound, song, files[sound.pcm_key], limits, workspace)))
    workspace.keep(song, ticket.song_key)
    workspace.keep(proof, ticket.proof_key)
    return Rendered(song.stat().st_size, file_sha256(song))


def _proof(sound: Sound, song: Path, pcm: Path, limits: Limits, workspace: Workspace) -> SongProof:
    """The encoded song as it is: its packets, and how far they are from where they should be."""
    windows = windows_s(sound)
    command = heard_command(SONG_FILE, windows)
    files = {SONG_FILE: song}
    run_command(command, files, workspace.scratch, limits=limits, stop=workspace.stop)
    heard = [(workspace.scratch / output.name).read_bytes() for output in command.outputs]
    return SongProof(packets_sha256(written(song).sound), lags(heard, windows, pcm, sound))


def _gain_db(sound: Sound, files: dict[str, Path], limits: Limits, workspace: Workspace) -> float:
    """What brings the sound to its loudness: 0 where none is wished or nothing is heard."""
    if sound.loudness_lufs is None:
        return 0.0
    said = capture_command(
        loudness_command(sound, bed_key=BED), files, limits=limits, stop=workspace.stop
    )
    measured = re.findall(rb"lavfi\.r128\.I=(-?[0-9.]+)", said)
    if not measured or float(measured[-1]) <= SILENT_LUFS:
        return 0.0
    gain_db = sound.loudness_lufs - float(measured[-1])
    return max(-MOST_GAIN_DB, min(MOST_GAIN_DB, gain_db))
