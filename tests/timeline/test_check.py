"""An EDL that can't be rendered as written is refused with the segment's number."""

from dataclasses import replace

import pytest

from beatstitch.beats.steady import steady_grid
from beatstitch.errors import BeatstitchError, Invalid
from beatstitch.timeline.build import build
from beatstitch.timeline.check import check
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.edl import Edl, Segment, Transition, dumps, loads
from beatstitch.timeline.settings import read_settings

MEDIA = {"p": Medium("p", "image"), "c": Medium("c", "video", 10_000)}


@pytest.fixture
def edl() -> Edl:
    """Four bars of one photo and one clip."""
    return build(
        steady_grid(120.0, 0, 8_000_000),
        list(MEDIA.values()),
        read_settings({}),
        audio_duration_us=8_000_000,
        project_id="test",
    )


def changed(edl: Edl, place: int, **fields: object) -> Edl:
    """The EDL with fields of one segment set."""
    segments = list(edl.segments)
    segments[place] = replace(segments[place], **fields)  # type: ignore[arg-type]
    return replace(edl, segments=tuple(segments))


@pytest.mark.parametrize(
    ("index", "fields", "says"),
    [
        (1, {"timeline_in_us": 2_000_001}, "Segment 1 starts at µs 2000001, but the one before"),
        (2, {"timeline_in_us": 3_000_000}, "Segment 2 starts at µs 3000000"),
        (1, {"timeline_in_frame": 61}, "Segment 1 has timeline_in_frame 61, but its time makes"),
        (1, {"media_asset_id": "x"}, "no given photo or clip has that id"),
        (1, {"source_out_ms": 0}, "Segment 1 ends in its source at ms 0"),
        (1, {"source_out_ms": 10_001}, "Segment 1 ends in its source at ms 10001.*has 10000"),
        (0, {"media_type": "video"}, "Segment 0 shows its medium as video, but it is image"),
        (3, {"index": 7}, "Segment 3 has index 7"),
        (0, {"transition_in": Transition("crossfade", 500)}, "nothing is before it"),
        (3, {"transition_out": Transition("crossfade", 500)}, "nothing comes after it"),
        (1, {"transition_in": Transition("crossfade", 500)}, "the one before differs"),
        (3, {"timeline_out_us": 7_000_000, "timeline_out_frame": 210}, "the film ends at 8000000"),
        (1, {"id": 1}, "Two segments have the same id"),
    ],
)
def test_what_cannot_be_rendered_is_named(
    edl: Edl, index: int, fields: dict[str, object], says: str
) -> None:
    with pytest.raises(Invalid, match=says):
        check(changed(edl, index, **fields), MEDIA)


def test_a_transition_longer_than_half_its_segment_is_refused(edl: Edl) -> None:
    long = Transition("crossfade", 1500)
    joined = changed(changed(edl, 0, transition_out=long), 1, transition_in=long)

    with pytest.raises(Invalid, match="half of its own 2000 ms is the most"):
        check(joined, MEDIA)


@pytest.mark.parametrize(
    ("place", "fields", "says"),
    [
        (1, {"source_in_ms": 7900, "source_out_ms": 9900}, "250 ms .* needed after .* are 100"),
        (1, {"source_in_ms": 100, "source_out_ms": 4100, "speed": 2.0}, "500 ms .* before .* 100"),
        (1, {"source_in_ms": 1000, "source_out_ms": 2000}, "repeats its clip"),
    ],
)
def test_a_transition_without_the_footage_for_it_is_refused(
    edl: Edl, place: int, fields: dict[str, object], says: str
) -> None:
    short = Transition("crossfade", 500)
    joined = changed(edl, 0, transition_out=short)
    joined = changed(joined, 1, transition_in=short, transition_out=short)
    joined = changed(joined, 2, transition_in=short)

    with pytest.raises(Invalid, match=f"Segment 1 has .*{says}"):
        check(changed(joined, place, **fields), MEDIA)


def test_a_film_that_outlasts_its_song_is_refused(edl: Edl) -> None:
    late = replace(edl, audio=replace(edl.audio, start_offset_us=1))

    with pytest.raises(Invalid, match="ends 8000001 µs into a song of 8000000"):
        check(late, MEDIA)


def test_an_empty_timeline_is_refused(edl: Edl) -> None:
    with pytest.raises(Invalid, match="no segment"):
        check(replace(edl, segments=()), MEDIA)


def test_a_hand_edited_ms_field_is_refused_rather_than_passed_over(edl: Edl) -> None:
    document = dumps(edl).replace('"timeline_in_ms": 2000', '"timeline_in_ms": 1900')

    with pytest.raises(Invalid, match=r"segments\.1\.timeline_in_ms says 1900.*_us"):
        loads(document)


@pytest.mark.parametrize("document", ["", "[]", "{}", '{"segments": 3}', "\x00", '{"a": NaN}'])
def test_what_is_no_edl_is_refused_with_its_place(document: str) -> None:
    with pytest.raises(BeatstitchError) as refused:
        loads(document)

    assert refused.value.code == "bad_edl"


def test_a_segment_is_a_value(edl: Edl) -> None:
    with pytest.raises(AttributeError):
        edl.segments[0].index = 5  # type: ignore[misc]

    assert isinstance(edl.segments[0], Segment)
