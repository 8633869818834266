"""What a handler stands in: its inputs as local files, a scratch folder, and what it keeps.

A handler's `run` knows no database, no storage and no network. It asks for inputs by storage key
and says under which key a file of its scratch folder is to be kept; whoever called it moves those
files into storage afterwards, before any row names them.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from beatstitch.errors import NotFound


@dataclass(frozen=True, slots=True)
class Workspace:
    """One attempt's hands. `scratch` is a folder of its own that goes when the attempt is over;
    `stop` is set when the attempt is to end early."""

    scratch: Path
    inputs: Mapping[str, Path]
    reporter: Callable[[int, str, str], None]
    stop: threading.Event = field(default_factory=threading.Event)
    kept: dict[str, Path] = field(default_factory=dict)

    def fetch(self, key: str) -> Path:
        """The local file of an input. Raises NotFound for a key that wasn't asked for."""
        try:
            return self.inputs[key]
        except KeyError:
            raise NotFound("missing_input", "A file that the work needs is not there.") from None

    def keep(self, path: Path, key: str) -> None:
        """Let `path`, a finished file in scratch, be stored under `key`."""
        self.kept[key] = path

    def keep_text(self, text: str, prefix: str, name: str, current: str | None = None) -> str:
        """Keep a JSON document under `prefix`/`name`.json and, for people and tools, once more
        under `current`. Gives the first key, whose file never changes."""
        key = f"{prefix}/{name}.json"
        for number, place in enumerate(filter(None, (key, current))):
            path = self.scratch / f"{name}.{number}.json"
            path.write_text(text)
            self.keep(path, place)
        return key

    def report(self, percent: int, stage: str, message: str) -> None:
        """Say how far the work has come: 0–100, a word for programs, a sentence for people."""
        self.reporter(percent, stage, message)
