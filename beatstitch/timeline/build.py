"""From a beat grid, media and wishes to an EDL.

Deterministic: the same arguments give the same EDL to the byte. Cuts come from beat indices, so
segments meet without gap or overlap from 0 to the end of the song.
"""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from beatstitch.beats.grid import BeatGrid, excerpt
from beatstitch.errors import Invalid, LimitReached
from beatstitch.limits import MAX_SEGMENTS
from beatstitch.timeline.choose import Choice, Chooser, Medium, dealt
from beatstitch.timeline.cuts import cuts
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
from beatstitch.timeline.joints import NO_FOOTAGE, transition_room_ms
from beatstitch.timeline.remarks import remarks
from beatstitch.timeline.settings import TimelineSettings, TransitionType

# A zoom is felt by its speed: 2.5 % a second reads as calm, over 12 % in all as a lurch.
ZOOM_PER_S, LEAST_ZOOM, MOST_ZOOM = 0.025, 0.03, 0.12


def build(
    grid: BeatGrid,
    media: Sequence[Medium],
    settings: TimelineSettings,
    *,
    audio_duration_us: int,
    project_id: str,
) -> Edl:
    """The timeline of a film over the song, or over the part of it that the settings name.

    `media` in the order wanted. Raises Invalid without media or for a part outside the song, and
    LimitReached for more than MAX_SEGMENTS segments.
    """
    if not media:
        raise Invalid("no_media", "There is nothing to show: add at least one photo or clip.")
    start_us, duration_us = song_part(settings, audio_duration_us)
    part = excerpt(grid, start_us, duration_us)
    chosen = cuts(part, settings, duration_us)
    edges = (0, *(cut.time_us for cut in chosen), duration_us)
    if len(edges) - 1 > MAX_SEGMENTS:
        raise LimitReached(
            "too_many_segments",
            f"The timeline has {len(edges) - 1} segments; a film takes at most {MAX_SEGMENTS}. "
            "Use more beats per cut or a shorter part of the song.",
        )
    joints = [cut.transition_type for cut in chosen]
    parts = _segments(edges, joints, media, settings)
    segments = _joined(parts, joints, settings, {m.id: m for m in media})
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
        next_segment_id=len(segments) + 1,
        warnings=remarks(grid, media, segments, settings),
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


def _segments(
    edges: Sequence[int],
    joints: Sequence[TransitionType],
    media: Sequence[Medium],
    settings: TimelineSettings,
) -> list[Segment]:
    handle_ms = 0
    if any(joint != "cut" for joint in joints):
        handle_ms = (settings.transition_duration_ms + 1) // 2
    chooser = Chooser(dealt(media, len(edges) - 1))
    segments = []
    for index, (start_us, end_us) in enumerate(itertools.pairwise(edges)):
        # Source ranges are whole ms: rounded up, they are never short of their slot.
        choice = chooser.take(-(-(end_us - start_us) // 1000), handle_ms)
        segments.append(_segment(index, start_us, end_us, choice, settings))
    return segments


def _segment(
    index: int, start_us: int, end_us: int, choice: Choice, settings: TimelineSettings
) -> Segment:
    medium = choice.medium
    ken_burns = STILL
    if medium.media_type == "image" and settings.ken_burns_enabled:
        ken_burns = _move(Random(f"{settings.seed}:{index}:{medium.id}"), end_us - start_us)  # noqa: S311
    return Segment(
        id=index + 1,
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
        effects=Effects(ken_burns=ken_burns),
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
    segments: list[Segment],
    joints: Sequence[TransitionType],
    settings: TimelineSettings,
    media: dict[str, Medium],
) -> tuple[Segment, ...]:
    """The segments with their transitions, as long as wished where both sides have the footage."""
    if settings.transition_duration_ms == 0:
        return tuple(segments)
    joined = list(segments)
    frame_ms = 1000 / settings.frame_rate
    for i, (left, right) in enumerate(itertools.pairwise(segments)):
        if joints[i] == "cut":
            continue
        room_ms = min(settings.transition_duration_ms, transition_room_ms(left, right, media))
        if room_ms >= 2 * frame_ms:
            transition, reason = Transition(joints[i], room_ms), None
        else:
            transition, reason = Transition(), NO_FOOTAGE
        joined[i] = replace(joined[i], transition_out=transition)
        joined[i + 1] = replace(
            joined[i + 1],
            transition_in=transition,
            reason="; ".join(filter(None, (right.reason, reason))) or None,
        )
    return tuple(joined)
