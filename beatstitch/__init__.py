"""BeatStitch cuts photos and clips to the beat of a song.

The house has floors and imports go down only; `docs/architecture.md` draws it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

__version__ = "0.1.0"


def create_app() -> "Flask":
    """The web app with the operator's commands, for `flask --app beatstitch`.

    By name and when it is called: this package lies below every floor, and most of what begins
    with `import beatstitch` needs no Flask.
    """
    app: Flask = import_module("beatstitch.web.app").create_app()
    import_module("beatstitch.cli.admin").attach(app)
    return app
