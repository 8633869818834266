"""Which part of which medium fills a slot: the one decision about footage, made in order.

Media are taken in their order, round and round. A clip goes on where it was left the last time, or
at the next keyframe if that is near and there is footage to spare: what lies before a keyframe has
to be decoded from the one before it, which for a cut at every beat is half as much again. A clip
too short for its slot is slowed down within reason; else the next medium that fits takes the
slot; else, or if it is pinned, the clip is repeated. Nothing is frozen, and what was done is said
in the reason.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from beatstitch.timeline.edl import Focus, MediaType

# Below half speed, 30 fps footage visibly stutters.
SLOWEST = 0.5
# The furthest that a clip jumps ahead to a keyframe. Phones write one a second.
FURTHEST_JUMP_MS = 1000
# How long the last picture may last of which a clip is damaged "to the end".
LAST_PICTURE_MS = 50


@dataclass(frozen=True, slots=True)
class Medium:
    """A photo, or a clip of `duration_ms`, as far as the builder has to know it. `focus` is where
    in its picture the subject is, by the user's word or as it was found. `keyframes_ms` are places
    of a clip from which it decodes at once; `damaged_ms` is from when to when its pictures may be
    broken, rising."""

    id: str
    media_type: MediaType
    duration_ms: int | None = None
    in_ms: int | None = None
    out_ms: int | None = None
    is_pinned: bool = False
    focus: Focus | None = None
    keyframes_ms: tuple[int, ...] = ()
    damaged_ms: tuple[tuple[int, int], ...] = ()

    @property
    def length_ms(self) -> int:
        """How much of it there is; 0 for a photo, which lasts as long as it must."""
        return self.duration_ms or 0

    @property
    def first_ms(self) -> int:
        """Where the part begins that may be shown: at the user's in point, or at the start."""
        return min(self.in_ms or 0, self.length_ms)

    @property
    def end_ms(self) -> int:
        """Where the part ends that may be shown: at the user's out point, or at the end."""
        return self.length_ms if self.out_ms is None else min(self.out_ms, self.length_ms)

    @property
    def usable_ms(self) -> int:
        """How much of it may be shown."""
        return self.end_ms - self.first_ms


@dataclass(frozen=True, slots=True)
class Choice:
    """A source range of a medium, its speed, and why it isn't the plain next thing."""

    medium: Medium
    source_in_ms: int = 0
    source_out_ms: int = 0
    speed: float = 1.0
    reason: str | None = None


def dealt(media: Sequence[Medium], slots: int) -> tuple[Medium, ...]:
    """The media in the order in which they take turns: that of the user; but where there are more
    than slots, the last that aren't pinned wait behind those that are."""
    room = max(0, slots - sum(medium.is_pinned for medium in media))
    waiting = [medium for medium in media if not medium.is_pinned][room:]
    return (*(medium for medium in media if medium not in waiting), *waiting)


