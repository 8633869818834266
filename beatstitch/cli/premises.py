"""Standing up what long-running commands share: the database and its schema."""

from beatstitch.db import base, schema
from beatstitch.settings import settings


def connected() -> None:
    """Connect to the database of the settings, and make its tables if it has none.

    Raises Unavailable for a schema that doesn't fit, naming the command that helps.
    """
    base.connect(settings().database())
    schema.prepare()
