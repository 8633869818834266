"""Animated pictures as clips: what moves, how long, and what is refused."""

import subprocess
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest
from PIL import Image

from beatstitch.errors import LimitReached, MediaRejected
from beatstitch.jobs.media_processing.args import Facts, Ticket
from beatstitch.jobs.media_processing.handler import run
from beatstitch.workspace import Workspace
from bombs import chunk
from footage import coded_image, ffmpeg, read_codes
from oddities import IDS, MOVING_ON

Space = Callable[..., Workspace]
Oddity = Callable[[str], Path]
MOVIE = "media/id.mov"


def taken_in(path: Path, workspace: Space) -> tuple[Facts, Workspace]:
    """The facts of a file, and the workspace with what was kept."""
    space = workspace(given=path)
    return run(Ticket("id", path.name, "given", "sha", "media"), space), space


def drawn(path: Path, *clip_ids: int, **save: object) -> Path:
    """An animation of these codes."""
    first, *others = (coded_image(clip_id, (320, 180)) for clip_id in clip_ids)
    first.save(path, save_all=True, append_images=others, **save)
    return path


@pytest.mark.parametrize("name", ["animated.gif", "animated.webp", "animated.png"])
def test_an_animation_is_a_clip_of_its_pictures(
    oddity: Oddity, workspace: Space, name: str
) -> None:
    facts, space = taken_in(oddity(name), workspace)

    assert (facts.source.media_type, facts.source.duration_ms) == ("video", 30_000)
    assert facts.fps == 5.0
    assert facts.note == "an animation of 0.6 s, shown 50 times over"
    once = [(200 * turn, clip_id) for turn, clip_id in enumerate((IDS[name], *MOVING_ON))]
    assert _shown(space.kept[MOVIE]) == [*once, *((600 + at, clip_id) for at, clip_id in once)]
    with Image.open(space.kept[facts.thumbnail_key]) as thumbnail:
        assert thumbnail.size == (256, 256)


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_each_picture_lasts_as_long_as_the_file_says(
    workspace: Space, tmp_path: Path, suffix: str
) -> None:
    delays = [30, 200, 1500, 50]
    path = drawn(tmp_path / f"a.{suffix}", 1, 2, 3, 4, duration=delays, loop=0)

    _, space = taken_in(path, workspace)

    assert _shown(space.kept[MOVIE]) == [(0, 1), (30, 2), (230, 3)]


def test_what_is_too_quick_lasts_as_long_as_in_browsers(workspace: Space, tmp_path: Path) -> None:
    facts, _ = taken_in(drawn(tmp_path / "a.gif", 1, 2, 3, duration=10), workspace)

    assert facts.source.duration_ms == 300


@pytest.mark.parametrize(
    ("suffix", "loop", "duration_ms"),
    [("gif", {}, 400), ("gif", {"loop": 2}, 1200), ("webp", {"loop": 2}, 800)],
)
def test_an_animation_is_shown_as_often_as_its_file_says(
    workspace: Space, tmp_path: Path, suffix: str, loop: dict[str, int], duration_ms: int
) -> None:
    path = drawn(tmp_path / f"a.{suffix}", 1, 2, duration=200, **loop)

    facts, _ = taken_in(path, workspace)

    assert facts.source.duration_ms == duration_ms


def test_pictures_that_are_all_the_same_are_a_photo(workspace: Space, tmp_path: Path) -> None:
    path = tmp_path / "still.gif"
    _repeat(path, 3)

    facts, _ = taken_in(path, workspace)

    assert (facts.source.media_type, facts.note) == ("image", None)


def test_transparent_pictures_move_on_white(workspace: Space, tmp_path: Path) -> None:
    clear = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    dot = clear.copy()
    dot.paste((255, 0, 0, 255), (0, 0, 16, 16))
    path = tmp_path / "a.webp"
    clear.save(path, save_all=True, append_images=[dot], duration=100, loop=1, lossless=True)

    facts, space = taken_in(path, workspace)

    assert facts.source.duration_ms == 200
    with Image.open(space.kept[facts.thumbnail_key]) as thumbnail:
        assert min(thumbnail.getpixel((128, 128))) > 250


def test_what_broke_off_moves_as_far_as_it_goes(
    oddity: Oddity, workspace: Space, tmp_path: Path
) -> None:
    whole = oddity("animated.gif").read_bytes()
    path = tmp_path / "cut.gif"
    path.write_bytes(whole[: len(whole) * 4 // 5])

    facts, space = taken_in(path, workspace)

    assert facts.note is not None
    assert facts.note.endswith("breaks off after 2 of its 3 pictures")
    assert {clip_id for _, clip_id in _shown(space.kept[MOVIE])} == {
        IDS["animated.gif"],
        MOVING_ON[0],
    }


def _repeat(path: Path, pictures: int) -> None:
    """A GIF of 64 × 48 that paints one pixel, the same again and again."""
    picture = b"!\xf9\x04\0\5\0\0\0" + b"," + bytes(4) + b"\1\0\1\0\0" + b"\2\2D\1\0"
    head = b"GIF89a\x40\0\x30\0\x80\0\0\0\0\0\xff\xff\xff"
    path.write_bytes(head + picture * pictures + b";")


def _too_many(path: Path) -> None:
    _repeat(path, 10_000)


def _too_long(path: Path) -> None:
    drawn(path, *([1, 2] * 5), duration=65_000)


def _too_wide(path: Path) -> None:
    """A WebP of a few bytes that asks for a canvas of 16,383 × 16,383."""
    canvas = (16_382).to_bytes(3, "little") * 2
    body = b"WEBP" + chunk(b"VP8X", b"\2\0\0\0" + canvas) + chunk(b"ANIM", bytes(6))
    path.write_bytes(b"RIFF" + len(body).to_bytes(4, "little") + body)


@pytest.mark.parametrize(
    ("name", "make", "code"),
    [
        ("many.gif", _too_many, "animation_too_large"),
        ("long.gif", _too_long, "clip_too_long"),
        ("wide.webp", _too_wide, "too_many_pixels"),
    ],
)
def test_an_animation_that_is_too_much_is_refused_with_the_limit(
    workspace: Space, tmp_path: Path, name: str, make: Callable[[Path], None], code: str
) -> None:
    make(tmp_path / name)

    with pytest.raises(LimitReached, match=name) as refused:
        taken_in(tmp_path / name, workspace)

    assert refused.value.code == code


def test_an_animation_that_cannot_be_decoded_at_all_is_refused(
    oddity: Oddity, workspace: Space, tmp_path: Path
) -> None:
    path = tmp_path / "cut.gif"
    path.write_bytes(oddity("animated.gif").read_bytes()[:900])

    with pytest.raises(MediaRejected, match=r"cut\.gif"):
        taken_in(path, workspace)


def _shown(movie: Path) -> list[tuple[int, int]]:
    """When in the first 1.2 s another picture begins, in ms, and which."""
    start = ffmpeg("-t", "1.2", "-i", movie, "-c", "copy", "-f", "nut", "pipe:1")
    cut = movie.with_name("start.nut")
    cut.write_bytes(start)
    listed = ("-show_entries", "packet=pts_time", "-of", "csv=p=0", cut)
    said = subprocess.run(["ffprobe", "-v", "error", *listed], capture_output=True, check=True)
    times = [round(1000 * float(time.strip(","))) for time in said.stdout.decode().split()]
    seen = zip(times, (code and code.clip_id for code in read_codes(cut)), strict=True)
    changes = (next(run) for _, run in groupby(seen, key=lambda at: at[1]))
    return [(at, clip_id or -1) for at, clip_id in changes]
