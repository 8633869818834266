"""What is really in a file, measured against footage whose truth is known."""

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from beatstitch.errors import LimitReached, MediaRejected, UnsupportedMedia
from beatstitch.ffmpeg.faults import FFmpegFailed
from beatstitch.ffmpeg.packets import Track
from beatstitch.ffmpeg.probe import AudioStream, Probe, VideoStream, probe
from beatstitch.ffmpeg.sniff import sniff_file
from footage import ffmpeg

Oddity = Callable[[str], Path]
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def probed(path: Path) -> Probe:
    return probe(path, sniff_file(path))


def video_of(path: Path) -> VideoStream:
    video = probed(path).video
    assert video is not None
    return video


def audio_of(path: Path) -> AudioStream:
    audio = probed(path).audio
    assert audio is not None
    return audio


def film(path: Path, *options: str, seconds: float = 1, rate: str = "25") -> Path:
    picture = f"testsrc=size=64x48:rate={rate}:duration={seconds}"
    sound = ("-f", "lavfi", "-i", f"sine=duration={seconds}")
    ffmpeg("-f", "lavfi", "-i", picture, *sound, *(options or X264), path)
    return path


def test_a_plain_film_is_measured(tmp_path: Path) -> None:
    path = film(tmp_path / "plain.mp4", *X264, "-g", "10", "-c:a", "aac", "-ac", "2")

    found = probed(path)

    assert found.video == VideoStream(
        index=0,
        codec="h264",
        width=64,
        height=48,
        coded_width=64,
        coded_height=48,
        rotation_deg=0,
        is_mirrored=False,
        sample_aspect=Fraction(1),
        frame_rate=Fraction(25),
        is_variable_rate=False,
        is_interlaced=False,
        pixel_format="yuv420p",
        kept_pictures=16,
        tells_order=True,
        color_range="",
        color_space="",
        color_primaries="",
        color_transfer="",
        start_us=0,
        duration_us=1_000_000,
        header_duration_us=1_000_000,
        frame_count=25,
        longest_gop_us=400_000,
        longest_gap_us=40_000,
        keyframes_us=(0, 400_000, 800_000),
    )
    assert found.audio == AudioStream(1, "aac", 44_100, 2, 0, 1_000_000, 1_000_000)


def test_of_a_film_of_nothing_but_keyframes_only_some_are_noted(tmp_path: Path) -> None:
    found = probed(film(tmp_path / "keys.mp4", *X264, "-g", "1"))

    assert found.video is not None
    assert found.video.keyframes_us == (0, 280_000, 560_000, 840_000)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".mp4", X264),
        (".mov", ("-c:v", "prores_ks", "-c:a", "pcm_s16le")),
        (".mkv", (*X264, "-c:a", "flac")),
        (".webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus")),
        (".avi", ("-c:v", "mpeg4", "-bf", "2", "-c:a", "mp3")),
        (".avi", ("-c:v", "mjpeg", "-c:a", "pcm_u8")),
        (".ts", (*X264, "-c:a", "aac")),
        (".mpg", ("-c:v", "mpeg2video", "-c:a", "mp2")),
        (".ogv", ("-c:v", "libtheora", "-c:a", "libvorbis")),
        (".mp4", ("-c:v", "libx265", "-x265-params", "log-level=error", "-c:a", "aac")),
    ],
)
def test_every_container_gives_the_same_frames_and_length(
    tmp_path: Path, suffix: str, options: tuple[str, ...]
) -> None:
    found = probed(film(tmp_path / f"film{suffix}", *options))

    assert found.video is not None
    assert found.audio is not None
    assert found.video.frame_count == 25
    assert found.video.duration_us == pytest.approx(1_000_000, abs=2_000)
    assert found.video.frame_rate == 25
    assert not found.video.is_variable_rate
    assert found.audio.duration_us == pytest.approx(1_000_000, abs=80_000)


@pytest.mark.parametrize(
    "options",
    [
        ("a.mp3", "-c:a", "libmp3lame"),
        ("vbr.mp3", "-c:a", "libmp3lame", "-q:a", "5", "-write_xing", "0"),
        ("a.aac", "-c:a", "aac"),
        ("a.flac", "-c:a", "flac"),
        ("a.ogg", "-c:a", "libvorbis"),
        ("a.opus", "-c:a", "libopus"),
        ("a.m4a", "-c:a", "alac"),
        ("a.aiff", "-c:a", "pcm_s24be"),
    ],
    ids=lambda options: options[0],
)
def test_a_song_has_its_true_length(tmp_path: Path, options: tuple[str, ...]) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=duration=5", *options[1:], tmp_path / options[0])

    found = probed(tmp_path / options[0])

    assert found.video is None
    assert found.audio is not None
    assert found.audio.duration_us == pytest.approx(5_000_000, abs=80_000)


