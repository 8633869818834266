"""What a second look at a film says, from figures alone."""

from dataclasses import replace
from fractions import Fraction

import pytest

from beatstitch.render.proof import TINY_BYTES, Listing, Packet, packets_sha256
from beatstitch.render.sync import CutReport, SyncReport
from beatstitch.render.verify import Look, differences

PICTURE = Listing(Fraction(1, 30), "e", tuple(Packet(n, n, 9, f"p{n}") for n in range(4)), 4)
SOUND = Listing(Fraction(1, 1000), "a", (Packet(0, 0, 4, "a0"),), 133)
KEYFRAMES = Listing(Fraction(1, 30), "", (Packet(0, 0, 9, "k0"), Packet(2, 2, 9, "k2")))
REPORT = SyncReport(
    ok=True,
    faults=(),
    worst_cut_error_ms=0.0,
    worst_cut_error_frames=0.0,
    frame_rate="30/1",
    video_frames=4,
    planned_frames=4,
    video_duration_ms=133.333,
    audio_duration_ms=133.0,
    av_offset_ms=0.0,
    audio_lags=(),
    packets_changed=0,
    irregular_timestamps=0,
    decreasing_dts=0,
    cuts=(
        CutReport(1, 0.0, 0, 0, 0.0, 0.0, True, None, "k0"),
        CutReport(2, 2000 / 30, 2, 2, 0.0, 0.0, True, True, "k2"),
    ),
    edl_hash="",
    packets_sha256=packets_sha256(PICTURE),
    sound_sha256=packets_sha256(SOUND),
    film_sha256="",
    made_with="",
)


def looked(*greys: int) -> Look:
    """Pictures of one grey each."""
    return Look.of(b"".join(bytes([grey]) * TINY_BYTES for grey in greys))


def test_a_film_as_it_was_measured_has_no_differences() -> None:
    assert differences(REPORT, PICTURE, KEYFRAMES, SOUND, looked(30, 30, 90, 90)) == ()


def test_pictures_are_black_when_no_point_of_them_is_brighter() -> None:
    assert looked(16, 23, 24, 235).black_frames == 2
    assert Look([b"\x10" * (TINY_BYTES - 1) + b"\x40"]).black_frames == 0


@pytest.mark.parametrize(
    ("greys", "still"), [((1, 2, 3), 1), ((1, 1, 2), 2), ((1, 2, 2, 2, 1, 1), 3)]
)
def test_a_picture_stands_still_as_long_as_it_is_the_same(
    greys: tuple[int, ...], still: int
) -> None:
    assert looked(*greys).longest_still == still


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"audio_duration_ms": 131.0}, "The sound lasts 133 ms; the report measured 131 ms."),
        ({"video_duration_ms": 136.0}, "The picture lasts 133 ms; the report measured 136 ms."),
        ({"av_offset_ms": 5.0}, "The sound begins 0.0 ms after the picture"),
    ],
)
def test_a_length_that_is_off_by_more_than_a_millisecond_is_told(
    change: dict[str, float], says: str
) -> None:
    wrong = replace(REPORT, **change)  # type: ignore[arg-type]

    assert any(said.startswith(says) for said in differences(wrong, PICTURE, KEYFRAMES, SOUND))


def test_a_cut_that_cannot_be_seen_is_told_where_it_could() -> None:
    (said,) = differences(REPORT, PICTURE, KEYFRAMES, SOUND, looked(30, 90, 90, 90))

    assert said == "1 cuts can't be seen: the picture before is the same."


def test_frames_that_do_not_decode_are_told() -> None:
    (said,) = differences(REPORT, PICTURE, KEYFRAMES, SOUND, looked(30, 30, 90))

    assert said == "3 frames can be decoded; the report measured 4."
