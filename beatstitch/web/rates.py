"""How often one caller may do what: fixed windows, counted by one atomic statement.

A limit is on a caller and a category of action, never on an address of the API. The counts lie in
a small SQLite file of their own with `synchronous=OFF`: they may get lost with the power, and no
reader has to wait for a disk. Requests that are refused are not counted, so waiting always helps.
"""

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask, current_app, request

from beatstitch.db import gate
from beatstitch.errors import TooMany
from beatstitch.settings import Settings
from beatstitch.web import guard

CATEGORIES = ("auth", "upload", "resumable", "analyse", "render", "read", "write")
KEPT_S = 2 * 3600
View = TypeVar("View", bound=Callable[..., Any])

log = logging.getLogger(__name__)

_TABLE = """CREATE TABLE IF NOT EXISTS hits (
    caller TEXT, category TEXT, window_end INTEGER, n INTEGER,
    PRIMARY KEY (caller, category, window_end)
) WITHOUT ROWID"""
_COUNT = """INSERT INTO hits VALUES (?, ?, ?, 1)
    ON CONFLICT DO UPDATE SET n = n + 1 WHERE n < ? RETURNING n"""
_PRUNE = "DELETE FROM hits WHERE window_end < ?"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in each window of `seconds`."""

    count: int
    seconds: int

    @staticmethod
    def of(setting: str) -> "Rate":
        """From "10/60"."""
        count, seconds = setting.split("/")
        return Rate(int(count), int(seconds))


def of_category(category: str) -> Callable[[View], View]:
    """Mark a view whose calls count in this category; others count as read or write."""

    def mark(view: View) -> View:
        view.__dict__["rate_category"] = category
        return view

    return mark


def uncounted(view: View) -> View:
    """Mark a view that is a part of what is counted elsewhere."""
    view.__dict__["is_uncounted"] = True
    return view


class Rates:
    """The counts, in a file that the web processes of one machine share."""

    def __init__(self, file: Path, limits: Mapping[str, Rate]) -> None:
        self._file = file
        self._limits = limits
        self._local = threading.local()

    def count(self, caller: str, category: str, now_s: float, own: Rate | None = None) -> None:
        """Count one action, within the caller's own rate if it has one. Raises TooMany when the
        window is full.

        What can't be counted is let through: neither a full disk nor a file that a power cut spoilt
        may close the API to those who read.
        """
        limit = own or self._limits[category]
        window_end = (int(now_s) // limit.seconds + 1) * limit.seconds
        try:
            is_within = self._add(caller, category, window_end, limit.count)
        except (sqlite3.DatabaseError, gate.GateClosed) as fault:
            log.warning("an action could not be counted", extra={"reason": str(fault)})
            return
        if not is_within:
            wait_s = max(1, int(window_end - now_s + 0.999))
            raise TooMany(
                "rate_limit_exceeded",
                f"That was too often: {limit.count} in {limit.seconds} s are allowed. "
                f"Try again in {wait_s} s.",
                category=category,
                retry_after_seconds=wait_s,
            )

    def _add(self, caller: str, category: str, window_end: int, most: int) -> bool:
        """One more in this window, and whether there was room for it."""
        connection = self._connection()
        row = connection.execute(_COUNT, (caller, category, window_end, most)).fetchone()
        if row == (1,):
            connection.execute(_PRUNE, (window_end - KEPT_S,))
        return row is not None

    def close(self) -> None:
        """Close this thread's connection."""
        connection: sqlite3.Connection | None = self._local.__dict__.pop("connection", None)
        if connection is not None:
            connection.close()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._file, timeout=5, isolation_level=None)
            # Threads that turn a new file to WAL at once get "database is locked" whatever the
            # timeout (1 race in 12 of eight threads), so they come in one by one.
            turn = gate.enter(f"{self._file}.gate", 5)
            try:
                connection.execute("PRAGMA journal_mode = wal")
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute(_TABLE)
            finally:
                os.close(turn)
            self._local.connection = connection
        return connection


def install(app: Flask, settings: Settings) -> None:
    """Count every request of the app that is not open to all, and those of category auth."""
    limits = {name: Rate.of(getattr(settings, f"rate_{name}")) for name in CATEGORIES}
    rates = Rates(settings.storage_path / "rates.db", limits)

    def count() -> None:
        view = current_app.view_functions.get(request.endpoint or "")
        asker = guard.admitted()
        category = getattr(view, "rate_category", None)
        if view is None or getattr(view, "is_uncounted", False):
            return
        if asker is None and category is None:
            return
        by_method = "read" if request.method in ("GET", "HEAD", "OPTIONS") else "write"
        category = category or by_method
        caller, own = _counted(asker, category)
        rates.count(caller, category, time.time(), own)

    app.before_request(count)


def _counted(asker: guard.Pass | None, category: str) -> tuple[str, Rate | None]:
    """Under which name an action counts, and the rate of a key that has its own."""
    if asker is None or asker.is_by_link:
        return f"from {request.remote_addr}", None
    if asker.key is not None and category in asker.key.rates:
        return f"key {asker.key.id}", Rate.of(asker.key.rates[category])
    return asker.user.id, None