@pytest.mark.parametrize("encoder", ["libvorbis", "libopus"])
def test_the_warming_up_of_a_decoder_is_no_part_of_the_song(tmp_path: Path, encoder: str) -> None:
    path = tmp_path / "song.ogg"
    ffmpeg("-f", "lavfi", "-i", "sine=duration=2:sample_rate=48000", "-c:a", encoder, path)

    audio = audio_of(path)

    heard = ffmpeg("-i", path, "-f", "s16le", "-ac", "1", "-ar", "48000", "-")
    assert audio.start_us == 0
    assert audio.duration_us == pytest.approx(len(heard) / 2 / 48_000 * 1e6, abs=50)


@pytest.mark.parametrize("rate", ["24000/1001", "30000/1001", "60000/1001", "120", "12.5"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_frame_rate_is_exact_whatever_the_clock(tmp_path: Path, rate: str, suffix: str) -> None:
    video = video_of(film(tmp_path / f"film{suffix}", rate=rate))

    assert video.frame_rate == Fraction(rate)
    assert not video.is_variable_rate


def test_dropped_frames_make_the_rate_variable(oddity: Oddity) -> None:
    video = video_of(oddity("vfr.mp4"))

    assert video.is_variable_rate
    assert video.frame_count == 86
    assert video.frame_rate == Fraction(43, 2)


def test_a_truncated_film_is_as_long_as_its_frames_and_not_as_its_index(oddity: Oddity) -> None:
    video = video_of(oddity("cut_with_index.mp4"))

    assert video.header_duration_us == 5_000_000
    assert 1_000_000 < video.duration_us < 2_500_000
    assert video.frame_count < 75
    assert video.frame_rate == 30


def test_a_truncated_song_is_as_long_as_what_is_there(oddity: Oddity) -> None:
    audio = audio_of(oddity("song_cut.mp3"))

    assert audio.duration_us < audio.header_duration_us / 2


def test_a_film_without_its_index_is_broken(oddity: Oddity) -> None:
    with pytest.raises(FFmpegFailed) as refused:
        probed(oddity("cut_without_index.mp4"))

    assert refused.value.code == "corrupt_media"
    assert refused.value.message.startswith("cut_without_index.mp4 is damaged or incomplete")


def test_one_frame_is_a_film(oddity: Oddity) -> None:
    video = video_of(oddity("one_frame.mp4"))

    assert (video.frame_count, video.duration_us, video.frame_rate) == (1, 33_333, 30)


@pytest.mark.parametrize(("name", "start_us"), [("late.mkv", 1_500_000), ("transport.ts", 3e6)])
def test_a_picture_that_starts_late_says_when(oddity: Oddity, name: str, start_us: int) -> None:
    video = video_of(oddity(name))

    assert start_us <= video.start_us < start_us + 1_500_000
    assert video.duration_us == pytest.approx(2_000_000, abs=1000)


def test_one_long_group_of_pictures_is_seen(oddity: Oddity) -> None:
    assert video_of(oddity("one_gop.mp4")).longest_gop_us == 10_000_000


def test_square_pixels_are_what_is_displayed(oddity: Oddity) -> None:
    video = video_of(oddity("anamorphic.mp4"))

    assert (video.coded_width, video.coded_height, video.sample_aspect) == (320, 360, 2)
    assert (video.width, video.height) == (640, 360)


def test_pixels_as_a_rounded_size_leaves_them_are_square(tmp_path: Path) -> None:
    video = video_of(film(tmp_path / "rounded.mp4", "-vf", "scale=640:-2,setsar=638/639:1000"))

    assert (video.sample_aspect, video.width) == (1, 640)


def test_interlacing_and_the_range_of_colours_are_told(oddity: Oddity) -> None:
    assert video_of(oddity("interlaced.mp4")).is_interlaced
    assert video_of(oddity("full_range.mp4")).color_range == "pc"


Matrix = tuple[int, int, int, int]
MATRICES: tuple[Matrix, ...] = (
    *((1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0)),
    *((-1, 0, 0, 1), (1, 0, 0, -1), (0, 1, 1, 0), (0, -1, -1, 0)),
)


def turned(source: Path, matrix: Matrix, path: Path) -> Path:
    """The film with this display matrix in its track header (ISO/IEC 14496-12, 8.3.2)."""
    a, b, c, d = (value << 16 for value in matrix)
    content = bytearray(source.read_bytes())
    at = content.index(b"tkhd") + 44
    content[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


def picture(path: Path, *options: str) -> NDArray[np.uint8]:
    video = video_of(path)
    shape = (video.height, video.width)
    if options:
        shape = (video.coded_height, video.coded_width)
    raw = ffmpeg(*options, "-i", path, "-frames:v", "1", "-pix_fmt", "gray", "-f", "rawvideo", "-")
    return np.frombuffer(raw, np.uint8).reshape(shape)


@pytest.mark.parametrize("matrix", MATRICES)
def test_turned_and_mirrored_as_ffmpeg_shows_it(tmp_path: Path, matrix: Matrix) -> None:
    path = turned(film(tmp_path / "upright.mp4"), matrix, tmp_path / "turned.mp4")

    video = video_of(path)

    stored = picture(path, "-noautorotate")
    expected = np.rot90(
        np.flipud(stored) if video.is_mirrored else stored, -video.rotation_deg // 90
    )
    assert np.abs(expected.astype(int) - picture(path)).max() <= 1


def test_the_cover_of_a_song_is_no_picture(tmp_path: Path) -> None:
    cover, song = tmp_path / "cover.jpg", tmp_path / "song.mp3"
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=600x600", "-frames:v", "1", cover)
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "sine=duration=1",
        "-i",
        cover,
        "-map",
        "0",
        "-map",
        "1",
        "-c:v",
        "copy",
        "-disposition:v",
        "attached_pic",
        song,
    )

    found = probed(song)

    assert found.video is None
    assert found.audio is not None


@pytest.mark.parametrize("codec", ["srt", "ass", "mov_text"])
def test_subtitles_do_not_keep_a_film_from_being_probed(tmp_path: Path, codec: str) -> None:
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    path = tmp_path / ("film.mp4" if codec == "mov_text" else "film.mkv")
    ffmpeg("-i", film(tmp_path / "plain.mp4"), "-i", words, "-c", "copy", "-c:s", codec, path)

    assert video_of(path).frame_count == 25


def test_sound_that_is_not_taken_leaves_the_picture(tmp_path: Path) -> None:
    found = probed(film(tmp_path / "film.mkv", *X264, "-c:a", "wmav2"))

    assert found.video is not None
    assert found.audio is None


def test_a_codec_that_is_not_taken_is_named_where_it_is_all_there_is(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", "-c:a", "wmav2", tmp_path / "song.mkv")

    with pytest.raises(UnsupportedMedia, match=r"^song\.mkv is coded with wmav2") as refused:
        probed(tmp_path / "song.mkv")

    assert refused.value.code == "unsupported_codec"


@pytest.mark.parametrize(
    ("size", "sentence"),
    [("8200x64", "long side may have 8,192"), ("6100x6000", "36 million")],
)
def test_too_many_pixels_are_refused_with_the_limit(
    tmp_path: Path, size: str, sentence: str
) -> None:
    path = tmp_path / "wide.avi"
    ffmpeg("-f", "lavfi", "-i", f"color=size={size}:duration=0.1", "-c:v", "mjpeg", path)

    with pytest.raises(LimitReached, match=sentence) as refused:
        probed(path)

    assert refused.value.code == "too_many_pixels"


@pytest.mark.parametrize(("track", "count"), [("v", 10), ("a", 40)])
def test_too_many_tracks_are_refused(tmp_path: Path, track: str, count: int) -> None:
    path = tmp_path / "many.mp4"
    maps = ("-map", f"0:{track}") * count
    ffmpeg("-i", film(tmp_path / "plain.mp4", seconds=0.2), *maps, "-c", "copy", path)

    with pytest.raises((LimitReached, MediaRejected)) as refused:
        probed(path)

    assert refused.value.code == "too_many_streams"


def test_ten_minutes_at_sixty_frames_are_measured_to_the_last(tmp_path: Path) -> None:
    path = tmp_path / "long.mkv"
    black = "color=size=16x16:rate=60:duration=600"
    ffmpeg("-f", "lavfi", "-i", black, *X264, "-bf", "2", "-g", "600", path)

    video = video_of(path)

    assert (video.frame_count, video.longest_gop_us) == (36_000, 10_000_000)
    assert video.duration_us == pytest.approx(600_000_000, abs=1000)


def test_recordings_laid_one_behind_the_other_are_the_first_of_them(tmp_path: Path) -> None:
    film(tmp_path / "a.ts", "-output_ts_offset", "500")
    film(tmp_path / "b.ts", "-output_ts_offset", "20")
    both = tmp_path / "both.ts"
    both.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())

    video = video_of(both)

    assert (video.frame_count, video.duration_us) == (25, 1_000_000)


def test_a_clip_that_was_cut_in_its_middle_begins_with_its_first_keyframe() -> None:
    track = Track(Fraction(1, 25))
    for number in range(1, 20):
        track.add(number, number, 1, is_key=number == 10)
    track.finish()

    assert (track.count, track.start_us, track.duration_us) == (10, 400_000, 400_000)
    assert track.begins_us == 40_000