class Chooser:
    """Deals media to `slots` in timeline order; remembers where each clip was left."""

    def __init__(self, media: Sequence[Medium], slots: int) -> None:
        self._media = tuple(_without_broken_end(medium) for medium in media)
        self._uses = -(-slots // len(self._media))
        self._spare_ms: dict[str, int] = {}
        self._turn = 0
        self._left_at: dict[str, int] = {}

    def take(self, slot_ms: int, handle_ms: int) -> Choice:
        """What fills a slot of `slot_ms`, with `handle_ms` of footage to spare at both ends
        where the clip has it."""
        wanted = self._media[self._turn % len(self._media)]
        self._turn += 1
        if wanted.is_pinned or _fits(wanted, slot_ms):
            return self._use(wanted, slot_ms, handle_ms, None)
        for step in range(len(self._media) - 1):
            other = self._media[(self._turn + step) % len(self._media)]
            if _fits(other, slot_ms):
                self._turn += step + 1
                reason = f"taken early: the clip before it has {wanted.usable_ms} ms for {slot_ms}"
                return self._use(other, slot_ms, handle_ms, reason)
        return squeezed(wanted, slot_ms)

    def pass_by(self, medium_id: str, source_out_ms: int) -> None:
        """Somebody else has shown this medium up to there: it is left there, and if its turn is
        next, that was it."""
        self._left_at[medium_id] = source_out_ms
        if self._media[self._turn % len(self._media)].id == medium_id:
            self._turn += 1

    def _use(self, medium: Medium, slot_ms: int, handle_ms: int, reason: str | None) -> Choice:
        if medium.media_type == "image":
            return Choice(medium, reason=reason)
        if medium.usable_ms < slot_ms:
            slowed = squeezed(medium, slot_ms)
            return replace(slowed, reason="; ".join(filter(None, (reason, slowed.reason))))
        start_ms = self._left_at.get(medium.id, medium.first_ms)
        if start_ms + slot_ms + 2 * handle_ms > medium.end_ms:
            start_ms = medium.first_ms
        start_ms += self._jump_ms(medium, start_ms, slot_ms + 2 * handle_ms)
        start_ms = _sound_ms(medium, start_ms, slot_ms + 2 * handle_ms)
        source_in_ms = start_ms + min(handle_ms, (medium.end_ms - start_ms - slot_ms) // 2)
        self._left_at[medium.id] = source_in_ms + slot_ms + handle_ms
        return Choice(medium, source_in_ms, source_in_ms + slot_ms, 1.0, reason)

    def _jump_ms(self, medium: Medium, start_ms: int, needed_ms: int) -> int:
        """How far the clip jumps ahead to a keyframe: less far than it is from the one before, and
        never so far that footage is shown again which would not have been otherwise."""
        if start_ms == medium.first_ms:
            return 0
        place = bisect_left(medium.keyframes_ms, start_ms)
        if not 0 < place < len(medium.keyframes_ms):
            return 0
        before_ms, after_ms = medium.keyframes_ms[place - 1 : place + 1]
        jump_ms = after_ms - start_ms
        shown_ms = self._uses * needed_ms
        spare_ms = self._spare_ms.get(medium.id, medium.usable_ms - shown_ms)
        is_repeated = shown_ms > medium.usable_ms
        if (
            jump_ms > min(start_ms - before_ms, FURTHEST_JUMP_MS)
            or after_ms + needed_ms > medium.end_ms
            or (jump_ms > spare_ms and not is_repeated)
        ):
            return 0
        self._spare_ms[medium.id] = spare_ms - jump_ms
        return jump_ms


def squeezed(medium: Medium, slot_ms: int) -> Choice:
    """All of a clip that is shorter than its slot: slowed down, or repeated when it would stutter,
    with the reason."""
    had = f"the clip has {medium.usable_ms} ms for {slot_ms}"
    if not _fits(medium, slot_ms):
        return Choice(medium, medium.first_ms, medium.end_ms, 1.0, f"repeated: {had}")
    # Rounded down, so that the slowed clip never ends before its slot.
    speed = int(1000 * medium.usable_ms / slot_ms) / 1000
    return Choice(medium, medium.first_ms, medium.end_ms, speed, f"slowed to {speed:g}: {had}")


def _without_broken_end(medium: Medium) -> Medium:
    """A clip that is damaged up to its end, as where its file was cut short, ends before that:
    unless that is most of it."""
    broken = [f for f, end_ms in medium.damaged_ms if end_ms >= medium.length_ms - LAST_PICTURE_MS]
    if not broken or 2 * (broken[0] - medium.first_ms) < medium.usable_ms:
        return medium
    return replace(medium, out_ms=min(broken[0], medium.end_ms))


def _sound_ms(medium: Medium, start_ms: int, needed_ms: int) -> int:
    """The next place from there, or else the first at all, from which so much is not damaged; where
    there is none, the one of the two with less damage in it."""
    places = (start_ms, medium.first_ms)
    for place in places:
        for first_ms, end_ms in medium.damaged_ms:
            if first_ms < place + needed_ms and place < end_ms:
                place = end_ms
        if place + needed_ms <= medium.end_ms:
            return place
    return min(places, key=lambda place: _broken_ms(medium, place, place + needed_ms))


def _broken_ms(medium: Medium, start_ms: int, end_ms: int) -> int:
    shared = (min(end, end_ms) - max(first, start_ms) for first, end in medium.damaged_ms)
    return sum(max(0, ms) for ms in shared)


def _fits(medium: Medium, slot_ms: int) -> bool:
    return medium.media_type == "image" or medium.usable_ms >= SLOWEST * slot_ms
