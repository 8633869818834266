"""Ten seconds to check a player by: the picture flashes and a click sounds on every beat.

Where both fall together here and apart on a screen, the screen or its loudspeakers are late.
"""

from fractions import Fraction
from pathlib import Path

import numpy as np

from beatstitch.beats.grid import BeatGrid
from beatstitch.cli.clicks import write_clicks
from beatstitch.ffmpeg.run import Limits, Source, run
from beatstitch.timeline.edl import frame_at

LENGTH_US = 10_000_000
RATE = Fraction(60)
# Before the first beat of the part that is shown.
_LEAD_US = 500_000
_WIDTH, _HEIGHT = 320, 180
_DARK, _BEAT, _BAR, _DONE = 24, 150, 235, 70
# A flash is at its brightest in its first frame and fades within so many.
_FADE_FRAMES = 5
_SCALE = "scale=1280:720:flags=neighbor,format=yuv420p,setsar=1"


def write_flash(grid: BeatGrid, song: Path, scratch: Path, place: Path) -> None:
    """Write the film of a song's grid as an MP4; `song` is the song's PCM.

    It shows the song's first loud section, or its start. Raises what `ffmpeg.run` does.
    """
    start_us = _start_us(grid)
    length_us = min(LENGTH_US, grid.duration_us - start_us)
    picture, sound = scratch / "flash.gray", scratch / "flash.wav"
    write_clicks(grid, song, sound, start_us, length_us)
    _write_frames(grid, start_us, max(1, frame_at(length_us, RATE)), picture)
    raw = ("-pixel_format", "gray", "-video_size", f"{_WIDTH}x{_HEIGHT}", "-framerate", str(RATE))
    run(
        [Source(picture, "rawvideo", raw), Source(sound, "wav")],
        (
            *("-map", "0:v:0", "-map", "1:a:0", "-vf", _SCALE),
            *("-c:v", "libx264", "-preset", "veryfast", "-crf", "18"),
            *("-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart", "-f", "mp4", str(place)),
        ),
        [place],
        limits=Limits(timeout_s=120, stall_s=60),
    )
    picture.unlink()


def _start_us(grid: BeatGrid) -> int:
    loud = [s.start_us for s in grid.sections if s.label in ("drop", "high")]
    first = [beat.time_us for beat in grid.beats[:1]]
    start_us = (loud or first or [0])[0] - _LEAD_US
    return max(0, min(start_us, grid.duration_us - LENGTH_US))


def _write_frames(grid: BeatGrid, start_us: int, frames: int, place: Path) -> None:
    brightness = np.full(frames, _DARK, np.uint8)
    for beat in grid.beats:
        flash = _BAR if beat.is_downbeat else _BEAT
        first = frame_at(beat.time_us - start_us, RATE)
        for step in range(_FADE_FRAMES):
            if 0 <= first + step < frames:
                brightness[first + step] = _DARK + (flash - _DARK) * (_FADE_FRAMES - step) // (
                    _FADE_FRAMES
                )
    with place.open("wb") as file:
        for index, level in enumerate(brightness.tolist()):
            frame = np.full((_HEIGHT, _WIDTH), level, np.uint8)
            frame[-4:, : (index + 1) * _WIDTH // frames] = _DONE
            file.write(frame.tobytes())
