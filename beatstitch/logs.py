"""One line of JSON a record, with the ids of the work it belongs to.

`bind` puts request, user, project and job ids into a context; every record that is written inside
carries them, from the request down to the FFmpeg call.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

from pythonjsonlogger.json import JsonFormatter

_bound: ContextVar[dict[str, str] | None] = ContextVar("beatstitch_log_ids", default=None)


@contextmanager
def bind(**ids: str) -> Iterator[None]:
    """Within the block, every log record carries these ids beside those already bound."""
    token = _bound.set({**(_bound.get() or {}), **ids})
    try:
        yield
    finally:
        _bound.reset(token)


def _add_bound(record: logging.LogRecord) -> bool:
    for name, value in (_bound.get() or {}).items():
        setattr(record, name, value)
    return True


def start(level: str, stream: TextIO | None = None) -> None:
    """Send this process's log to `stream` (stderr) as JSON lines, from `level` upward."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        JsonFormatter(
            "{levelname}{name}{message}",
            style="{",
            timestamp=True,
            rename_fields={"levelname": "level", "name": "logger"},
        )
    )
    handler.addFilter(_add_bound)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
