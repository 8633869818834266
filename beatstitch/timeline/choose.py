"""Which part of which medium fills a slot: the one decision about footage, made in order.

Media are taken in their order, round and round. A clip goes on where it was left the last time. A
clip too short for its slot is slowed down within reason; else the next medium that fits takes the
slot; else the clip is repeated. Nothing is frozen, and what was done is said in the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from beatstitch.timeline.edl import MediaType

# Below half speed, 30 fps footage visibly stutters.
SLOWEST = 0.5


@dataclass(frozen=True, slots=True)
class Medium:
    """A photo, or a clip of `duration_ms`, as far as the builder has to know it."""

    id: str
    media_type: MediaType
    duration_ms: int | None = None

    @property
    def length_ms(self) -> int:
        """How much there is to show; 0 for a photo, which lasts as long as it must."""
        return self.duration_ms or 0


@dataclass(frozen=True, slots=True)
class Choice:
    """A source range of a medium, its speed, and why it isn't the plain next thing."""

    medium: Medium
    source_in_ms: int = 0
    source_out_ms: int = 0
    speed: float = 1.0
    reason: str | None = None


class Chooser:
    """Deals media to slots in timeline order; remembers where each clip was left."""

    def __init__(self, media: Sequence[Medium]) -> None:
        self._media = tuple(media)
        self._turn = 0
        self._left_at: dict[str, int] = {}

    def take(self, slot_ms: int, handle_ms: int) -> Choice:
        """What fills a slot of `slot_ms`, with `handle_ms` of footage to spare at both ends
        where the clip has it."""
        wanted = self._media[self._turn % len(self._media)]
        self._turn += 1
        if _fits(wanted, slot_ms):
            return self._use(wanted, slot_ms, handle_ms, None)
        for step in range(len(self._media) - 1):
            other = self._media[(self._turn + step) % len(self._media)]
            if _fits(other, slot_ms):
                self._turn += step + 1
                reason = f"taken early: the clip before it has {wanted.length_ms} ms for {slot_ms}"
                return self._use(other, slot_ms, handle_ms, reason)
        return Choice(
            wanted,
            0,
            wanted.length_ms,
            1.0,
            f"repeated: the clip has {wanted.length_ms} ms for {slot_ms}",
        )

    def _use(self, medium: Medium, slot_ms: int, handle_ms: int, reason: str | None) -> Choice:
        if medium.media_type == "image":
            return Choice(medium, reason=reason)
        length_ms = medium.length_ms
        if length_ms < slot_ms:
            # Rounded down, so that the slowed clip never ends before its slot.
            speed = int(1000 * length_ms / slot_ms) / 1000
            slowed = f"slowed to {speed:g}: the clip has {length_ms} ms for {slot_ms}"
            return Choice(medium, 0, length_ms, speed, "; ".join(filter(None, (reason, slowed))))
        start_ms = self._left_at.get(medium.id, 0)
        if start_ms + slot_ms + 2 * handle_ms > length_ms:
            start_ms = 0
        source_in_ms = start_ms + min(handle_ms, (length_ms - start_ms - slot_ms) // 2)
        self._left_at[medium.id] = source_in_ms + slot_ms + handle_ms
        return Choice(medium, source_in_ms, source_in_ms + slot_ms, 1.0, reason)


def _fits(medium: Medium, slot_ms: int) -> bool:
    return medium.media_type == "image" or medium.length_ms >= SLOWEST * slot_ms
