"""`--focus`: which file is meant, and which point of it."""

from pathlib import Path

import click
import pytest

from beatstitch.cli.footage import Footage, Shot
from beatstitch.cli.gather import Given
from beatstitch.cli.options import FocusOn
from beatstitch.errors import Invalid
from beatstitch.jobs.media_processing.args import Facts
from beatstitch.render.source import Source
from beatstitch.timeline.edl import Focus

POINT = Focus(0.3, 0.4)


def taken_in(*paths: str) -> Footage:
    """Photos at these places."""
    shots = []
    for number, path in enumerate(paths):
        given = Given(Path(path), f"{number}", ())
        source = Source(given.id, path, "", "image", "jpeg_pipe", 640, 360)
        shots.append(Shot(given, Facts(source, "")))
    return Footage(tuple(shots), ())


def test_a_wish_is_for_the_file_of_that_name() -> None:
    footage = taken_in("trip/a=b.jpg", "trip/b.jpg", "b/b.jpg")

    media = footage.media([FocusOn().convert("a=b.jpg=0.3,.4", None, None), ("b/b.jpg", POINT)])

    assert [medium.focus for medium in media] == [POINT, None, POINT]


@pytest.mark.parametrize("name", ["b.jpg", "c.jpg", "rip/b.jpg"])
def test_a_name_of_no_file_or_of_two_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        taken_in("trip/b.jpg", "b/b.jpg").media([(name, POINT)])

    assert refused.value.code == "no_such_medium" and name in refused.value.message


@pytest.mark.parametrize("said", ["b.jpg", "b.jpg=0.5", "b.jpg=0.5,1.1", "b.jpg=-1,0", "=0,0"])
def test_what_is_no_point_in_a_file_is_refused(said: str) -> None:
    with pytest.raises(click.BadParameter, match=r"write beach\.jpg=0\.3,0\.4"):
        FocusOn().convert(said, None, None)
