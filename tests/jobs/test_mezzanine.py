"""Parts of a clip coded anew: the same pictures at the same times."""

from collections.abc import Callable
from pathlib import Path

from beatstitch.ffmpeg.written import written
from beatstitch.jobs.media_processing.args import Ticket
from beatstitch.jobs.media_processing.handler import run as take_in
from beatstitch.jobs.mezzanine.handler import run
from beatstitch.jobs.render_chunk.handler import run as render
from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.mezzanine import MezzanineOrder, Part, standing_in
from beatstitch.render.order import ChunkOrder
from beatstitch.render.profile import final
from beatstitch.timeline.settings import read_settings
from beatstitch.workspace import Workspace
from footage import ffmpeg, read_codes

Space = Callable[..., Workspace]
LOOK = final(read_settings({"output_width": 320, "output_height": 180, "output_fps": 30}))


def test_a_chunk_from_a_mezzanine_shows_the_frames_of_the_clip(
    oddity: Callable[[str], Path], workspace: Space, tmp_path: Path
) -> None:
    path = oddity("one_gop.mp4")
    source = take_in(Ticket("id", path.name, "given", "sha", "media"), workspace(given=path)).source
    order = MezzanineOrder(
        source, (Part(2_000_000, 3_000_000), Part(7_000_000, 8_500_000)), "mezzanine.mov"
    )
    (tmp_path / "made").mkdir()
    reached: list[int] = []
    space = Workspace(
        tmp_path / "made", {"given": path}, lambda percent, *_: reached.append(percent)
    )

    made = run(order, space)

    assert reached == sorted(reached) and reached[-1] >= 80  # of the way to the last part's end
    mezzanine = space.kept["mezzanine.mov"]
    assert made.size_bytes == mezzanine.stat().st_size
    frames = [code and code.frame for code in read_codes(mezzanine)]
    assert frames == [0, *range(60, 91), *range(210, 256)]
    (tmp_path / "chunk").mkdir()
    space = Workspace(tmp_path / "chunk", {"mezzanine.mov": mezzanine}, lambda *_: None)
    layer = Layer(source, start_us=7_500_000)
    chunk = ChunkOrder(Chunk((Piece(0, 12, (layer,)),)), LOOK, "film", "proof")
    render(standing_in(chunk, {"given": order}), space)
    shown = [code and code.frame for code in read_codes(space.kept["film"])]
    assert shown == list(range(225, 237))


def test_a_clip_of_an_odd_size_is_coded_anew_as_well(workspace: Space, tmp_path: Path) -> None:
    path = tmp_path / "odd.mp4"
    moving = ("-f", "lavfi", "-i", "testsrc=size=161x91:rate=10:duration=3")
    ffmpeg(*moving, "-pix_fmt", "yuv420p", "-c:v", "mpeg4", "-g", "600", path)
    source = take_in(Ticket("id", path.name, "given", "sha", "media"), workspace(given=path)).source
    order = MezzanineOrder(source, (Part(1_000_000, 2_000_000),), "mezzanine.mov")
    (tmp_path / "made").mkdir()
    space = Workspace(tmp_path / "made", {"given": path}, lambda *_: None)

    made = run(order, space)

    assert (source.width, source.height) == (161, 91)
    picture = written(space.kept["mezzanine.mov"]).picture
    assert made.size_bytes > 0
    assert len(picture.packets) == 1 + 11
