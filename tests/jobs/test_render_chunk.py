"""A chunk is what was planned, whatever goes into it: proved by its handler, and looked at here."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from beatstitch.jobs.media_processing.args import Ticket
from beatstitch.jobs.media_processing.handler import run as take_in
from beatstitch.jobs.render_chunk.handler import run
from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.command import chunk_command
from beatstitch.render.filters import DIMMED
from beatstitch.render.order import ChunkOrder
from beatstitch.render.profile import Profile, final
from beatstitch.render.proof import ChunkUnfit
from beatstitch.render.source import Source
from beatstitch.render.target import Codec, Target
from beatstitch.timeline.edl import KenBurns
from beatstitch.timeline.settings import Fit, TransitionType, read_settings
from beatstitch.workspace import Workspace
from footage import ENCODERS, coded_clip, ffmpeg, read_codes

Space = Callable[..., Workspace]
ZOOM = KenBurns(True, 1.0, 1.12, 0.5, 0.5, 0.62, 0.42)
SLIVER = np.array((200.0, 120.0, 40.0))


def profile(fit: str, size: tuple[int, int] = (320, 180), fps: float = 30) -> Profile:
    """A final of that shape."""
    width, height = size
    return final(
        read_settings(
            {"fit": fit, "output_width": width, "output_height": height, "output_fps": fps}
        )
    )


def source(path: Path, workspace: Space) -> tuple[Source, Path]:
    """A medium as it was taken in, and the file that FFmpeg reads."""
    space = workspace(given=path)
    found = take_in(Ticket(path.name, path.name, "given", "sha", "media"), space).source
    return found, space.kept.get(found.key, path)


def rendered(chunk: Chunk, look: Profile, files: dict[str, Path], scratch: Path) -> Path:
    """The chunk's film, after its handler has proved it."""
    scratch.mkdir()
    space = Workspace(scratch, files, lambda *_: None)
    run(ChunkOrder(chunk, look, "film", "proof"), space)
    return space.kept["film"]


