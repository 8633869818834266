"""Edits of what is seen: which medium, which part of it, how it moves and how it meets the next.
None of them moves a cut."""

from dataclasses import replace

from beatstitch.errors import Invalid
from beatstitch.timeline.changes import Replace, SetEffect, SetTransition
from beatstitch.timeline.choose import Medium, squeezed
from beatstitch.timeline.desk import Desk, Segments
from beatstitch.timeline.edl import STILL, Effects, Segment, Transition
from beatstitch.timeline.joints import shortest_ms, transition_room_ms, without_footage_reason
from beatstitch.timeline.slots import slot_us


def moved(desk: Desk, at: int, to: int) -> Segments:
    """What the segments show changes places; locked ones stay, and so do the transitions."""
    desk.place(to, "to")
    desk.require_unlocked(at, to)
    free = [i for i, segment in enumerate(desk.segments) if not segment.locked]
    shown = [desk.segments[i] for i in free]
    shown.insert(free.index(to), shown.pop(free.index(at)))
    segments = list(desk.segments)
    for i, segment in zip(free, shown, strict=True):
        slot = desk.segments[i]
        if segment is not slot:
            segments[i] = replace(
                desk.in_slot(
                    without_footage_reason(segment), slot.timeline_in_us, slot.timeline_out_us
                ),
                transition_out=slot.transition_out,
            )
    return segments


def replaced(desk: Desk, at: int, edit: Replace) -> Segments:
    """Another medium, or another part of it, in the same slot."""
    desk.require_unlocked(at)
    medium = desk.material.media.get(edit.media_asset_id)
    if medium is None:
        raise Invalid(
            "no_such_medium",
            "The project has no photo or clip with this media_asset_id that is ready.",
            where=("media_asset_id",),
        )
    before = desk.segments[at]
    shown = replace(
        before,
        media_asset_id=medium.id,
        media_type=medium.media_type,
        source_in_ms=0,
        source_out_ms=0,
        speed=1.0,
        effects=_effects_on(medium, before),
        reason=None,
    )
    return desk.with_these(at, 1, filled(shown, medium, edit.source_in_ms))


def _effects_on(medium: Medium, before: Segment) -> Effects:
    """What was done to the picture, as far as it can be done to this medium, and around its own
    focus."""
    if medium.id == before.media_asset_id:
        return before.effects
    move = before.effects.ken_burns if medium.media_type == before.media_type else STILL
    if move.enabled and medium.focus is not None:
        move = move.around(medium.focus)
    return replace(before.effects, ken_burns=move, focus=medium.focus)


def filled(shown: Segment, medium: Medium, source_in_ms: int | None) -> Segment:
    """A clip from its start on, however long it is, or exactly from where a person wants it.

    Raises Invalid when there is too little footage from there on.
    """
    if medium.media_type == "image":
        if source_in_ms:
            raise Invalid(
                "no_footage", "A photo has no source_in_ms; leave it out.", where=("source_in_ms",)
            )
        return shown
    slot_ms = -(-slot_us(shown) // 1000)
    if source_in_ms is None and medium.usable_ms < slot_ms:
        choice = squeezed(medium, slot_ms)
        return replace(
            shown,
            source_in_ms=choice.source_in_ms,
            source_out_ms=choice.source_out_ms,
            speed=choice.speed,
            reason=choice.reason,
        )
    start_ms = medium.first_ms if source_in_ms is None else source_in_ms
    if not medium.first_ms <= start_ms <= medium.end_ms - slot_ms:
        raise Invalid(
            "no_footage",
            f"source_in_ms is {start_ms}, and {slot_ms} ms are needed from there; the clip may be "
            f"shown from {medium.first_ms} to {medium.end_ms} ms. Without source_in_ms, a clip "
            "that is too short is slowed down or repeated.",
            where=("source_in_ms",),
        )
    return replace(shown, source_in_ms=start_ms, source_out_ms=start_ms + slot_ms)


def with_effect(desk: Desk, at: int, edit: SetEffect) -> Segments:
    """Another move of the camera, pulse, flash or focus. A move goes to the new focus, unless
    another comes with it."""
    desk.require_unlocked(at)
    segment = desk.segments[at]
    move = edit.ken_burns.move() if edit.ken_burns else segment.effects.ken_burns
    if segment.media_type == "video" and move.enabled:
        raise Invalid(
            "only_photos", "ken_burns moves over photos; this is a clip.", where=("ken_burns",)
        )
    focus = segment.effects.focus
    if edit.focus is not None:
        focus = edit.focus.point()
        if edit.ken_burns is None and move.enabled:
            move = move.around(focus)
    pulse = segment.effects.pulse if edit.pulse is None else edit.pulse
    flash = segment.effects.flash if edit.flash is None else edit.flash
    effects = Effects(move, pulse, flash, focus)
    return desk.with_these(at, 1, replace(segment, effects=effects))


def meeting(desk: Desk, at: int, edit: SetTransition) -> Segments:
    """Another transition at one end of the segment."""
    left_at = at if edit.edge == "out" else at - 1
    left, right = desk.pair(left_at)
    wanted = Transition(edit.type, edit.duration_ms)
    if edit.type == "cut":
        wanted = Transition()
    else:
        room_ms = min(edit.duration_ms, transition_room_ms(left, right, desk.media))
        if room_ms < shortest_ms(desk.edl.settings.frame_rate):
            raise Invalid(
                "no_footage",
                f"There is room for a transition of {max(0, room_ms)} ms here, less than two "
                "frames. It takes half of the shorter segment at most, and half of its length of "
                "footage beyond what is shown of a clip: give that another source_in_ms.",
                where=("duration_ms",),
            )
        wanted = replace(wanted, duration_ms=room_ms)
    return desk.with_these(left_at, 1, replace(left, transition_out=wanted))


def locked(desk: Desk, at: int, *, is_locked: bool) -> Segments:
    """The segment with a lock or without."""
    return desk.with_these(at, 1, replace(desk.segments[at], locked=is_locked))
