"""How many pictures a decoder may have to keep."""

import pytest

from beatstitch.ffmpeg.levels import kept_pictures

HD, UHD = 1920 * 1080, 3840 * 2160


@pytest.mark.parametrize(
    ("codec", "level", "pixels", "kept"),
    [
        ("h264", 41, HD, 4),
        ("h264", 51, HD, 16),
        ("h264", 51, UHD, 5),
        ("hevc", 120, HD, 6),
        ("hevc", 153, HD, 16),
        ("hevc", 153, UHD, 6),
        ("vp9", -99, UHD, 5),
        ("av1", -99, UHD, 6),
        ("prores", -99, UHD, 1),
        ("h264", -99, HD, 4),
    ],
)
def test_a_decoder_keeps_what_the_level_allows_for_pictures_of_that_size(
    codec: str, level: int, pixels: int, kept: int
) -> None:
    assert kept_pictures(codec, level, pixels) == kept
