"""Sizes, encoders and loudness, from what a film is delivered as."""

from typing import get_args

import pytest

from beatstitch.render.profile import ENCODERS, final, preview
from beatstitch.render.target import AS_PLANNED, Codec, PlatformName, Quality, Target
from beatstitch.timeline.settings import read_settings

WIDE = read_settings({})


def test_without_wishes_the_film_is_as_its_timeline_says() -> None:
    profile = final(WIDE, AS_PLANNED)

    assert (profile.width, profile.height, profile.codec) == (1920, 1080, "h264")
    assert (profile.max_bitrate_kbps, profile.loudness_lufs) == (None, None)


@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        ("16:9", (1920, 1080)), ("9:16", (1080, 1920)), ("1:1", (1080, 1080)),
        ("4:5", (1080, 1350)), ("4:3", (1440, 1080)),
    ],
)  # fmt: skip
def test_another_aspect_keeps_the_short_side(aspect: str, size: tuple[int, int]) -> None:
    profile = final(WIDE, Target(aspect=aspect))  # type: ignore[arg-type]

    assert (profile.width, profile.height) == size


@pytest.mark.parametrize(
    ("platform", "size", "cap"),
    [
        ("youtube", (1920, 1080), None),
        ("instagram_reel", (1080, 1920), 25_000),
        ("instagram_square", (1080, 1080), 25_000),
        ("tiktok", (1080, 1920), 20_000),
    ],
)
def test_a_platform_brings_its_size_its_cap_and_its_loudness(
    platform: PlatformName, size: tuple[int, int], cap: int | None
) -> None:
    profile = final(WIDE, Target(platform))

    assert (profile.width, profile.height) == size
    assert (profile.max_bitrate_kbps, profile.loudness_lufs) == (cap, -14)


def test_a_wish_beats_the_platform() -> None:
    profile = final(WIDE, Target("tiktok", aspect="1:1", loudness="none"))

    assert (profile.width, profile.height, profile.loudness_lufs) == (1080, 1080, None)


def test_a_preview_has_the_shape_and_the_loudness_of_its_final() -> None:
    profile = preview(WIDE, Target("instagram_reel", codec="h265", quality="high"))

    assert (profile.width, profile.height) == (360, 640)
    assert (profile.codec, profile.preset, profile.loudness_lufs) == ("h264", "superfast", -14)


def test_every_codec_has_every_quality() -> None:
    assert set(ENCODERS) == {(c, q) for c in get_args(Codec) for q in get_args(Quality)}
