"""What films are made of is doubted when its file isn't any more what it was found or made as."""

import os

import pytest

import backstage
from beatstitch.db import chunks, media
from beatstitch.inventory import sources
from beatstitch.storage import Storage


@pytest.fixture
def shown(project: str, place: Storage) -> dict[str, str]:
    """The file of a photo, its small copy and a mezzanine, each with its stamp."""
    asset = media.of_project(project)[0]
    copy, proxy, part = (f"derived/{project}/{name}" for name in ("m.jpg", "p.jpg", "part.mov"))
    for key in (copy, proxy, part):
        backstage.lay(key)
    media.set_columns(
        asset.id,
        working_key=copy,
        stamp=place.stamp(copy),
        proxy_key=proxy,
        proxy_stamp=place.stamp(proxy),
    )
    chunks.keep(project, "part", part, 5, stamp=place.stamp(part))
    return dict.fromkeys((copy, proxy, part), asset.id)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_file_that_was_written_to_is_doubted(
    shown: dict[str, str], place: Storage, number: int
) -> None:
    before = sources.doubtful(shown)
    changed = [*shown][number]
    os.utime(place.fetch(changed), (0, 0))  # as long as before

    assert before == {}
    assert [*sources.doubtful(shown)] == [changed]


def test_what_was_taken_in_before_stamps_were_kept_is_looked_at_and_not_doubted(
    shown: dict[str, str],
) -> None:
    copy, *_ = shown
    before = sources.unstamped(shown)
    media.set_columns(shown[copy], stamp=None, proxy_stamp=None)

    assert before == {}
    assert [*sources.unstamped(shown)] == [copy]
    assert sources.doubtful(shown) == {}
