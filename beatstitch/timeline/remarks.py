"""What a person should know of a timeline beside its segments, in sentences."""

from collections.abc import Iterable, Sequence

from beatstitch.beats.grid import BeatGrid
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.edl import Segment
from beatstitch.timeline.settings import TimelineSettings


def remarks(
    grid: BeatGrid,
    media: Iterable[Medium],
    segments: Sequence[Segment],
    settings: TimelineSettings,
) -> tuple[str, ...]:
    """Beats that were not heard, sections that nobody knows, and media that found no place."""
    found = []
    if grid.verdict == "no_beat":
        found.append(
            f"No beat was found in the song; the cuts follow a steady {grid.bpm:g} BPM. "
            "Give the tempo and the offset of the first beat to cut on real ones."
        )
    if settings.section_rules and not grid.sections:
        found.append(
            "The rules for sections change nothing, for the song's beats come without sections. "
            "Analyse the song again."
        )
    shown = {s.media_asset_id for s in segments}
    wanted = {m.id: m for m in media}
    unused = len(wanted.keys() - shown)
    if unused:
        found.append(
            f"{unused} of {len(wanted)} photos and clips found no place in {len(segments)} cuts; "
            "fewer beats per cut make room for more."
        )
    pinned = sum(m.is_pinned for m in wanted.values() if m.id not in shown)
    if pinned:
        found.append(f"{pinned} of those that found no place are pinned.")
    return tuple(found)
