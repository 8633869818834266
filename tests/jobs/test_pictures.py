"""What a chunk looks like, in its pixels: the middle of a transition is its cut, the camera doesn't
shake, the beat shows, and what is missing is never covered up."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from beatstitch.jobs.render_chunk.handler import run
from beatstitch.render.beat_effects import Flash
from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.order import ChunkOrder
from beatstitch.render.profile import final
from beatstitch.render.proof import ChunkUnfit
from beatstitch.render.source import Source
from beatstitch.timeline.edl import KenBurns
from beatstitch.timeline.settings import TransitionType, read_settings
from beatstitch.workspace import Workspace
from footage import ffmpeg

Frames = NDArray[np.float64]
WIDTH, HEIGHT = 640, 360
TRANSITIONS = get_args(TransitionType)[1:]


def photo(path: Path, image: Image.Image) -> Source:
    """A picture as it is taken in."""
    image.save(path, quality=95, subsampling=0)
    return Source(path.stem, str(path), path.stem, "image", "jpeg_pipe", *image.size)


def plain(folder: Path, grey: int) -> Source:
    """A photo of one grey."""
    return photo(folder / f"{grey}.jpg", Image.new("L", (WIDTH, HEIGHT), grey).convert("RGB"))


def shown(piece: Piece, scratch: Path, fps: float = 30) -> Frames:
    """The luma of the piece's frames, as a film."""
    scratch.mkdir(parents=True, exist_ok=True)
    settings = {"output_width": WIDTH, "output_height": HEIGHT, "output_fps": fps}
    order = ChunkOrder(Chunk((piece,)), final(read_settings(settings)), "film", "proof")
    files = {layer.source.key: Path(layer.source.key) for layer in piece.layers}
    space = Workspace(scratch, files, lambda *_: None)
    run(order, space)
    raw = ffmpeg("-i", space.kept["film"], "-f", "rawvideo", "-pix_fmt", "gray", "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT, WIDTH).astype(np.float64)


@pytest.mark.parametrize("kind", [k for k in TRANSITIONS if not k.startswith("fade")])
def test_the_middle_of_a_transition_is_its_cut(tmp_path: Path, kind: TransitionType) -> None:
    dark, light = Layer(plain(tmp_path, 40)), Layer(plain(tmp_path, 200))

    frames = shown(Piece(0, 20, (dark, light), kind, 10), tmp_path / "chunk").mean(axis=(1, 2))

    assert abs(frames[0] - 40) < 3
    assert np.all(np.diff(frames) > -2)
    assert abs(frames[10] - (40 + 200) / 2) < 5


@pytest.mark.parametrize("kind", ["slide_left", "slide_right"])
def test_a_slide_keeps_to_its_way_within_a_pixel(tmp_path: Path, kind: TransitionType) -> None:
    dark, light = Layer(plain(tmp_path, 40)), Layer(plain(tmp_path, 200))

    frames = shown(Piece(0, 20, (dark, light), kind, 10), tmp_path / "chunk")

    slid = (frames > 120).mean(axis=(1, 2)) * WIDTH
    share = np.arange(20) / 20
    assert np.abs(slid - share**2 * (3 - 2 * share) * WIDTH).max() <= 1.05


@pytest.mark.parametrize("kind", TRANSITIONS)
@pytest.mark.parametrize("place", [0, 1])
def test_a_clip_that_breaks_off_in_a_transition_is_missed(
    tmp_path: Path, clips: tuple[Path, ...], kind: TransitionType, place: int
) -> None:
    clip = Source("c", str(clips[0]), "c", "video", "mov", 640, 360, duration_ms=2000)
    layers = [Layer(plain(tmp_path, 40)), Layer(plain(tmp_path, 200))]
    # All but a few frames of it lie behind.
    layers[place] = Layer(clip, start_us=clip_end_us(clips[0]) - 150_000)

    with pytest.raises(ChunkUnfit) as unfit:
        shown(Piece(0, 40, tuple(layers), kind, 20), tmp_path / "chunk")

    assert unfit.value.short_of > 0


def clip_end_us(path: Path) -> int:
    """How long a clip lasts."""
    said = ffmpeg("-i", path, "-map", "0:v", "-c", "copy", "-f", "framehash", "-")
    return len([line for line in said.splitlines() if not line.startswith(b"#")]) * 1_000_000 // 30


def test_a_flash_whitens_its_frame_and_fades(tmp_path: Path) -> None:
    piece = Piece(0, 20, (Layer(plain(tmp_path, 60)),), cut_frame=0, flashes=(Flash(5, 0.5),))

    frames = shown(piece, tmp_path / "chunk").mean(axis=(1, 2))

    calm = frames[0]
    assert np.abs(frames[:5] - calm).max() < 2 and np.abs(frames[12:] - calm).max() < 2
    assert abs(frames[5] - (calm + 255) / 2) < 6
    assert np.all(np.diff(frames[5:12]) < 1)


def test_a_flash_makes_a_bright_picture_no_darker(tmp_path: Path) -> None:
    piece = Piece(0, 16, (Layer(plain(tmp_path, 220)),), cut_frame=0, flashes=(Flash(4, 0.5),))

    frames = shown(piece, tmp_path / "chunk").mean(axis=(1, 2))

    share = np.array([0.5 * max(0, 1 - since / 7) ** 2 for since in range(7)])
    assert np.abs(frames[4:11] - (frames[0] + share * (255 - frames[0]))).max() < 1.5


def test_a_pulse_comes_closer_on_the_beat_and_goes_back(tmp_path: Path) -> None:
    ring = Image.new("RGB", (WIDTH, HEIGHT), (40, 40, 40))
    ring.paste((200, 200, 200), (WIDTH // 4, HEIGHT // 4, 3 * WIDTH // 4, 3 * HEIGHT // 4))
    layer = Layer(photo(tmp_path / "ring.jpg", ring), pulse=0.2, beat_frames=(4,))

    frames = shown(Piece(0, 20, (layer,), cut_frame=0), tmp_path / "chunk")

    large = (frames > 128).mean(axis=(1, 2))
    assert abs(large[4] / large[0] - 1.2**2) < 0.03
    assert abs(large[3] / large[0] - 1) < 0.01 and abs(large[19] / large[0] - 1) < 0.01


def test_a_camera_works_in_a_folder_of_any_name(tmp_path: Path) -> None:
    layer = Layer(plain(tmp_path, 90), ken_burns=KenBurns(True, 1.0, 1.2), move_frames=4)

    frames = shown(Piece(0, 4, (layer,), cut_frame=0), tmp_path / "it's [a], b:c; d\\e = 100 %")

    assert len(frames) == 4


NEARER = KenBurns(True, 1.0, 1.12, 0.5, 0.5, 0.62, 0.42)


@pytest.mark.parametrize(
    ("move", "size"),
    [
        (NEARER, (1280, 720)),
        (KenBurns(True, 1.3, 1.3, 0.0, 0.5, 1.0, 0.5), (1280, 720)),
        (NEARER, (1920, 320)),
        (NEARER, (320, 1920)),
    ],
)
def test_a_camera_shakes_by_less_than_a_tenth_of_a_pixel(
    tmp_path: Path, move: KenBurns, size: tuple[int, int]
) -> None:
    count = 45
    layer = Layer(_dots(tmp_path, *size), ken_burns=move, move_frames=count)

    frames = shown(Piece(0, count, (layer,), cut_frame=0), tmp_path / "chunk")

    tracks = np.array([_track(frames, start) for start in ((280, 150), (320, 200), (360, 230))])
    time = np.linspace(-1, 1, count)
    smooth = np.stack([time**power for power in range(4)], axis=1)
    for track in tracks:
        fitted, *_ = np.linalg.lstsq(smooth, track, rcond=None)
        assert np.sqrt(((track - smooth @ fitted) ** 2).mean()) < 0.1


def _dots(folder: Path, width: int, height: int) -> Source:
    """Soft dots, whose middle can be told to a hundredth of a pixel, 80 pixels of the film apart
    where the picture is shown whole."""
    apart = round(80 * max(width / WIDTH, height / HEIGHT))
    y, x = np.mgrid[0:height, 0:width]
    light = np.full((height, width), 30.0)
    for across in range(apart // 2, width, apart):
        for down in range(apart // 2, height, apart):
            away = (x - across) ** 2 + (y - down) ** 2
            light += 190 * np.exp(-away / (2 * (apart / 20) ** 2))
    grey = Image.fromarray(light.clip(0, 255).astype(np.uint8))
    return photo(folder / "dots.jpg", grey.convert("RGB"))


def _track(frames: Frames, start: tuple[int, int]) -> NDArray[np.float64]:
    """Where the dot that is nearest to `start` is in each frame."""
    left, top = start[0] - 50, start[1] - 50
    near = frames[0][top : top + 100, left : left + 100]
    x, y = left + float(near.argmax() % 100), top + float(near.argmax() // 100)
    found = []
    for frame in frames:
        for _ in range(6):
            left, top = round(x) - 15, round(y) - 15
            seen = np.maximum(frame[top : top + 31, left : left + 31] - 60, 0)
            ys, xs = np.mgrid[0:31, 0:31]
            x, y = left + (seen * xs).sum() / seen.sum(), top + (seen * ys).sum() / seen.sum()
        found.append((x, y))
    return np.array(found)
