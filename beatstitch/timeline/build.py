"""From a beat grid, media and wishes to an EDL.

Deterministic: the same arguments give the same EDL to the byte. Cuts come from beat indices, so
segments meet without gap or overlap from 0 to the end of the song.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random

from beatstitch.beats.grid import BeatGrid, excerpt
from beatstitch.errors import Invalid, LimitReached
from beatstitch.limits import MAX_SEGMENTS
from beatstitch.timeline.choose import Choice, Chooser, Medium, dealt
from beatstitch.timeline.cuts import Cut, cuts
from beatstitch.timeline.edl import (
    STILL,
    Audio,
    Edl,
    Effects,
    KenBurns,
    Segment,
    Transition,
    frame_at,
)
from beatstitch.timeline.joints import CUT, NO_FOOTAGE, shortest_ms, transition_room_ms
from beatstitch.timeline.keep import Film, Kept, Locked, kept
from beatstitch.timeline.remarks import remarks
from beatstitch.timeline.settings import TimelineSettings

# A zoom is felt by its speed: 2.5 % a second reads as calm, over 12 % in all as a lurch.
ZOOM_PER_S, LEAST_ZOOM, MOST_ZOOM = 0.025, 0.03, 0.12


def build(
    grid: BeatGrid,
    media: Sequence[Medium],
    settings: TimelineSettings,
    *,
    audio_duration_us: int,
    project_id: str,
    locked: Locked | None = None,
    set_aside: Sequence[Medium] = (),
) -> Edl:
    """The timeline of a film over the song, or over the part of it that the settings name.

    `media` in the order wanted. `locked` segments of the timeline before stay as they are, and only
    they show what is `set_aside`. Raises Invalid without media or for a part outside the song, and
    LimitReached for more than MAX_SEGMENTS segments.
    """
    if not media:
        raise Invalid("no_media", "There is nothing to show: add at least one photo or clip.")
    start_us, duration_us = song_part(settings, audio_duration_us)
    part = excerpt(grid, start_us, duration_us)
    chosen = cuts(part, settings, duration_us)
    known = {medium.id: medium for medium in (*media, *set_aside)}
    film = Film(grid.audio_checksum, start_us, duration_us, settings.frame_rate)
    stays = kept(locked, film, known)
    joints = _joints(chosen, stays, settings, duration_us)
    if len(joints) + 1 > MAX_SEGMENTS:
        raise LimitReached(
            "too_many_segments",
            f"The timeline has {len(joints) + 1} segments; a film takes at most {MAX_SEGMENTS}. "
            "Use more beats per cut or a shorter part of the song.",
        )
    parts = _segments(joints, duration_us, media, settings, stays)
    segments = _joined(parts, tuple(joints.values()), known, settings.frame_rate)
    return Edl(
        project_id=project_id,
        settings=settings,
        audio=Audio(
            checksum=grid.audio_checksum,
            duration_us=audio_duration_us,
            bpm=grid.bpm,
            sample_rate=grid.sample_rate,
            start_offset_us=start_us,
        ),
        total_duration_us=duration_us,
        segments=segments,
        next_segment_id=max(stays.first_id, *(s.id + 1 for s in segments)),
        beats_us=tuple(beat.time_us for beat in part.beats),
        warnings=(
            *stays.said(sum(cut.time_us not in joints for cut in chosen)),
            *remarks(grid, media, segments, settings),
        ),
    )


def song_part(settings: TimelineSettings, audio_duration_us: int) -> tuple[int, int]:
    """Start and length in µs of the part of the song that the film covers. Raises Invalid when
    nothing of the song is left, or not two frames of it."""
    start_us = settings.audio_start_ms * 1000
    if start_us >= audio_duration_us:
        raise Invalid(
            "outside_song",
            f"The film is to start {start_us / 1e6:g} s into a song of "
            f"{audio_duration_us / 1e6:.1f} s.",
            where=("audio_start_ms",),
        )
    duration_us = audio_duration_us - start_us
    if settings.duration_ms is not None:
        duration_us = min(duration_us, settings.duration_ms * 1000)
    if frame_at(duration_us, settings.frame_rate) < 2:
        raise Invalid("too_short", "Less than two frames of the song are left to make a film of.")
    return start_us, duration_us


def _joints(
    chosen: Sequence[Cut], stays: Kept, settings: TimelineSettings, duration_us: int
) -> dict[int, Transition]:
    """The times of the cuts, rising, and how segments are to meet there."""
    joints = {
        cut.time_us: Transition(cut.transition_type, settings.transition_duration_ms)
        for cut in chosen
        if stays.allows(cut.time_us)
    }
    return dict(sorted((joints | stays.joints(duration_us)).items()))


def _segments(
    joints: Mapping[int, Transition],
    duration_us: int,
    media: Sequence[Medium],
    settings: TimelineSettings,
    stays: Kept,
) -> list[Segment]:
    handle_ms = 0
    if any(joint.type != "cut" for joint in joints.values()):
        handle_ms = (settings.transition_duration_ms + 1) // 2
    edges = (0, *joints, duration_us)
    there, ids = stays.by_start(), itertools.count(stays.first_id)
    slots = len(edges) - 1 - len(there)
    chooser = Chooser(dealt(media, slots), slots)
    segments = []
    for index, (start_us, end_us) in enumerate(itertools.pairwise(edges)):
        if start_us in there:
            segment = replace(there[start_us], index=index)
            chooser.pass_by(segment.media_asset_id, segment.source_out_ms)
        else:
            # Source ranges are whole ms: rounded up, they are never short of their slot.
            choice = chooser.take(-(-(end_us - start_us) // 1000), handle_ms)
            segment = _segment(next(ids), index, start_us, end_us, choice, settings)
        segments.append(segment)
    return segments


def _segment(
    segment_id: int,
    index: int,
    start_us: int,
    end_us: int,
    choice: Choice,
    settings: TimelineSettings,
) -> Segment:
    medium = choice.medium
    ken_burns = STILL
    if medium.media_type == "image" and settings.ken_burns_enabled:
        ken_burns = _move(Random(f"{settings.seed}:{index}:{medium.id}"), end_us - start_us)  # noqa: S311
        if medium.focus is not None:
            ken_burns = ken_burns.around(medium.focus)
    return Segment(
        id=segment_id,
        index=index,
        media_asset_id=medium.id,
        media_type=medium.media_type,
        timeline_in_us=start_us,
        timeline_out_us=end_us,
        timeline_in_frame=frame_at(start_us, settings.frame_rate),
        timeline_out_frame=frame_at(end_us, settings.frame_rate),
        source_in_ms=choice.source_in_ms,
        source_out_ms=choice.source_out_ms,
        speed=choice.speed,
        effects=Effects(ken_burns, settings.pulse, settings.flash, medium.focus),
        reason=choice.reason,
    )


def _move(random: Random, slot_us: int) -> KenBurns:
    """A zoom in or out towards a point near a line of thirds, as fast for every length of slot."""
    zoom = 1 + min(MOST_ZOOM, LEAST_ZOOM + ZOOM_PER_S * slot_us / 1e6)
    x, y = random.choice((0.38, 0.5, 0.62)), random.choice((0.42, 0.5))
    wide, close = (1.0, 0.5, 0.5), (round(zoom, 4), x, y)
    start, end = (wide, close) if random.random() < 0.5 else (close, wide)
    return KenBurns(True, start[0], end[0], start[1], start[2], end[1], end[2])


def _joined(
    segments: Sequence[Segment],
    joints: Sequence[Transition],
    media: Mapping[str, Medium],
    rate: Fraction,
) -> tuple[Segment, ...]:
    """The segments with their transitions, as long as wished where both sides have the footage."""
    joined = list(segments)
    for i, (wanted, (left, right)) in enumerate(
        zip(joints, itertools.pairwise(segments), strict=True)
    ):
        if wanted.type == "cut" or wanted.duration_ms == 0:
            continue
        room_ms = min(wanted.duration_ms, transition_room_ms(left, right, media))
        transition, reason = replace(wanted, duration_ms=room_ms), None
        if room_ms < shortest_ms(rate):
            transition, reason = CUT, NO_FOOTAGE
        joined[i] = replace(joined[i], transition_out=transition)
        joined[i + 1] = replace(
            joined[i + 1],
            transition_in=transition,
            reason="; ".join(filter(None, (right.reason, reason))) or None,
        )
    return tuple(joined)
