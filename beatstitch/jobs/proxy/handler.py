"""One decode of a clip gives its proxy, its filmstrip and its looks; a photo is made small."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from beatstitch.documents import file_sha256
from beatstitch.errors import MediaRejected
from beatstitch.ffmpeg import damage
from beatstitch.ffmpeg.command import run_command
from beatstitch.ffmpeg.run import Limits, Progress
from beatstitch.jobs.proxy import looks
from beatstitch.jobs.proxy.args import Looks, Made, Ticket
from beatstitch.render.proxy import (
    GLANCE_SIZE,
    GLANCES_A_SECOND,
    GLANCES_FILE,
    PHOTO_PROXY_SIDE_PX,
    PROXY_FILE,
    STILL_SIZE,
    STILLS_FILE,
    STRIP_FILE,
    as_proxy,
    proxy_command,
    proxy_size,
)
from beatstitch.workspace import Workspace


def run(ticket: Ticket, workspace: Workspace) -> Made | None:
    """The proxy and the filmstrip are kept; None where the one that is doubted is sound. Raises
    MediaRejected when nothing can be decoded."""
    doubted = ticket.doubted
    if doubted is not None and file_sha256(workspace.fetch(doubted.key)) == doubted.content:
        return None
    if ticket.source.media_type == "image":
        return _photo(ticket, workspace)
    return _clip(ticket, workspace)


def _photo(ticket: Ticket, workspace: Workspace) -> Made:
    """The source is our own working copy: an upright sRGB JPEG."""
    with Image.open(workspace.fetch(ticket.source.key), formats=("JPEG",)) as image:
        image.draft("RGB", (PHOTO_PROXY_SIDE_PX, PHOTO_PROXY_SIDE_PX))
        image.thumbnail((PHOTO_PROXY_SIDE_PX, PHOTO_PROXY_SIDE_PX), Image.Resampling.LANCZOS)
        seen = looks.of_stills(np.asarray(image.convert("L").resize(STILL_SIZE))[None])
        if max(ticket.source.width, ticket.source.height) <= PHOTO_PROXY_SIDE_PX:
            return Made(seen, None)
        path = workspace.scratch / "proxy.jpg"
        image.save(path, quality=90)
        size = image.size
    return _made(path, ticket, size, seen, None, workspace)


def _clip(ticket: Ticket, workspace: Workspace) -> Made:
    source, folder = ticket.source, workspace.scratch

    def hear(progress: Progress) -> None:
        percent = progress.percent(ticket.media_s * 1e6, 0, 99)
        workspace.report(percent, "proxy", "Making a small copy for previews")

    limits = Limits(timeout_s=110 + 4 * ticket.media_s, stall_s=60)
    clip = workspace.fetch(source.key)
    tail = run_command(
        proxy_command(source),
        {source.key: clip},
        folder,
        limits=limits,
        on_progress=hear,
        stop=workspace.stop,
        level="warning",
    )
    glances, stills = (
        _greys(folder / GLANCES_FILE, GLANCE_SIZE),
        _greys(folder / STILLS_FILE, STILL_SIZE),
    )
    if not len(glances):
        raise MediaRejected("corrupt_media", "No picture of the clip can be decoded.")
    seen = looks.of_clip(glances, GLANCES_A_SECOND, stills)
    strip_key = f"{ticket.prefix}/{source.id}.filmstrip.jpg"
    workspace.keep(folder / STRIP_FILE, strip_key)
    made = _made(folder / PROXY_FILE, ticket, proxy_size(source), seen, strip_key, workspace)
    return replace(
        made,
        damaged_ms=_damaged_ms(clip, ticket, limits, workspace) if damage.is_told(tail) else (),
    )


def _damaged_ms(
    clip: Path, ticket: Ticket, limits: Limits, workspace: Workspace
) -> tuple[tuple[int, int], ...]:
    def reach(time_us: int) -> None:
        percent = min(99, int(time_us / 10_000 / max(1, ticket.media_s)))
        workspace.report(percent, "damage", "Finding out where the clip is damaged")

    source = ticket.source
    return damage.damaged_ms(
        clip, source.demuxer, source.stream, limits=limits, on_reached=reach, stop=workspace.stop
    )


def _made(
    path: Path,
    ticket: Ticket,
    size: tuple[int, int],
    seen: Looks,
    strip_key: str | None,
    workspace: Workspace,
) -> Made:
    key = f"{ticket.prefix}/{ticket.source.id}.proxy{path.suffix}"
    workspace.keep(path, key)
    proxy = as_proxy(ticket.source, key, file_sha256(path), size)
    return Made(seen, proxy, path.stat().st_size, strip_key)


def _greys(path: Path, size: tuple[int, int]) -> looks.Greys:
    width, height = size
    if not path.exists() or not path.stat().st_size:
        return np.zeros((0, height, width), np.uint8)
    return np.memmap(path, np.uint8, "r").reshape(-1, height, width)
