"""The schema of the database, moved forward by numbered migrations and never back.

The files lie in the top-level `migrations/` folder, which `beatstitch/migrations` points to, so
that the same path serves the checkout and the installed wheel.
"""

from pathlib import Path
from typing import cast

from playhouse.migrations import Runner  # type: ignore[import-untyped]

from beatstitch.db import base
from beatstitch.errors import Unavailable

FOLDER = Path(__file__).parents[1] / "migrations"


def upgrade() -> list[str]:
    """Apply the migrations that are missing, each in its own transaction; gives their names.

    Two processes that upgrade at once take turns, and the second finds nothing to do.
    """
    with base.transaction():
        return cast(list[str], _runner().up())


def pending() -> list[str]:
    """The migrations that this software has and the database has not, in order."""
    return [step.name for step in _runner().status() if step.path and not step.applied]


def known() -> set[str]:
    """The names of all migrations that this software has."""
    return {path.stem for path in FOLDER.glob("[0-9]*.py")}


def prepare() -> None:
    """Make sure of a schema that fits, at the start of a server, a worker or a command.

    An empty database gets its tables. Raises Unavailable when the schema is older than this
    software, naming the command that upgrades it, or newer.
    """
    if not base.database.get_tables():
        upgrade()
    if unknown := [step.name for step in _runner().status() if not step.path]:
        raise Unavailable(
            "schema_newer",
            f"The database was upgraded by a newer BeatStitch ({unknown[-1]}). "
            "Install that version, or restore the backup taken before the upgrade.",
        )
    if missing := pending():
        raise Unavailable(
            "schema_outdated",
            f"The database lacks {len(missing)} migration(s), beginning with {missing[0]}. "
            "Run: flask --app beatstitch database upgrade",
        )


def _runner() -> Runner:
    return Runner(base.database.obj, str(FOLDER))
