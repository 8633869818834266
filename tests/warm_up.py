"""Compiles, once per set-up, what librosa would compile while the first user waits.

It lets the fallback detector hear eight bars of drums, so that exactly the loops it needs are
compiled; numba keeps them for every later process.
"""

import tempfile
from pathlib import Path

from beatstitch.detect import analyse
from songs import drum_song


def main() -> None:
    """Hear a song with librosa and forget it."""
    with tempfile.TemporaryDirectory() as folder:
        song = drum_song(Path(folder) / "song.wav")
        analyse(
            song.path,
            duration_us=song.duration_us,
            checksum="",
            detector="librosa",
            on_progress=lambda _percent, _stage: None,
        )


if __name__ == "__main__":
    main()
