"""Fixtures for every room: generated media, made once a session and shared.

Tests read these files and never write into their folders; what a test makes goes to `tmp_path`.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

import oddities
from databases import server
from footage import coded_clip, coded_photo
from songs import Song, drum_song

# Hypothesis gives an example 200 ms by the clock, which a busy machine misses now and then.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

__all__ = ["server"]


@pytest.fixture(scope="session")
def media_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the session's generated media lie."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def song(media_folder: Path) -> Song:
    """Drums at 120 BPM in 4/4: 8 bars after half a second, 17 s in all, as WAV."""
    return drum_song(media_folder / "song.wav")


@pytest.fixture(scope="session")
def short_song(media_folder: Path) -> Song:
    """The same for 2 bars: 5 s."""
    return drum_song(media_folder / "short_song.wav", bars=2)


@pytest.fixture(scope="session")
def waltz(media_folder: Path) -> Song:
    """Drums at 150 BPM in 3/4: 12 bars, 15.4 s."""
    return drum_song(media_folder / "waltz.wav", bpm=150, bars=12, beats_per_bar=3)


@pytest.fixture(scope="session")
def clips(media_folder: Path) -> tuple[Path, ...]:
    """Coded clips with the ids 1 to 4: 3 s of 640 × 360 at 30 fps, the third 4:3 and at 25."""
    folder = media_folder / "clips"
    folder.mkdir()
    shapes = {3: {"size": (480, 360), "fps": "25", "frames": 75}}
    return tuple(
        coded_clip(folder / f"clip_{i}.mp4", i, **({"frames": 90} | shapes.get(i, {})))  # type: ignore[arg-type]
        for i in range(1, 5)
    )


@pytest.fixture(scope="session")
def photos(media_folder: Path) -> tuple[Path, ...]:
    """Coded photos with the ids 11 to 14: two 640 × 360, one upright 360 × 640, one square."""
    folder = media_folder / "photos"
    folder.mkdir()
    sizes = {11: (640, 360), 12: (360, 640), 13: (400, 400), 14: (640, 360)}
    return tuple(
        coded_photo(folder / f"photo_{i}.jpg", i, size=size, quality=92)
        for i, size in sizes.items()
    )


@pytest.fixture(scope="session")
def trip(media_folder: Path, clips: tuple[Path, ...], photos: tuple[Path, ...]) -> Path:
    """One folder with all clips and photos, as a person would have it."""
    folder = media_folder / "trip"
    folder.mkdir()
    for path in (*clips, *photos):
        (folder / path.name).hardlink_to(path)
    return folder


@pytest.fixture(scope="session")
def damaged_clip(media_folder: Path) -> Path:
    """A clip of 6 s, a keyframe a second, in which the third second is damaged."""
    return oddities.make("damaged.mp4", media_folder)


@pytest.fixture(scope="session")
def oddity(media_folder: Path) -> Callable[[str], Path]:
    """Makes a file of `oddities.ODDITIES` by its name, once; each lies in a folder of its own."""

    def make(name: str) -> Path:
        folder = media_folder / "oddities" / name.replace(".", "_")
        folder.mkdir(parents=True, exist_ok=True)
        return oddities.make(name, folder)

    return make
