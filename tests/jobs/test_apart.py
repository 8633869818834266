"""A chunk that takes too much for one process is the same chunk when several make it."""

from fractions import Fraction
from pathlib import Path

import pytest

from beatstitch.ffmpeg.command import run_command
from beatstitch.ffmpeg.run import Limits
from beatstitch.jobs.render_chunk.handler import run
from beatstitch.render import memory
from beatstitch.render.apart import commands
from beatstitch.render.beat_effects import Flash
from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.command import CHUNK_FILE, TINY_FILE, chunk_command
from beatstitch.render.order import ChunkOrder
from beatstitch.render.profile import final
from beatstitch.render.proof import ChunkUnfit
from beatstitch.render.source import Source
from beatstitch.render.target import Codec, Target
from beatstitch.timeline.edl import KenBurns
from beatstitch.timeline.settings import TransitionType, read_settings
from beatstitch.workspace import Workspace
from footage import ffmpeg

SMALL = {"output_width": 320, "output_height": 180, "output_fps": 29.97}
# More than any process may hold, of pictures as small as these.
MANY = 5000
HDR = Source(
    *("hdr", "hdr.mp4", "h", "video", "mov", 480, 270),
    duration_ms=1500,
    pixel_format="yuv420p10le",
    kept_pictures=MANY,
    color_space="bt2020nc",
    color_transfer="smpte2084",
    color_primaries="bt2020",
)
TALL = Source(
    *("tall", "tall.mp4", "t", "video", "mov", 270, 480),
    duration_ms=1500,
    pixel_format="yuv420p",
    kept_pictures=MANY,
)
PHOTO = Source("photo", "photo.jpg", "p", "image", "jpeg_pipe", 640, 480)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A clip in HDR, one that is upright and has another rate, and a photo, by key."""
    folder = tmp_path_factory.mktemp("apart")
    files = {source.key: folder / source.key for source in (HDR, TALL, PHOTO)}
    moving = ("-f", "lavfi", "-i", "testsrc2=s=480x270:r=30,noise=alls=8:allf=t", "-t", "1.5")
    tags = "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    x265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", tags)
    ffmpeg(*moving, *x265, "-pix_fmt", "yuv420p10le", files[HDR.key])
    other = ("-f", "lavfi", "-i", "testsrc=s=270x480:r=25", "-t", "1.5", "-pix_fmt", "yuv420p")
    ffmpeg(*other, "-c:v", "libx264", "-preset", "veryfast", files[TALL.key])
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=640x480", "-frames:v", "1", files[PHOTO.key])
    return files


def piece_of(kind: TransitionType, *sources: Source) -> Piece:
    """Twelve frames with all effects, from the middle of clips that run at a speed."""
    layers = [
        Layer(PHOTO, ken_burns=KenBurns(True, 1.0, 1.2), move_frames=12)
        if source is PHOTO
        else Layer(source, 400_000, Fraction(5, 4), pulse=0.1, beat_frames=(6,))
        for source in sources
    ]
    return Piece(30, 12, tuple(layers), kind, 6, (Flash(6, 0.5), Flash(7, 0.2)))


@pytest.mark.parametrize(
    ("piece", "codec", "limit_mb"),
    [
        (piece_of("cut", HDR), "h264", 300),
        (piece_of("wipe_left", HDR, TALL), "h264", 300),
        (piece_of("zoom", TALL, PHOTO), "h265", 0),
    ],
)
def test_what_several_processes_make_is_the_same_to_the_bit(
    media: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    piece: Piece,
    codec: Codec,
    limit_mb: int,
) -> None:
    monkeypatch.setattr(memory, "LIMIT_BYTES", limit_mb * memory.MB)
    monkeypatch.setattr(memory, "LARGE_LIMIT_BYTES", limit_mb * memory.MB)
    chunk, profile = Chunk((piece,)), final(read_settings(SMALL), Target(codec=codec))
    whole, apart = tmp_path / "whole", tmp_path / "apart"
    whole.mkdir()
    apart.mkdir()

    run_command(chunk_command(chunk, profile), media, whole, limits=Limits(60))
    run(ChunkOrder(chunk, profile, "film", "proof"), Workspace(apart, media, lambda *_: None))

    assert len(commands(chunk, profile)) > 1
    for file in (CHUNK_FILE, TINY_FILE):
        assert (apart / file).read_bytes() == (whole / file).read_bytes()


def test_a_clip_that_breaks_off_is_missed_however_many_processes_show_it(
    media: dict[str, Path], tmp_path: Path
) -> None:
    ends_early = Layer(HDR, 1_166_667)
    chunk, profile = Chunk((Piece(0, 12, (ends_early,), cut_frame=0),)), final(read_settings(SMALL))
    assert len(commands(chunk, profile)) > 1

    with pytest.raises(ChunkUnfit) as unfit:
        run(
            ChunkOrder(chunk, profile, "film", "proof"),
            Workspace(tmp_path, media, lambda *_: None),
        )

    # Ten are there, and one may be cloned.
    assert unfit.value.short_of == 1


def test_a_chunk_that_fits_into_one_process_is_made_by_one() -> None:
    chunk, profile = Chunk((Piece(0, 30, (Layer(PHOTO),)),)), final(read_settings({}))

    assert commands(chunk, profile) == (chunk_command(chunk, profile),)


def test_nobody_hears_of_frames_that_are_only_made_ready(
    media: dict[str, Path], tmp_path: Path
) -> None:
    heard: list[tuple[int, str, str]] = []
    chunk = Chunk((piece_of("wipe_left", HDR, TALL),))

    run(
        ChunkOrder(chunk, final(read_settings(SMALL)), "film", "proof"),
        Workspace(tmp_path, media, lambda *said: heard.append(said)),
    )

    percents = [percent for percent, _, _ in heard]
    assert percents == sorted(percents)
    assert {message for percent, _, message in heard if percent < 66} == {"Rendered 0 of 12 frames"}