def colours(film: Path, width: int, height: int) -> NDArray[np.int16]:
    """The first frame as RGB."""
    raw = ffmpeg("-i", film, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    return np.frombuffer(raw, np.uint8).reshape(height, width, 3).astype(np.int16)


def share_of(colour: NDArray[np.float64], seen: NDArray[np.int16]) -> float:
    """Of how many pixels this is the colour."""
    return float(np.mean(np.abs(seen - colour).max(axis=2) <= 8))


@pytest.mark.parametrize("fit", ["cover", "blur"])
@pytest.mark.parametrize("size", [(320, 180), (180, 320)])
@pytest.mark.parametrize("name", ["one_pixel.png", "wide_sliver.png", "high_sliver.png"])
@pytest.mark.parametrize("move", [ZOOM, KenBurns(False)])
def test_a_photo_of_one_colour_fills_the_frame_with_it(
    oddity: Callable[[str], Path], workspace: Space, tmp_path: Path,
    name: str, size: tuple[int, int], fit: Fit, move: KenBurns,
) -> None:  # fmt: skip
    photo, file = source(oddity(name), workspace)
    chunk = Chunk((Piece(0, 4, (Layer(photo, ken_burns=move, move_frames=4),), cut_frame=0),))

    film = rendered(chunk, profile(fit, size), {photo.key: file}, tmp_path / "chunk")

    seen = colours(film, *size)
    if fit == "cover":
        assert share_of(SLIVER, seen) == 1
    else:  # all but the edges between
        assert share_of(SLIVER, seen) + share_of(SLIVER * float(DIMMED), seen) > 0.95


@pytest.mark.parametrize("transition", get_args(TransitionType)[1:])
@pytest.mark.parametrize(
    ("fit", "size", "fps"),
    [("cover", (320, 180), 23.976), ("contain", (180, 320), 60), ("blur", (180, 180), 59.94)],
)
def test_every_transition_leads_from_the_first_to_the_second_at_any_shape_and_rate(
    clips: tuple[Path, ...], photos: tuple[Path, ...], workspace: Space, tmp_path: Path,
    transition: TransitionType, fit: Fit, size: tuple[int, int], fps: float,
) -> None:  # fmt: skip
    clip, clip_file = Source("c", "c", "c", "video", "mov", 640, 360, duration_ms=3000), clips[0]
    photo, photo_file = source(photos[3], workspace)
    still = Layer(photo, ken_burns=ZOOM, move_frames=20)
    chunk = Chunk(
        (
            Piece(0, 5, (Layer(clip),), cut_frame=0),
            Piece(5, 10, (Layer(clip), still), transition, cut_frame=5),
            Piece(15, 5, (Layer(photo, ken_burns=ZOOM, move_frame=10, move_frames=20),)),
        )
    )

    film = rendered(
        chunk, profile(fit, size, fps), {"c": clip_file, photo.key: photo_file}, tmp_path / "chunk"
    )

    codes = read_codes(film)
    assert [code and code.clip_id for code in (*codes[:5], *codes[15:])] == [1] * 5 + [14] * 5


def test_a_clip_that_is_opened_once_shows_the_frames_of_each_of_its_pieces(
    clips: tuple[Path, ...], tmp_path: Path
) -> None:
    clip = Source("c", "c", "c", "video", "mov", 640, 360, duration_ms=3000)
    other = Source("d", "d", "d", "video", "mov", 640, 360, duration_ms=3000)
    first = [Layer(clip, start_us=500_000), Layer(clip, start_us=700_000)]
    second = [Layer(other, start_us=1_000_000), Layer(other, start_us=1_200_000)]
    again = Layer(clip, start_us=900_000)
    chunk = Chunk(
        (
            Piece(0, 6, (first[0],), cut_frame=0),
            Piece(6, 6, (first[1], second[0]), "slide_left", cut_frame=3),
            Piece(12, 6, (second[1],)),
            Piece(18, 6, (again,), cut_frame=0),
        )
    )

    film = rendered(chunk, profile("cover"), {"c": clips[0], "d": clips[1]}, tmp_path / "chunk")

    codes = read_codes(film)
    rate = 30
    assert len(chunk_command(chunk, profile("cover")).inputs) == 2
    assert [code and code.frame - codes[0].frame for code in codes[:6] if codes[0]] == [*range(6)]
    assert [code and code.frame for code in (*codes[12:18], *codes[18:])] == [
        *range(round(1.2 * rate), round(1.2 * rate) + 6),
        *range(round(0.9 * rate), round(0.9 * rate) + 6),
    ]


def test_a_photo_before_its_blurred_copy_has_no_colour_of_its_own(
    oddity: Callable[[str], Path], workspace: Space, tmp_path: Path
) -> None:
    photo, file = source(oddity("one_pixel.png"), workspace)
    chunk = Chunk((Piece(0, 2, (Layer(photo),), cut_frame=0),))

    film = rendered(chunk, profile("blur", (64, 2000)), {photo.key: file}, tmp_path / "chunk")

    seen = colours(film, 64, 2000)
    assert np.abs(seen[1000, 32] - SLIVER).max() <= 8
    assert np.abs(seen[5, 32] - SLIVER * float(DIMMED)).max() <= 8


@pytest.mark.parametrize(
    ("name", "fps", "frames", "wanted"),
    [
        ("long_gop.ts", "30", 90, [1, 2, 3, 45, 46, 47]),
        ("refreshed.ts", "30", 90, [1, 2, 3, 45, 46, 47]),
        ("refreshed.mp4", "30", 90, [1, 2, 3, 45, 46, 47]),
        ("reordered.avi", "30", 90, [1, 2, 3, 45, 46, 47]),
        ("after_its_sound.ts", "30", 90, [1, 2, 3, 45, 46, 47]),
        ("slides.mp4", "1/2", 2, [0] * 6),
        ("slow.mkv", "2/3", 3, [0, 0, 0, 1, 1, 1]),
    ],
)
def test_a_clip_is_shown_from_where_it_was_meant_to_be(
    workspace: Space, tmp_path: Path, name: str, fps: str, frames: int, wanted: list[int]
) -> None:
    gop = "intra-refresh=1:keyint=30" if "refreshed" in name else "keyint=250:scenecut=0"
    encoder = (*ENCODERS[".mp4"], "-x264-params", gop)
    clip = coded_clip(
        tmp_path / name, 7, frames=frames, fps=fps, size=(320, 180), encoder=encoder,
        filters="setpts=PTS+1/TB" if "sound" in name else "", has_sound="sound" in name,
    )  # fmt: skip
    found, path = source(clip, workspace)
    near, far = (Layer(found, start_us=found.start_us + at_us) for at_us in (33_334, 1_500_000))
    chunk = Chunk((Piece(0, 3, (near,)), Piece(3, 3, (far,))))

    film = rendered(chunk, profile("cover"), {found.key: path}, tmp_path / "chunk")

    assert [code and code.frame for code in read_codes(film)] == wanted


@pytest.mark.parametrize("field_order", ["progressive", "tt"])
def test_a_clip_that_begins_between_two_pictures_shows_each_for_its_time(
    workspace: Space, tmp_path: Path, field_order: str
) -> None:
    is_interlaced = field_order == "tt"
    tags = ("-flags", "+ildct+ilme", "-top", "1", "-field_order", "tt") if is_interlaced else ()
    encoder = (*ENCODERS[".mp4"], "-x264-params", "keyint=30:scenecut=0", *tags)
    clip = coded_clip(tmp_path / "clip.mp4", 7, frames=60, size=(320, 180), encoder=encoder)
    found, path = source(clip, workspace)
    shown = {
        (1_000_300, Fraction(1)): [30, 31, 32, 33, 34, 35],
        (1_010_000, Fraction(1)): [30, 31, 32, 33, 34, 35],
        (1_025_000, Fraction(1)): [31, 32, 33, 34, 35, 36],
        (1_005_000, Fraction(1, 4)): [30, 30, 30, 31, 31, 31],
    }
    layers = [Layer(found, start_us=start_us, speed=speed) for start_us, speed in shown]
    chunk = Chunk(tuple(Piece(6 * place, 6, (layer,)) for place, layer in enumerate(layers)))

    film = rendered(chunk, profile("cover"), {found.key: path}, tmp_path / "chunk")

    assert found.is_interlaced == is_interlaced
    wanted = [frame for frames in shown.values() for frame in frames]
    assert [code and code.frame for code in read_codes(film)] == wanted


def test_a_clip_without_a_single_picture_left_comes_short(
    clips: tuple[Path, ...], workspace: Space, tmp_path: Path
) -> None:
    found, path = source(clips[0], workspace)
    beyond = Layer(found, start_us=60_000_000)

    with pytest.raises(ChunkUnfit) as unfit:
        rendered(
            Chunk((Piece(0, 6, (beyond,)),)), profile("cover"), {found.key: path}, tmp_path / "c"
        )

    assert unfit.value.short_of == 6


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_no_second_of_a_film_exceeds_its_cap(
    workspace: Space, tmp_path: Path, codec: Codec
) -> None:
    clip, cap_kbps = tmp_path / "noise.mp4", 400
    # It comes and goes: a buffer that has filled up meanwhile empties at once.
    noise = "noise=alls=60:allf=t:enable='gt(mod(t,1.4),0.7)'"
    grey = ("-f", "lavfi", "-i", "color=gray:s=160x90:r=30:d=3")
    ffmpeg(*grey, "-vf", noise, "-c:v", "libx264", "-qp", "6", "-preset", "ultrafast", clip)
    found, file = source(clip, workspace)
    settings = read_settings({"output_width": 160, "output_height": 90})
    look = replace(final(settings, Target(codec=codec)), max_bitrate_kbps=cap_kbps)

    bits: list[int] = []
    for number, start_us in enumerate((0, 1_400_000)):
        chunk = Chunk((Piece(0, 42, (Layer(found, start_us=start_us),), cut_frame=0),))
        film = rendered(chunk, look, {found.key: file}, tmp_path / f"{number}")
        bits += [8 * size for size in packet_bytes(film)]

    seconds = np.convolve(bits, np.ones(30), "valid") / 1000
    assert 0.4 * cap_kbps <= seconds.max() <= cap_kbps


def packet_bytes(film: Path) -> list[int]:
    """How large each packet of the picture is, in order."""
    said = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=size",
         "-of", "csv=p=0", film],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return [int(line.strip(",")) for line in said.split()]
