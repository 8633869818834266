"""Clips: what FFmpeg can really show of them, measured from their packets, and a thumbnail."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from PIL import Image

from beatstitch.errors import LimitReached, MediaRejected
from beatstitch.ffmpeg.command import run_command
from beatstitch.ffmpeg.decoders import CODECS
from beatstitch.ffmpeg.probe import Probe, VideoStream, probe
from beatstitch.ffmpeg.run import FFmpegFailed, Limits, Progress, Source, run
from beatstitch.ffmpeg.sniff import Container
from beatstitch.jobs.media_processing import photo, subject
from beatstitch.jobs.media_processing.args import Facts, Ticket
from beatstitch.render import filters, tone
from beatstitch.render.command import THREADS, Command, Input, Output, known
from beatstitch.render.source import Source as RenderSource
from beatstitch.workspace import Workspace

# Longer than at 20 frames a second: where a film begins in the middle of it, that can be seen.
STANDS_STILL_US = 50_000
# What the container promises and the packets don't hold, before it is worth a word.
MISSING_SHARE = 0.05
# Where in a clip its subject is looked for, beside the still at a third of it.
GLIMPSES = (Fraction(1, 9), Fraction(2, 3))


def take(path: Path, container: Container, ticket: Ticket, workspace: Workspace) -> Facts:
    """The facts of a clip. Raises MediaRejected for one without a picture that can be decoded,
    LimitReached for one longer than the ticket allows."""
    found = probe(path, container, name=ticket.name)
    video = found.video
    if video is None:
        raise MediaRejected("no_video_stream", f"{ticket.name} has no picture in it.")
    if ticket.max_video_s is not None and video.duration_us > ticket.max_video_s * 1_000_000:
        raise LimitReached(
            "clip_too_long",
            f"{ticket.name} lasts {video.duration_us / 1e6:.0f} s; a clip may last "
            f"{ticket.max_video_s} s. Cut it first.",
        )
    source = Source(path, container.demuxer, ("-threads", "1"))
    if video.frame_count == 1:
        shown = _facts(found, video, container, ticket, video.duration_us)
        still = _still(path, shown, 0, ticket, workspace, (video.width, video.height))
        return photo.take_still(still, ticket, workspace, "a clip of one frame, shown as a photo")
    decoded_us = _decoded_us(source, video, workspace) if ticket.decode_all else video.duration_us
    # Small from the start: a PNG of 1080p takes more CPU than all the rest here.
    size = photo.reduced_size(video.width, video.height)
    shown = _facts(found, video, container, ticket, decoded_us)
    still = _still(path, shown, decoded_us // 3, ticket, workspace, size)
    with Image.open(still, formats=("PNG",)) as image:
        small = image.convert("RGB")
    glimpses = _glimpses(
        replace(source, options=(*source.options, *known(shown))), video, decoded_us, workspace
    )
    return Facts(
        source=shown,
        thumbnail_key=photo.keep_thumbnail(small, ticket, workspace),
        rotation_deg=video.rotation_deg,
        fps=round(float(video.frame_rate), 3),
        note=_note(found, video, decoded_us),
        focus=subject.find([small, *glimpses]),
    )


def _facts(
    found: Probe, video: VideoStream, container: Container, ticket: Ticket, decoded_us: int
) -> RenderSource:
    sound = found.audio if found.audio and found.audio.codec in CODECS else None
    return RenderSource(
        id=ticket.media_asset_id,
        key=ticket.key,
        content=ticket.checksum,
        media_type="video",
        demuxer=container.demuxer,
        width=video.width,
        height=video.height,
        duration_ms=decoded_us // 1000,
        # FFmpeg seeks from the earliest stream; a picture that starts later is that far in.
        start_us=video.start_us - _earliest_us(found, video) + video.lag_us,
        hold_us=_hold_us(video, ticket),
        # After a seek in MPEG-PS FFmpeg's times are some pictures off where a keyframe tells none.
        gop_us=video.duration_us if container.demuxer == "mpeg" else video.longest_gop_us,
        stream=video.index,
        sound=sound.index if sound else None,
        is_mono=sound is not None and sound.channels == 1,
        pixel_format=video.pixel_format,
        kept_pictures=video.kept_pictures,
        is_known_at_once=_is_known_at_once(found, video, container),
        color_space=video.color_space,
        color_range=video.color_range,
        color_transfer=video.color_transfer,
        color_primaries=video.color_primaries,
        is_interlaced=video.is_interlaced,
        keyframes_ms=_keyframes_ms(video, container, decoded_us),
    )


def _is_known_at_once(found: Probe, video: VideoStream, container: Container) -> bool:
    """Whether FFmpeg shows the same of it without a look at its first pictures: MP4 tells all but
    their order, and when the file begins, from which FFmpeg seeks."""
    is_plain = container.demuxer == "mov" and not video.is_refreshed
    return is_plain and video.tells_order and _earliest_us(found, video) == 0


def _hold_us(video: VideoStream, ticket: Ticket) -> int:
    if ticket.decode_all or video.is_refreshed:
        # Where pictures are refreshed strip by strip, none is whole until the second keyframe. And
        # what came short may be for want of a seek that finds what it needs.
        return max(video.longest_gap_us, 2 * video.longest_gop_us)
    return video.longest_gap_us if video.longest_gap_us > STANDS_STILL_US else 0


def _keyframes_ms(video: VideoStream, container: Container, end_us: int) -> tuple[int, ...]:
    """Where decoding begins for nothing, rounded up: a microsecond before a keyframe FFmpeg seeks
    to the one before it. Other containers than MP4 it seeks 130 ms early, for their index tells
    when a picture is decoded and not when it is shown."""
    if container.demuxer != "mov" or video.is_refreshed:
        return ()
    places = (place - video.start_us for place in video.keyframes_us)
    return tuple(-(-place // 1000) for place in places if 0 <= place < end_us)


def _earliest_us(found: Probe, video: VideoStream) -> int:
    return min(video.begins_us, found.audio.start_us if found.audio else video.begins_us)


def _still(
    path: Path,
    shown: RenderSource,
    at_us: int,
    ticket: Ticket,
    workspace: Workspace,
    size: tuple[int, int],
) -> Path:
    """One frame of the clip as PNG, of that size: from `at_us`, or the first where that place is
    broken."""
    still = workspace.scratch / "still.png"
    graph = f"[0:{shown.stream}]{filters.to_rgb(shown, *size)}[still]"
    # The keyframe before is as good a picture, and nothing has to be decoded to get there.
    for seek in (("-noaccurate_seek", "-ss", f"{at_us / 1e6:.3f}"), ()):
        command = Command(
            inputs=(Input(shown.key, shown.demuxer, (*THREADS, *known(shown), *seek)),),
            # Passed through, for a frame from before the place that was sought has a negative
            # time, and would be dropped with all that follow until then.
            options=("-filter_complex", graph, "-map", "[still]", "-vsync", "passthrough"),
            outputs=(Output(("-frames:v", "1", "-f", "image2", "-c:v", "png"), still.name),),
            texts=(tone.table(shown),) if shown.is_hdr else (),
        )
        try:
            run_command(
                command,
                {shown.key: path},
                workspace.scratch,
                limits=Limits(timeout_s=60),
                stop=workspace.stop,
            )
        except FFmpegFailed as refused:
            if not seek:
                raise MediaRejected(refused.code, f"{ticket.name} can't be decoded.") from refused
        if still.exists():
            return still
    raise MediaRejected("corrupt_media", f"{ticket.name} holds no picture that can be decoded.")


def _glimpses(
    source: Source, video: VideoStream, length_us: int, workspace: Workspace
) -> list[Image.Image]:
    """Some moments of the clip, as small as its subject is told from: the keyframes before them, as
    far as they can be decoded."""
    size = subject.size_of(video.width, video.height)
    paths = [workspace.scratch / f"glimpse{number}.rgb" for number in range(len(GLIMPSES))]
    options: list[str] = []
    for number, path in enumerate(paths):
        options += ["-map", f"{number}:{video.index}", "-vsync", "passthrough", "-frames:v", "1"]
        options += [
            "-vf",
            f"scale={size[0]}:{size[1]}:flags=area",
            "-pix_fmt",
            "rgb24",
            "-f",
            "rawvideo",
            str(path),
        ]
    sought = [
        ("-noaccurate_seek", "-ss", f"{float(share * length_us) / 1e6:.3f}") for share in GLIMPSES
    ]
    try:
        run(
            [Source(source.path, source.demuxer, (*source.options, *at)) for at in sought],
            options,
            paths,
            limits=Limits(timeout_s=60),
            stop=workspace.stop,
        )
    except FFmpegFailed:
        # The still is there, and is enough to tell where most clips have their subject.
        return []
    there = [path.read_bytes() for path in paths if path.exists()]
    return [Image.frombytes("RGB", size, rgb) for rgb in there if len(rgb) == 3 * size[0] * size[1]]


def _decoded_us(source: Source, video: VideoStream, workspace: Workspace) -> int:
    """How long the clip really plays, by decoding all of it."""
    reached = 0

    def hear(progress: Progress) -> None:
        nonlocal reached
        reached = progress.out_time_us
        percent = progress.percent(video.duration_us)
        workspace.report(percent, "measuring", "Measuring how much of the clip decodes")

    length = ("-t", f"{video.duration_us / 1e6 + 1:.3f}")
    run(
        [source],
        ("-map", f"0:{video.index}", "-vf", "setpts=PTS-STARTPTS", *length, "-f", "null", "-"),
        [],
        limits=Limits(timeout_s=60 + 4 * video.duration_us / 1e6),
        on_progress=hear,
        stop=workspace.stop,
    )
    return min(reached, video.duration_us)


def _note(found: Probe, video: VideoStream, decoded_us: int) -> str | None:
    promised_us = video.header_duration_us
    # Some containers only tell how long the whole file is: from the sound that comes before the
    # picture, or from zero, to the sound that goes on behind it.
    demuxer, sound = found.container.demuxer, found.audio
    begin_us = 0 if demuxer == "matroska" else _earliest_us(found, video)
    reached_us = video.start_us + decoded_us
    if sound is not None and demuxer != "mov" and decoded_us == video.duration_us:
        reached_us = max(reached_us, sound.start_us + sound.duration_us)
    if reached_us - begin_us >= (1 - MISSING_SHARE) * promised_us:
        return None
    return (
        f"breaks off at {decoded_us / 1e6:.1f} s of {promised_us / 1e6:.1f} s; "
        "what is there is used"
    )
