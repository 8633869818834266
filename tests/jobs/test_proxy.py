"""Proxies show the clip's own frames at their own times; looks tell what was painted."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from beatstitch.ffmpeg.probe import probe
from beatstitch.ffmpeg.sniff import MP4
from beatstitch.jobs.media_processing.args import Ticket as Taking
from beatstitch.jobs.media_processing.handler import run as take_in
from beatstitch.jobs.proxy import looks
from beatstitch.jobs.proxy.args import Made, Ticket
from beatstitch.jobs.proxy.handler import run
from beatstitch.jobs.render_chunk.handler import run as render
from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.order import ChunkOrder
from beatstitch.render.profile import preview
from beatstitch.timeline.settings import read_settings
from beatstitch.workspace import Workspace
from footage import coded_clip, ffmpeg, read_codes

Space = Callable[..., Workspace]


def made(path: Path, workspace: Space) -> tuple[Made, Workspace]:
    """What became of a medium that was taken in, and what was kept."""
    taken = workspace(given=path)
    source = take_in(Taking("m", path.name, "given", "sha", "media"), taken).source
    file = taken.kept.get(source.key, path)
    space = Workspace(taken.scratch / "proxy", {source.key: file}, lambda *_: None)
    space.scratch.mkdir()
    result = run(Ticket(source, "p"), space)
    assert result is not None
    return result, space


def times_s(path: Path) -> list[float]:
    """When each frame is shown."""
    said = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time",
         "-of", "json", path],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    return sorted(float(packet["pts_time"]) for packet in json.loads(said)["packets"])


@pytest.mark.parametrize("rate", ["30", "24000/1001", "50"])
def test_a_proxy_has_the_frames_and_times_of_its_clip(
    workspace: Space, tmp_path: Path, rate: str
) -> None:
    clip = tmp_path / "c.mp4"
    coded_clip(clip, 5, frames=40, size=(1280, 720), fps=rate)

    result, space = made(clip, workspace)

    assert result.proxy is not None
    proxy = space.kept[result.proxy.key]
    assert (result.proxy.width, result.proxy.height) == (640, 360)
    assert read_codes(proxy) == read_codes(clip)
    assert times_s(proxy) == pytest.approx(times_s(clip), abs=1e-4)


def test_a_proxy_can_be_opened_without_a_look_at_its_pictures(
    workspace: Space, tmp_path: Path
) -> None:
    result, space = made(coded_clip(tmp_path / "c.mp4", 5), workspace)

    assert result.proxy is not None and result.proxy.is_known_at_once
    picture = probe(space.kept[result.proxy.key], MP4).video
    assert picture is not None and picture.tells_order and picture.begins_us == 0


@pytest.mark.parametrize(("rate", "step"), [("60000/1001", 2), ("120", 4)])
def test_a_proxy_has_as_many_of_a_clips_pictures_as_a_preview_shows(
    workspace: Space, tmp_path: Path, rate: str, step: int
) -> None:
    clip = tmp_path / "c.mp4"
    coded_clip(clip, 5, frames=41, fps=rate)

    result, space = made(clip, workspace)

    assert result.proxy is not None
    proxy = space.kept[result.proxy.key]
    assert read_codes(proxy) == read_codes(clip)[::step]
    assert times_s(proxy) == pytest.approx(times_s(clip)[::step], abs=1e-4)


@pytest.mark.parametrize("first", [0, 1])
def test_a_preview_shows_a_fast_clip_to_its_end(
    workspace: Space, tmp_path: Path, first: int
) -> None:
    clip, settings = tmp_path / "c.mp4", read_settings({"output_fps": 30})
    coded_clip(clip, 5, frames=60 + first, fps="60")
    result, space = made(clip, workspace)
    assert result.proxy is not None
    piece = Piece(0, 30, (Layer(result.proxy, first * 1_000_000 // 60),))
    order = ChunkOrder(Chunk((piece,)), preview(settings), "film", "proof")

    shown = Workspace(tmp_path, {result.proxy.key: space.kept[result.proxy.key]}, lambda *_: None)
    render(order, shown)

    seen = [code.frame for code in read_codes(shown.kept["film"]) if code]
    assert len(seen) == 30
    assert all(abs(place - first - 2 * number) <= 1 for number, place in enumerate(seen))


def test_a_proxy_that_is_doubted_is_made_anew_only_if_it_was_changed(
    clips: tuple[Path, ...], workspace: Space
) -> None:
    first, space = made(clips[0], workspace)
    assert first.proxy is not None
    file = space.kept[first.proxy.key]
    damaged = file.with_name("damaged.mp4")
    damaged.write_bytes(bytes(file.stat().st_size))
    source = replace(first.proxy, key="clip")
    doubted = Ticket(source, "p", doubted=first.proxy)

    sound, anew = (
        run(doubted, replace(space, inputs={"clip": clips[0], first.proxy.key: there}, kept={}))
        for there in (file, damaged)
    )

    assert sound is None
    assert anew is not None and anew.filmstrip_key == first.filmstrip_key


def test_where_a_clip_is_damaged_is_known_when_its_proxy_is_made(
    workspace: Space, tmp_path: Path, damaged_clip: Path
) -> None:
    result, _ = made(damaged_clip, workspace)

    ((start_ms, end_ms),) = result.damaged_ms
    assert 2000 <= start_ms < 2200 and end_ms == 3000


def test_frames_of_a_variable_rate_keep_their_times(workspace: Space, tmp_path: Path) -> None:
    steady, clip = tmp_path / "s.mp4", tmp_path / "c.mp4"
    coded_clip(steady, 6, frames=60)
    drop = "select='not(between(n,10,25))+eq(mod(n,3),0)',scale=640:360"
    ffmpeg("-i", steady, "-vf", drop, "-vsync", "vfr", "-c:v", "libx264", "-crf", "12", clip)

    result, space = made(clip, workspace)

    assert result.proxy is not None
    first = times_s(clip)[0]
    wanted = [at - first for at in times_s(clip)]
    assert times_s(space.kept[result.proxy.key]) == pytest.approx(wanted, abs=1e-3)


def test_a_turned_clip_is_upright_in_its_proxy(
    workspace: Space, oddity: Callable[[str], Path]
) -> None:
    result, space = made(oddity("turned.mp4"), workspace)

    assert result.proxy is not None and result.proxy.start_us == 0
    assert result.proxy.height > result.proxy.width
    assert times_s(space.kept[result.proxy.key])[0] == 0


def test_a_filmstrip_shows_the_clip_from_its_start_to_its_end(
    workspace: Space, tmp_path: Path
) -> None:
    clip = tmp_path / "c.mp4"
    halves = "color=red:s=320x180:d=2[a];color=blue:s=320x180:d=2[b];[a][b]concat"
    ffmpeg("-f", "lavfi", "-i", halves, "-c:v", "libx264", clip)

    result, space = made(clip, workspace)

    assert result.filmstrip_key is not None
    with Image.open(space.kept[result.filmstrip_key]) as strip:
        assert strip.size == (1600, 90)
        first, last = (
            strip.convert("RGB").getpixel((80, 45)),
            strip.convert("RGB").getpixel((1520, 45)),
        )
    assert first[0] > 200 > 60 > first[2] and last[2] > 200 > 60 > last[0]
    assert result.looks.scenes_ms == (2000,)


def test_a_photo_gets_a_small_copy_and_a_small_one_none(workspace: Space, tmp_path: Path) -> None:
    large, small = tmp_path / "l.jpg", tmp_path / "s.jpg"
    Image.new("RGB", (3000, 2000), "orange").save(large)
    Image.new("RGB", (600, 400), "orange").save(small)

    proxy = made(large, workspace)[0].proxy

    assert proxy is not None and (proxy.width, proxy.height) == (1280, 853)


def test_a_small_photo_is_its_own_proxy(workspace: Space, tmp_path: Path) -> None:
    small = tmp_path / "s.jpg"
    Image.new("RGB", (600, 400), "orange").save(small)

    result, _ = made(small, workspace)

    assert result.proxy is None
    assert result.looks.brightness == pytest.approx(0.68, abs=0.02)


def test_blur_is_told_from_focus(workspace: Space, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (90, 160), np.uint8)
    sharp = Image.fromarray(noise).resize((1280, 720), Image.Resampling.NEAREST)
    blurred = sharp.filter(ImageFilter.GaussianBlur(24))

    seen = [
        looks.of_stills(np.asarray(image.resize((320, 180), Image.Resampling.BOX))[None])
        for image in (sharp, blurred)
    ]

    assert seen[0].sharpness > 0.5 and seen[1].sharpness < 0.2


def test_a_pan_is_motion_and_no_change_of_scene() -> None:
    wall = np.random.default_rng(2).integers(0, 255, (36, 200), np.uint8)
    wall = np.repeat(np.repeat(wall, 1, 0), 4, 1)
    glances = np.stack([wall[:, place : place + 64] for place in range(0, 120, 2)])
    still = np.repeat(glances[:1], 60, 0)

    pan = looks.of_clip(glances, 10, np.zeros((0, 180, 320), np.uint8))
    rest = looks.of_clip(still, 10, np.zeros((0, 180, 320), np.uint8))

    assert pan.scenes_ms == rest.scenes_ms == ()
    assert pan.motion > 0.5 and rest.motion == 0
