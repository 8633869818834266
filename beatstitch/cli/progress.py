"""What a person sees while a film is made: a line a step on stderr, with a bar on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

import click


class Step:
    """One step of the work, on a bar of 100."""

    def __init__(self, advance: Callable[[int], object]) -> None:
        self._advance = advance
        self._lock = Lock()
        self._percent = 0

    def reach(self, percent: int) -> None:
        """Move the bar forward to `percent`; it never goes back. Any thread may call."""
        with self._lock:
            ahead = min(percent, 100) - self._percent
            if ahead > 0:
                self._percent += ahead
                self._advance(ahead)


class Progress:
    """Steps of the work, shown or, if quiet, not."""

    def __init__(self, is_quiet: bool) -> None:
        self._is_quiet = is_quiet

    @contextmanager
    def step(self, label: str) -> Iterator[Step]:
        """Show a step from its start to its end."""
        if self._is_quiet:
            yield Step(lambda _ahead: None)
            return
        with click.progressbar(length=100, label=f"{label:<24}", file=sys.stderr, width=30) as bar:
            step = Step(bar.update)
            yield step
            step.reach(100)
