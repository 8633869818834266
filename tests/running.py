"""Running commands as a person does, and looking for what they left behind."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


def leftovers(folder: Path, cache: Path) -> list[Path]:
    """Files that only a run at work may have: parts of films beside the output, scratch folders."""
    return [*folder.glob(".*"), *(cache / "scratch").glob("*")]


def children_with(text: str) -> Iterator[str]:
    """Command lines of live processes that name `text`, but for the test runner's own."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line and "pytest" not in line.split(" ")[:4]:
            yield line


def is_rendering(cache: Path) -> bool:
    """Whether a chunk is being written in a scratch folder."""
    return any("chunk.mp4" in names for _, _, names in os.walk(cache / "scratch"))


def waited_for(condition: Callable[[], object], limit_s: float = 120) -> bool:
    """Whether the condition came true in time."""
    end = monotonic() + limit_s
    while not condition():
        if monotonic() > end:
            return False
    return True
