"""A film is joined of its chunks frame by frame, however many there are."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from beatstitch.ffmpeg.run import Limits, Source, run
from beatstitch.ffmpeg.written import written
from beatstitch.render.command import JOIN_INPUT, join_list, join_options
from beatstitch.render.profile import final
from beatstitch.timeline.settings import read_settings
from footage import ffmpeg

CHUNKS = 120


@pytest.mark.parametrize(("fps", "frames"), [(59.94, 7), (30, 8), (24, 5)])
def test_a_thousandth_frame_lies_where_it_should_as_the_first_does(
    fps: float, frames: int, tmp_path: Path
) -> None:
    look = final(read_settings({"output_fps": fps, "output_width": 64, "output_height": 64}))
    scale = str(look.timescale)
    chunk, song, film = (tmp_path / name for name in ("chunk.mp4", "song.mp4", "film.mp4"))
    ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc=size=64x64:rate={look.frame_rate}"),
        *("-frames:v", frames, "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2"),
        *("-video_track_timescale", scale, "-movie_timescale", scale, chunk),
    )
    ffmpeg("-f", "lavfi", "-i", "anullsrc", "-t", "1", "-c:a", "aac", song)
    folder = tmp_path / "parts"
    folder.mkdir()
    parts = [folder / f"{number:05}.mp4" for number in range(CHUNKS)]
    for part in parts:
        part.hardlink_to(chunk)
    script = folder / "film.ffconcat"
    script.write_text(join_list([(part.name, frames) for part in parts], look.frame_rate))

    run(
        [Source(script, "concat", JOIN_INPUT, parts=tuple(parts)), Source(song, "mov")],
        (*join_options(look), str(film)),
        [film],
        limits=Limits(timeout_s=60),
    )

    assert sorted(written(film).picture.frames(look.frame_rate)) == [*range(CHUNKS * frames)]
    lengths = [Fraction(said) for said in re.findall(r"^duration (.+)$", script.read_text(), re.M)]
    assert abs(sum(lengths) - CHUNKS * frames / look.frame_rate) < Fraction(1, 1_000_000)
