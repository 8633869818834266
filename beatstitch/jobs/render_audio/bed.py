"""The clips' own sound, laid where their pictures are: one WAV as long as the film.

It lies on the disk and is written clip by clip, so that an hour of film takes no more memory than
its longest clip.
"""

import wave
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from beatstitch.ffmpeg.command import run_command
from beatstitch.ffmpeg.run import Limits
from beatstitch.render.profile import SONG_SAMPLE_RATE
from beatstitch.render.sound import CLIP_FILE, ClipSound, Sound, clip_command
from beatstitch.workspace import Workspace

WAV_HEADER_BYTES = 44
STEREO = 2
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
    bed = np.memmap(path, "<i2", "r+", WAV_HEADER_BYTES, (sound.samples, STEREO))
    for number, clip in enumerate(sound.clips):
        workspace.report(70 * number // len(sound.clips), "mixing", "Mixing the clips' sound")
        heard = _heard(clip, files, workspace)
        first = max(0, clip.first_sample)
        heard = heard[first - clip.first_sample :][: sound.samples - first]
        place = slice(first, first + len(heard))
        bed[place] = np.clip(bed[place] + heard, -32768, 32767).astype("<i2")
    bed.flush()
    return path


def _heard(clip: ClipSound, files: Mapping[str, Path], workspace: Workspace) -> Samples:
    """The clip's sound with its rise and fall; where there are no samples, silence."""
    path = workspace.scratch / CLIP_FILE
    run_command(
        clip_command(clip),
        files,
        workspace.scratch,
        limits=Limits(timeout_s=60 + clip.samples / SONG_SAMPLE_RATE, stall_s=60),
        stop=workspace.stop,
    )
    raw = np.fromfile(path, "<i2").reshape(-1, STEREO)[: clip.samples]
    samples = np.zeros((clip.samples, STEREO), np.float32)
    samples[: len(raw)] = raw
    rise = np.linspace(0, 1, clip.rise_samples, dtype=np.float32)[:, None]
    fall = np.linspace(1, 0, clip.fall_samples, dtype=np.float32)[:, None]
    samples[: clip.rise_samples] *= rise
    samples[clip.samples - clip.fall_samples :] *= fall
    return samples
