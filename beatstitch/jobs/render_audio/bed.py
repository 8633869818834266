"""The clips' own sound, laid where their pictures are: one WAV as long as the film.

It lies on the disk and is written a few seconds at a time, so that neither a film of an hour nor a
clip of ten minutes takes memory. Not mapped, for what was written of a map counts until it ends.
"""

import wave
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from beatstitch.ffmpeg.command import run_command
from beatstitch.ffmpeg.run import Limits
from beatstitch.render.profile import SONG_SAMPLE_RATE
from beatstitch.render.sound import CLIP_FILE, ClipSound, Sound, clip_command
from beatstitch.workspace import Workspace

WAV_HEADER_BYTES = 44
STEREO, SAMPLE_BYTES = 2, 4
AT_ONCE = 10 * SONG_SAMPLE_RATE
Samples = np.ndarray[tuple[int, int], np.dtype[np.float32]]


def lay_bed(sound: Sound, files: Mapping[str, Path], workspace: Workspace) -> Path:
    """The WAV's place in the scratch folder. Where two clips meet in a transition, both sound."""
    path = workspace.scratch / "bed.wav"
    with wave.open(str(path), "wb") as silence:
        silence.setnchannels(STEREO)
        silence.setsampwidth(2)
        silence.setframerate(SONG_SAMPLE_RATE)
        for first in range(0, sound.samples, SONG_SAMPLE_RATE):
            frames = min(SONG_SAMPLE_RATE, sound.samples - first)
            silence.writeframesraw(bytes(frames * STEREO * 2))
    with path.open("r+b") as bed:
        for number, clip in enumerate(sound.clips):
            workspace.report(70 * number // len(sound.clips), "mixing", "Mixing the clips' sound")
            for first, heard in _heard(clip, files, workspace):
                begun = max(0, first)
                _add(bed, begun, heard[begun - first :][: max(0, sound.samples - begun)])
    return path


def _add(bed: BinaryIO, first: int, heard: Samples) -> None:
    """Let the bed sound like this as well, from that sample on."""
    place = WAV_HEADER_BYTES + first * SAMPLE_BYTES
    bed.seek(place)
    lain = np.frombuffer(bed.read(len(heard) * SAMPLE_BYTES), "<i2").reshape(-1, STEREO)
    bed.seek(place)
    bed.write(np.clip(lain + heard, -32768, 32767).astype("<i2").tobytes())


def _heard(
    clip: ClipSound, files: Mapping[str, Path], workspace: Workspace
) -> Iterator[tuple[int, Samples]]:
    """The clip's sound with its rise and fall, in parts, each with the film's sample that it begins
    at; it may end before the clip does."""
    path = workspace.scratch / CLIP_FILE
    run_command(
        clip_command(clip),
        files,
        workspace.scratch,
        limits=Limits(timeout_s=60 + clip.samples / SONG_SAMPLE_RATE, stall_s=60),
        stop=workspace.stop,
    )
    rise = np.linspace(0, 1, clip.rise_samples, dtype=np.float32)[:, None]
    fall = np.linspace(1, 0, clip.fall_samples, dtype=np.float32)[:, None]
    falls_at = clip.samples - clip.fall_samples
    for at in range(0, clip.samples, AT_ONCE):
        many = min(AT_ONCE, clip.samples - at)
        raw = np.fromfile(path, "<i2", many * STEREO, offset=at * SAMPLE_BYTES)
        heard = raw.reshape(-1, STEREO).astype(np.float32)
        risen = rise[at:][: len(heard)]
        heard[: len(risen)] *= risen
        falling = heard[max(0, falls_at - at) :]
        falling *= fall[max(0, at - falls_at) :][: len(falling)]
        yield clip.first_sample + at, heard
