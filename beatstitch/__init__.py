"""BeatStitch cuts photos and clips to the beat of a song.

The house has floors and imports go down only; `docs/architecture.md` draws it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

__version__ = "0.1.0"


def create_app() -> "Flask":
    """The web app, for `flask --app beatstitch`. Imported when it is called: most of what begins
    with `import beatstitch` needs no Flask."""
    from beatstitch.web.app import create_app as create

    return create()
