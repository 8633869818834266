"""Finding out where a clip that was taken in is damaged, once a decoder has told that it is."""

from dataclasses import dataclass

from beatstitch.ffmpeg.damage import damaged_ms
from beatstitch.ffmpeg.run import Limits
from beatstitch.render.source import Source
from beatstitch.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Doubt:
    """A clip as the renderer meets it."""

    source: Source

    @property
    def inputs(self) -> tuple[str, ...]:
        """The storage keys that have to be at hand."""
        return (self.source.key,)


def run(ticket: Doubt, workspace: Workspace) -> tuple[tuple[int, int], ...]:
    """From when to when its pictures may be broken, in ms, rising. Decodes all of it."""
    source, length_s = ticket.source, (ticket.source.duration_ms or 0) / 1000

    def reach(time_us: int) -> None:
        percent = min(99, int(time_us / 10_000 / max(1.0, length_s)))
        workspace.report(percent, "damage", "Finding out where a clip is damaged")

    return damaged_ms(
        workspace.fetch(source.key),
        source.demuxer,
        source.stream,
        limits=Limits(timeout_s=110 + 4 * length_s, stall_s=60),
        on_reached=reach,
        stop=workspace.stop,
    )
