"""Timelines that a person has changed. That earlier versions are kept, and who may change what, is
known elsewhere.

Whatever is done, the segments meet without gap or overlap and end with the film. A locked segment
stays where and what it is. What a person asks for is done or refused with the way out; what has to
follow from it (a clip that must last longer) is done as the builder does it, and said in `reason`.
"""

from beatstitch.timeline import cutting, showing
from beatstitch.timeline.changes import (
    Delete,
    Edit,
    Lock,
    Merge,
    Move,
    Replace,
    SetDurationBeats,
    SetEffect,
    SetTransition,
    Split,
    Trim,
    Unlock,
)
from beatstitch.timeline.desk import Desk, Material, Segments
from beatstitch.timeline.edl import Edl


def edited(edl: Edl, edit: Edit, material: Material) -> Edl:
    """The timeline after an edit.

    Raises Invalid for an edit that makes no sense for this timeline, naming the field, Conflict for
    one that would change a locked segment, and LimitReached for too many segments.
    """
    desk = Desk.of(edl, material)
    return desk.settled(_changed(desk, desk.find(edit), edit))


def _changed(desk: Desk, at: int, edit: Edit) -> Segments:
    match edit:
        case Move():
            return showing.moved(desk, at, edit.to)
        case Replace():
            return showing.replaced(desk, at, edit)
        case SetEffect():
            return showing.with_effect(desk, at, edit)
        case SetTransition():
            return showing.meeting(desk, at, edit)
        case Lock():
            return showing.locked(desk, at, is_locked=True)
        case Unlock():
            return showing.locked(desk, at, is_locked=False)
        case Trim():
            return cutting.trimmed(desk, at, edit)
        case Split():
            return cutting.split(desk, at, edit)
        case Merge():
            return cutting.merged(desk, at)
        case Delete():
            return cutting.deleted(desk, at)
        case SetDurationBeats():
            return cutting.lasting(desk, at, edit.beats)
