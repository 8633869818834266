"""How far the work is, as a person sees it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from beatstitch.cli.cache import Cache
from beatstitch.cli.production import Wishes, produce
from beatstitch.cli.progress import Progress, Step
from beatstitch.cli.song import Steady
from beatstitch.cli.workbench import Workbench
from beatstitch.timeline.settings import TimelineSettings
from songs import Song


class Noted(Progress):
    """Writes down how far each step was seen to be."""

    def __init__(self) -> None:
        super().__init__(is_quiet=True)
        self.seen: dict[str, list[int]] = {}

    @contextmanager
    def step(self, label: str) -> Iterator[Step]:
        """A step whose advances are added up."""
        places = self.seen.setdefault(label, [0])
        yield Step(lambda ahead: places.append(places[-1] + ahead))


def test_the_join_of_a_film_is_not_silent_until_its_end(
    tmp_path: Path, short_song: Song, photos: tuple[Path, ...]
) -> None:
    look = TimelineSettings(output_width=320, output_height=180, duration_ms=4000)
    wishes = Wishes(short_song.path, photos[:2], look, "auto", steady=Steady(120, 0))
    cache, noted = Cache(tmp_path / "cache", 10**9), Noted()

    with cache.scratch() as scratch, Workbench(cache, scratch, 2) as bench:
        produce(wishes, bench, noted)

    joined, measured = 20, 100
    assert {joined, measured} <= set(noted.seen["Joining and checking"])
