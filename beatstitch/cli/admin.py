"""The operator's commands, `flask --app beatstitch GROUP COMMAND`: groups of plain click commands.

`attach` hangs them on a Flask application. A fault of the vocabulary is one sentence and exit
code 1, as everywhere on the command line.
"""

from collections.abc import Iterable

import click
from flask import Flask

from beatstitch.cli import admin_database, admin_jobs, admin_keys, admin_storage, admin_users

GROUPS: Iterable[click.Group] = (
    admin_database.database,
    admin_jobs.jobs,
    admin_keys.keys,
    admin_storage.storage,
    admin_users.users,
)


def attach(app: Flask) -> None:
    """Let `flask --app …` find the groups."""
    for group in GROUPS:
        app.cli.add_command(group)
