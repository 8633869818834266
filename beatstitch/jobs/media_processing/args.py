"""What the work is asked with and what it answers, without anything that decodes media."""

from dataclasses import dataclass

from beatstitch.render.source import Source
from beatstitch.timeline.edl import Focus

# Goes up when taking in the same file would give other facts or pictures.
INGEST = 15


@dataclass(frozen=True, slots=True)
class Args:
    """A medium of a project, uploaded and not yet looked at; or, with `decode_all`, a clip that
    came short in a film and is measured to its end."""

    media_asset_id: str
    decode_all: bool = False


@dataclass(frozen=True, slots=True)
class Ticket:
    """One file to take in: its id, the name people know it by, its storage key and SHA-256.

    `prefix` is where its working copy, if it needs one, and its thumbnail are kept. `decode_all`
    measures how much of a clip really decodes instead of believing its packets, which takes longer
    for more `media_s`; `max_video_s` refuses longer clips. With `stamp`, which is the storage's,
    the file is first held against its `checksum`.
    """

    media_asset_id: str
    name: str
    key: str
    checksum: str
    prefix: str
    max_video_s: int | None = None
    decode_all: bool = False
    media_s: float = 0
    stamp: str | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """The storage keys that have to be at hand."""
        return (self.key,)


@dataclass(frozen=True, slots=True)
class Facts:
    """A medium that can be used: how the renderer meets it, and what people are told of it.

    `rotation_deg` is what the file asked for; `source` is upright. `note` says in words what is
    odd about the file, if anything. `focus` is where its subject is, if there is one to be found.
    """

    source: Source
    thumbnail_key: str
    rotation_deg: int = 0
    fps: float | None = None
    note: str | None = None
    focus: Focus | None = None
