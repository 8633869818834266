"""Where a picture's subject is: found where a person was painted, and not where there is none."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from beatstitch.jobs.media_processing.args import Facts, Ticket
from beatstitch.jobs.media_processing.handler import run
from beatstitch.jobs.media_processing.subject import EXPECTED_AT, find
from beatstitch.render.camera import view
from beatstitch.timeline.edl import MIDDLE, Focus
from beatstitch.workspace import Workspace
from footage import ffmpeg
from people import SCENES, Person, head_box, painted

ASPECTS = [Fraction(*sides) for sides in ((16, 9), (9, 16), (1, 1), (4, 5))]
WIDE, TALL = (360, 240), (240, 360)
PLACES = [Person(x, y) for x in (0.2, 0.5, 0.8) for y in (0.35, 0.6)]


def keeps(focus: Focus | None, size: tuple[int, int], person: Person, aspect: Fraction) -> bool:
    """Whether a crop to that shape shows all of the head and the middle of the body."""
    x, y = (focus.x, focus.y) if focus else (0.5, 0.5)
    box = view(aspect, *size, 1.0, x, y)
    left, top, right, bottom = head_box(size, person)
    inside = box.x <= left and right <= box.x + box.width
    return inside and box.y <= top and max(bottom, person.y * size[1]) <= box.y + box.height


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("size", [WIDE, TALL], ids=["wide", "tall"])
def test_a_person_stays_in_every_shape_wherever_she_stands(
    scene: str, size: tuple[int, int]
) -> None:
    for seed, person in enumerate(PLACES):
        focus = find([painted(scene, size, person, seed)])

        missed = [aspect for aspect in ASPECTS if not keeps(focus, size, person, aspect)]
        assert not missed, (person, focus)


def test_where_nothing_is_there_is_no_subject_and_where_all_is_alike_it_is_in_the_middle() -> None:
    grain = np.random.default_rng(0).integers(0, 255, (240, 360, 3), np.uint8)
    blank = [Image.new("RGB", size, (90, 120, 60)) for size in ((360, 240), (1, 1), (4096, 1))]

    focus = find([Image.fromarray(grain)]) or MIDDLE

    assert [find([image]) for image in blank] == [None] * 3
    assert abs(focus.x - 0.5) < 0.06 and abs(focus.y - EXPECTED_AT.y) < 0.1


@settings(max_examples=30)
@given(st.integers(1, 130), st.integers(1, 130), st.integers(0, 9), st.integers(1, 3))
def test_a_subject_is_inside_of_any_picture(width: int, height: int, seed: int, few: int) -> None:
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (few, height, width, 3), np.uint8) * (seed > 2)
    pixels[:, : height // 2] = 255 * (seed % 2)

    focus = find([Image.fromarray(picture) for picture in pixels.astype(np.uint8)])

    assert focus is None or (0 <= focus.x <= 1 and 0 <= focus.y <= 1)


def test_a_mirrored_picture_has_its_subject_on_the_other_side() -> None:
    image = painted("street", WIDE, Person(0.3, 0.5))

    focus, mirrored = (
        find([im]) for im in (image, image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    )

    assert focus and mirrored
    assert abs(focus.x + mirrored.x - 1) < 0.03 and abs(focus.y - mirrored.y) < 0.03


def test_a_clip_has_one_subject_for_all_its_moments() -> None:
    moments = [painted("meadow", WIDE, Person(x, 0.5)) for x in (0.62, 0.68, 0.74)]

    focus = find(moments)

    assert focus and 0.6 < focus.x < 0.76


def test_a_photo_that_is_stored_lying_has_its_subject_where_it_is_when_upright(
    tmp_path: Path, workspace: Callable[..., Workspace]
) -> None:
    upright = painted("meadow", TALL, Person(0.25, 0.4))
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "lying.jpg", exif=exif)

    focus = taken_in(tmp_path / "lying.jpg", workspace).focus

    assert focus and abs(focus.x - 0.25) < 0.06 and abs(focus.y - 0.4) < 0.15


@pytest.mark.parametrize("is_turned", [False, True])
def test_a_clip_is_looked_at_as_it_is_shown(
    tmp_path: Path, workspace: Callable[..., Workspace], is_turned: bool
) -> None:
    moments = [painted("meadow", TALL, Person(0.75 - i / 200, 0.4)) for i in range(12)]
    lying, path = tmp_path / "lying.mp4", tmp_path / "clip.mp4"
    if is_turned:
        moments = [moment.transpose(Image.Transpose.ROTATE_90) for moment in moments]
    ffmpeg(
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "{}x{}".format(*moments[0].size)),
        *("-r", "10", "-i", "-", "-g", "3", "-pix_fmt", "yuv420p", lying),
        stdin=b"".join(moment.tobytes() for moment in moments),
    )
    turn = ("-metadata:s:v:0", "rotate=270") if is_turned else ()
    ffmpeg("-i", lying, "-c", "copy", *turn, path)

    facts = taken_in(path, workspace)

    assert (facts.source.width, facts.source.height) == TALL
    assert facts.focus and abs(facts.focus.x - 0.72) < 0.08 and abs(facts.focus.y - 0.4) < 0.15


def taken_in(path: Path, workspace: Callable[..., Workspace]) -> Facts:
    """The facts of a file."""
    return run(Ticket("id", path.name, "given", "sha", "media"), workspace(given=path))
