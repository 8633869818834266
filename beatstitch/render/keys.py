"""Content keys: a hash of everything that a chunk or a song was made from.

What FFmpeg is told is in it to the letter, with the content of each source in the place of its
name. A chunk's command doesn't say where in the film it lies, so one that moved is still a hit.
"""

from functools import lru_cache

from beatstitch.documents import digest
from beatstitch.render.chunk import Chunk
from beatstitch.render.command import Command, chunk_command
from beatstitch.render.profile import Profile

# Goes up when the same command would give other bytes, or another proof of them, for a reason that
# the command doesn't show.
RENDERER = 6


def chunk_key(chunk: Chunk, profile: Profile, fingerprint: str) -> str:
    """The name of a chunk's file in the cache. `fingerprint` names FFmpeg and x264."""
    sources = {
        layer.source.key: layer.source.content for piece in chunk.pieces for layer in piece.layers
    }
    return command_key(chunk_command(chunk, profile), sources, fingerprint)


def command_key(command: Command, content: dict[str, str], fingerprint: str) -> str:
    """A hash of a command with the hash of each input's content, by key, instead of the key."""
    return digest(
        {
            "renderer": RENDERER,
            "fingerprint": fingerprint,
            "inputs": [[content[i.key], i.demuxer, list(i.options)] for i in command.inputs],
            "options": list(command.options),
            "outputs": [list(output.options) for output in command.outputs],
            "texts": [_sum(text.content) for text in command.texts],
        }
    )


# A table of HDR is 800 kB, and every chunk with such a clip names it.
@lru_cache(maxsize=8)
def _sum(text: str) -> str:
    return digest(text)
