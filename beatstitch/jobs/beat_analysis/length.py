"""How long a decoded song lasts. Apart from the work, whose networks take a second to import."""

import wave
from pathlib import Path


def length_us(pcm: Path) -> int:
    """How long the song of this PCM lasts."""
    with wave.open(str(pcm), "rb") as song:
        return song.getnframes() * 1_000_000 // song.getframerate()
