"""BeatStitch cuts photos and clips to the beat of a song.

The house has floors and imports go down only; `docs/architecture.md` draws it.
"""

__version__ = "0.1.0"
