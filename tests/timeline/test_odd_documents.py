"""Documents with anything in any of their fields: read, or refused in words, and nothing else."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest

from beatstitch.beats.given import for_song
from beatstitch.beats.grid import BeatGrid, to_json
from beatstitch.beats.steady import steady_grid
from beatstitch.documents import canonical
from beatstitch.errors import BeatstitchError
from beatstitch.timeline import edl as edls
from beatstitch.timeline.build import build
from beatstitch.timeline.check import check
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.edl import Edl
from beatstitch.timeline.settings import TimelineSettings, read_settings, settings_json

LENGTH_US = 8_000_000
MEDIA = {"p": Medium("p", "image"), "c": Medium("c", "video", 3_000)}
ODD = (
    *(float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 1e-320, 0.5),
    *(-1, 0, 1, 2**63, 10**400, -(10**400), True, None, "", "x", "\x00", [], {}),
)

Document = dict[str, Any]


def made(settings: TimelineSettings, grid: BeatGrid) -> Edl:
    """The timeline of these settings on this grid."""
    return build(grid, list(MEDIA.values()), settings, audio_duration_us=LENGTH_US, project_id="p")


def read_edl(text: str) -> None:
    """What is done with a timeline from elsewhere."""
    edl = edls.loads(text)
    check(edl, MEDIA)
    edls.dumps(edl)


def read_grid(text: str) -> None:
    """What is done with a grid from elsewhere."""
    grid = for_song(text, checksum="", duration_us=LENGTH_US)
    canonical(to_json(grid))
    made(read_settings({}), grid)


def read_wishes(text: str) -> None:
    """What is done with settings from elsewhere."""
    settings = read_settings(json.loads(text))
    canonical(settings_json(settings))
    made(settings, steady_grid(120, 0, LENGTH_US))


WISHES = TimelineSettings(transition_type="crossfade", duration_ms=6_000)
GRID = steady_grid(120, 0, LENGTH_US)
DOCUMENTS: dict[str, tuple[Callable[[str], None], Document]] = {
    "timeline": (read_edl, edls.to_json(made(WISHES, GRID))),
    "grid": (read_grid, to_json(GRID)),
    "settings": (read_wishes, settings_json(WISHES)),
}


def places(value: object, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all values in a document, of a list only those of the first two."""
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value[:2]) if isinstance(value, list) else items
    for name, inner in items:
        yield (*here, name)
        yield from places(inner, (*here, name))


def with_odd(document: Document, place: tuple[str | int, ...], odd: object) -> str:
    """The JSON text of the document with another value in one place."""
    changed: Any = deepcopy(document)
    inner = changed
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = odd
    return json.dumps(changed)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_whatever_stands_in_a_field_is_read_or_refused_in_words(kind: str) -> None:
    read, document = DOCUMENTS[kind]
    document = json.loads(json.dumps(document))
    read(json.dumps(document))

    for place in places(document):
        for odd in ODD:
            with suppress(BeatstitchError):
                read(with_odd(document, place, odd))
