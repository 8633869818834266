"""Taking in photos and clips: what is known of them afterwards, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from beatstitch.errors import BeatstitchError, LimitReached, UnsupportedMedia
from beatstitch.jobs.media_processing.args import Facts, Ticket
from beatstitch.jobs.media_processing.handler import run
from beatstitch.workspace import Workspace
from footage import coded_image, ffmpeg, read_photo
from oddities import IDS

Space = Callable[..., Workspace]
Oddity = Callable[[str], Path]


def taken_in(path: Path, workspace: Space, **ticket: object) -> tuple[Facts, Workspace]:
    """The facts of a file, and the workspace with what was kept."""
    space = workspace(given=path)
    wanted = Ticket("id", path.name, "given", "sha", "media", **ticket)  # type: ignore[arg-type]
    return run(wanted, space), space


@pytest.mark.parametrize(
    "name",
    [
        "photo.jpg", "photo.png", "photo.webp", "photo.heic", "grey.jpg", "cmyk.jpg",
        "deep_grey.png", "deep_colour.png", "see_through.png", "extras.jpg",
        *(f"exif_{value}.jpg" for value in range(2, 9)),
    ],
)  # fmt: skip
def test_a_photo_gets_an_upright_working_copy_and_a_thumbnail(
    oddity: Oddity, workspace: Space, name: str
) -> None:
    facts, space = taken_in(oddity(name), workspace)

    with Image.open(space.kept["media/id.jpg"]) as working:
        code = read_photo(working)
        assert (working.mode, working.size) == ("RGB", (facts.source.width, facts.source.height))
        assert not working.getexif()
    assert code is not None and code.clip_id == IDS[name]
    with Image.open(space.kept[facts.thumbnail_key]) as thumbnail:
        assert thumbnail.size == (256, 256)


def test_the_second_picture_in_a_phones_photo_does_not_make_it_move(
    oddity: Oddity, workspace: Space
) -> None:
    facts, _ = taken_in(oddity("extras.jpg"), workspace)

    assert (facts.source.media_type, facts.note) == ("image", None)


@pytest.mark.parametrize(
    ("name", "size", "turned"),
    [
        ("turned.mp4", (360, 640), 90),
        ("anamorphic.mp4", (640, 360), 0),
        ("upright.mp4", (360, 640), 0),
    ],
)
def test_a_clip_is_as_large_as_it_is_displayed(
    oddity: Oddity, workspace: Space, name: str, size: tuple[int, int], turned: int
) -> None:
    facts, _ = taken_in(oddity(name), workspace)

    assert (facts.source.width, facts.source.height) == size
    assert facts.rotation_deg in {turned, 360 - turned}


def test_a_clip_lasts_as_long_as_its_packets(oddity: Oddity, workspace: Space) -> None:
    facts, _ = taken_in(oddity("cut_with_index.mp4"), workspace)

    assert facts.note is not None and facts.note.startswith("breaks off at")
    assert facts.source.duration_ms is not None and facts.source.duration_ms < 2_500


def test_a_clip_whose_picture_starts_late_says_where(oddity: Oddity, workspace: Space) -> None:
    facts, _ = taken_in(oddity("late.mkv"), workspace)

    assert 1_400_000 <= facts.source.start_us <= 1_600_000
    assert facts.note is None


@pytest.mark.parametrize("channels", [1, 2])
def test_it_is_known_whether_a_clip_has_one_channel(
    workspace: Space, tmp_path: Path, channels: int
) -> None:
    clip = tmp_path / "clip.mkv"
    moving = ("-f", "lavfi", "-i", "testsrc=size=64x48:duration=0.2")
    ffmpeg(*moving, "-f", "lavfi", "-i", "sine=duration=0.2", "-ac", str(channels), clip)

    facts, _ = taken_in(clip, workspace)

    assert (facts.source.sound, facts.source.is_mono) == (1, channels == 1)


@pytest.mark.parametrize(("suffix", "found"), [(".mp4", (0, 601, 1202, 1802)), (".mkv", ())])
def test_it_is_known_from_where_an_mp4_decodes_without_anything_before(
    workspace: Space, tmp_path: Path, suffix: str, found: tuple[int, ...]
) -> None:
    clip = tmp_path / f"clip{suffix}"
    moving = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=30000/1001:duration=2")
    ffmpeg(*moving, "-c:v", "libx264", "-g", "18", "-sc_threshold", "0", clip)

    facts, _ = taken_in(clip, workspace)

    assert facts.source.keyframes_ms == found


def test_a_sequence_of_heif_pictures_is_refused_by_its_name(
    workspace: Space, tmp_path: Path
) -> None:
    sequence = tmp_path / "burst.heic"
    sequence.write_bytes(b"\0\0\0\x18ftypmsf1\0\0\0\0msf1hevc" + bytes(64))

    with pytest.raises(UnsupportedMedia, match="is a sequence of HEIF pictures"):
        taken_in(sequence, workspace)


def test_a_broken_colour_profile_is_passed_over(workspace: Space, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    coded_image(3).save(photo, icc_profile=b"no profile" * 20)

    _, space = taken_in(photo, workspace)

    assert read_photo(space.kept["media/id.jpg"]) == (3, 0)


def test_sound_that_goes_on_behind_the_picture_is_no_break(
    clips: tuple[Path, ...], workspace: Space, tmp_path: Path
) -> None:
    longer = tmp_path / "longer.mkv"
    hum = ("-f", "lavfi", "-i", "sine=duration=9", "-c:v", "copy", "-c:a", "flac")
    ffmpeg("-i", clips[0], *hum, "-map", "0:v", "-map", "1:a", longer)

    facts, _ = taken_in(longer, workspace)

    assert facts.note is None


def test_a_clip_of_one_frame_is_a_photo(oddity: Oddity, workspace: Space) -> None:
    facts, space = taken_in(oddity("one_frame.mp4"), workspace)

    assert facts.source.media_type == "image"
    code = read_photo(space.kept["media/id.jpg"])
    assert code is not None and code.clip_id == IDS["one_frame.mp4"]


def test_decoding_all_of_a_sound_clip_finds_all_of_it(oddity: Oddity, workspace: Space) -> None:
    believed, _ = taken_in(oddity("ntsc.mp4"), workspace)
    decoded, _ = taken_in(oddity("ntsc.mp4"), workspace, decode_all=True)

    assert believed.source.duration_ms is not None and decoded.source.duration_ms is not None
    assert abs(believed.source.duration_ms - decoded.source.duration_ms) <= 42
    # It came short all the same, so from now on it is read from earlier.
    assert decoded.source.lead_us > believed.source.lead_us


def test_a_clip_that_is_decoded_to_its_end_is_not_silent_meanwhile(
    oddity: Oddity, workspace: Space, reports: list[tuple[int, str, str]]
) -> None:
    taken_in(oddity("ntsc.mp4"), workspace, decode_all=True)

    assert [stage for _, stage, _ in reports] == ["measuring"] * len(reports) != []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("text.mp4", "text_file"),
        ("empty.mp4", "empty_file"),
        ("photo_cut.jpg", "corrupt_media"),
        ("cut_without_index.mp4", "corrupt_media"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_name(
    oddity: Oddity, workspace: Space, name: str, code: str
) -> None:
    with pytest.raises(BeatstitchError) as refused:
        taken_in(oddity(name), workspace)

    assert name in refused.value.message
    assert "/" not in refused.value.message
    assert refused.value.code == code


def test_a_photo_with_too_many_pixels_is_refused_undecoded(
    oddity: Oddity, workspace: Space
) -> None:
    with pytest.raises(LimitReached, match=r"bomb\.png has .* a picture may have 120,000,000"):
        taken_in(oddity("bomb.png"), workspace)


def test_a_song_is_no_footage(song: object, workspace: Space) -> None:
    with pytest.raises(UnsupportedMedia, match="is a sound file"):
        taken_in(song.path, workspace)  # type: ignore[attr-defined]


def test_a_clip_longer_than_allowed_is_refused(clips: tuple[Path, ...], workspace: Space) -> None:
    with pytest.raises(LimitReached, match=r"clip_1\.mp4 lasts 3 s; a clip may last 2 s"):
        taken_in(clips[0], workspace, max_video_s=2)
