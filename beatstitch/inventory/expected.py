"""Which files of a project are somebody's: those that rows name, and those that belong to one.

A few files have no column: the proof of a chunk lies beside it, what the networks said of the song
under the song's hash, the EDL of a film under its hash, though the timeline's version may be gone,
and the current grid and EDL once more under a plain name, for people.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from beatstitch.db import audio, chunks, files, outputs, timelines
from beatstitch.db.projects import Project

PLACES = ("uploads", "derived", "outputs")
"""The folders of keys; in each, a folder for every project."""
CURRENT = ("beats.json", "edl.json")


@dataclass(frozen=True, slots=True)
class Expected:
    """The files that a project may have: these keys, and all that begin with one of `prefixes`."""

    keys: frozenset[str]
    prefixes: tuple[str, ...]

    def has(self, key: str) -> bool:
        """Whether the file is somebody's."""
        return key in self.keys or key.startswith(self.prefixes)


NOTHING = Expected(frozenset(), ())


def of_project(project_id: str) -> Expected:
    """What the project may have now; nothing when there is no such project."""
    if not Project.select().where(Project.id == project_id).exists():
        return NOTHING
    derived = f"derived/{project_id}"
    song = audio.of_project(project_id)
    heard = () if song is None else (f"{derived}/impressions/{song.checksum}-",)
    return Expected(frozenset(_keys(project_id, derived)), heard)


def _keys(project_id: str, derived: str) -> Iterator[str]:
    for file in files.named(project_id):
        yield file.key
    for chunk in chunks.of_project(project_id):
        yield from chunk_keys(chunk)
    for film in outputs.of_project(project_id):
        if film.removed_at is None:
            yield timelines.edl_key(project_id, film.edl_hash)
    yield from (f"{derived}/{name}" for name in CURRENT)


def chunk_keys(chunk: chunks.Chunk) -> tuple[str, ...]:
    """The files of a part of a film: a chunk of the picture has its proof beside it."""
    film = PurePosixPath(chunk.storage_key)
    proof = (str(film.with_suffix(".json")),) if film.suffix == ".mp4" else ()
    return (chunk.storage_key, *proof)
