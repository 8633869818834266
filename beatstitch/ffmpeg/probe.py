"""Which streams a file has, how they are shown, and how long they really are.

Joins what the header says with what a scan of the packets finds, and refuses what is over the
limits on pixels, sides and streams. Whether that will do for a clip or a song, the caller decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from beatstitch.errors import LimitReached, UnsupportedMedia
from beatstitch.ffmpeg.first_picture import is_refreshed, lag_us
from beatstitch.ffmpeg.header import Header, Stream, ratio, read_header
from beatstitch.ffmpeg.levels import kept_pictures
from beatstitch.ffmpeg.packets import Track, scan
from beatstitch.ffmpeg.picture_order import tells_order
from beatstitch.ffmpeg.sniff import Container
from beatstitch.limits import FRAME_RATES, MAX_VIDEO_PIXELS, MAX_VIDEO_SIDE_PX, MAX_VIDEO_STREAMS
from beatstitch.render.source import WITHOUT_INDEX

INTERLACED = {"tt", "bb", "tb", "bt"}
# Of the pixels of television, 45:44 is the nearest to a square: a fiftieth.
NEARLY_SQUARE = Fraction(1, 200)


@dataclass(frozen=True, slots=True)
class VideoStream:
    """A film's picture.

    `index` is its place among all streams (`-map 0:index`). `width` and `height` are as displayed,
    after turning and with square pixels; `coded_width` and `coded_height` as stored.
    `rotation_deg` (0, 90, 180, 270, clockwise) and `is_mirrored` are what FFmpeg's autorotation
    does. Times are measured from the packets; `header_duration_us` is what the file says,
    `begins_us` when the first packet, decodable or not, would be shown, `lag_us`
    how much later than its packets FFmpeg shows every picture, and `is_refreshed` is a clip whose
    keyframes give no whole picture. `frame_rate` is the average, 0 for a single picture;
    `frame_count` counts packets, `kept_pictures` is what a decoder may have to keep, and
    `tells_order` says whether it knows before it decodes how far they are out of order. The
    colour's fields are ffprobe's words or empty.
    """

    index: int
    codec: str
    width: int
    height: int
    coded_width: int
    coded_height: int
    rotation_deg: int
    is_mirrored: bool
    sample_aspect: Fraction
    frame_rate: Fraction
    is_variable_rate: bool
    is_interlaced: bool
    pixel_format: str
    kept_pictures: int
    tells_order: bool
    color_range: str
    color_space: str
    color_primaries: str
    color_transfer: str
    start_us: int
    duration_us: int
    header_duration_us: int
    frame_count: int
    longest_gop_us: int
    longest_gap_us: int
    keyframes_us: tuple[int, ...]
    begins_us: int = 0
    lag_us: int = 0
    is_refreshed: bool = False


@dataclass(frozen=True, slots=True)
class AudioStream:
    """A file's sound; its times are as in VideoStream."""

    index: int
    codec: str
    sample_rate: int
    channels: int
    start_us: int
    duration_us: int
    header_duration_us: int


@dataclass(frozen=True, slots=True)
class Probe:
    """What is in a file. Covers and thumbnails are not video; a stream without packets is none."""

    container: Container
    video: VideoStream | None
    audio: AudioStream | None


def probe(path: Path, container: Container, name: str | None = None) -> Probe:
    """Measure a file that `sniff` took for `container`; `name` is for messages.

    Takes the first picture and the first sound that can be decoded. Raises LimitReached for too
    many pixels, sides or streams, UnsupportedMedia for a picture (or, without one, a sound) that
    can't be decoded, FFmpegFailed for what is broken, and what `process.run` raises.
    """
    name = name or path.name
    header = read_header(path, container.demuxer, name)
    picture, sound = _chosen(header.streams, name)
    tracks = {
        stream.index: Track(stream.tick_s, ends_at_jump=container.demuxer in WITHOUT_INDEX)
        for stream in (picture, sound)
        if stream
    }
    if tracks:
        scan(path, container.demuxer, tracks, name)
    video = _video(picture, tracks[picture.index], header) if picture else None
    if video is not None:
        video = _looked_at(video, path, container.demuxer, name)
    return Probe(
        container,
        video,
        _audio(sound, tracks[sound.index], header) if sound else None,
    )


def _chosen(streams: Sequence[Stream], name: str) -> tuple[Stream | None, Stream | None]:
    pictures = [stream for stream in streams if stream.is_picture]
    sounds = [stream for stream in streams if stream.codec_type == "audio"]
    if len(pictures) > MAX_VIDEO_STREAMS:
        raise LimitReached(
            "too_many_streams",
            f"{name} has {len(pictures)} video tracks; it may have {MAX_VIDEO_STREAMS}.",
        )
    if not any(stream.is_known for stream in pictures or sounds) and (pictures or sounds):
        codec = (pictures or sounds)[0].codec_name or "an unknown codec"
        raise UnsupportedMedia(
            "unsupported_codec",
            f"{name} is coded with {codec}, which is not taken. "
            f"Convert it to {'MP4 with H.264' if pictures else 'MP3 or WAV'}, and try again.",
        )
    picture = next((stream for stream in pictures if _is_usable_picture(stream)), None)
    if picture is not None:
        _check_size(picture, name)
    return picture, next((stream for stream in sounds if _is_usable_sound(stream)), None)


def _is_usable_picture(stream: Stream) -> bool:
    return stream.is_known and stream.tick_s > 0 and min(stream.width, stream.height) > 0


def _is_usable_sound(stream: Stream) -> bool:
    return stream.is_known and stream.tick_s > 0 and min(stream.sample_rate, stream.channels) > 0


def _check_size(stream: Stream, name: str) -> None:
    size = f"{name} is {stream.width} × {stream.height} pixels"
    if max(stream.width, stream.height) > MAX_VIDEO_SIDE_PX:
        raise LimitReached(
            "too_many_pixels", f"{size}; a video's long side may have {MAX_VIDEO_SIDE_PX:,}."
        )
    if stream.width * stream.height > MAX_VIDEO_PIXELS:
        raise LimitReached(
            "too_many_pixels",
            f"{size}; a video may have {MAX_VIDEO_PIXELS // 1_000_000} million in all.",
        )


def _video(stream: Stream, track: Track, header: Header) -> VideoStream | None:
    if track.count == 0:
        return None
    aspect = _sample_aspect(stream)
    rotation_deg, is_mirrored = stream.orientation()
    shown = max(1, _rounded(stream.width * aspect)), stream.height
    width, height = shown if rotation_deg % 180 == 0 else shown[::-1]
    return VideoStream(
        index=stream.index,
        codec=stream.codec_name,
        width=width,
        height=height,
        coded_width=stream.width,
        coded_height=stream.height,
        rotation_deg=rotation_deg,
        is_mirrored=is_mirrored,
        sample_aspect=aspect,
        frame_rate=_frame_rate(stream, track),
        is_variable_rate=track.is_irregular,
        is_interlaced=stream.field_order in INTERLACED,
        pixel_format=stream.pix_fmt,
        kept_pictures=kept_pictures(stream.codec_name, stream.level, stream.width * stream.height),
        tells_order=tells_order(stream.codec_name, stream.parameters()),
        color_range=stream.color_range,
        color_space=stream.color_space,
        color_primaries=stream.color_primaries,
        color_transfer=stream.color_transfer,
        start_us=track.start_us,
        duration_us=track.duration_us,
        header_duration_us=header.duration_us(stream),
        frame_count=track.count,
        longest_gop_us=track.longest_gop_us,
        longest_gap_us=track.longest_gap_us,
        keyframes_us=track.keyframes_us,
        begins_us=track.begins_us,
    )


def _looked_at(video: VideoStream, path: Path, demuxer: str, name: str) -> VideoStream:
    lag = lag_us(path, demuxer, video.index, video.start_us, name)
    keys = [key for key in video.keyframes_us if key > video.start_us]
    refreshed = False
    if video.codec == "h264" and demuxer not in WITHOUT_INDEX and keys:
        late_us = lag + int(1_500_000 / (video.frame_rate or 1))
        refreshed = is_refreshed(path, demuxer, video.index, keys[0], late_us, name)
    return replace(video, lag_us=lag, is_refreshed=refreshed)


def _sample_aspect(stream: Stream) -> Fraction:
    """How wide a sample is shown for its height: 1 where that isn't said, or is next to it.

    What resizes to even sides, as FFmpeg's "-2", writes 2560:2561 for what it rounded. Nobody can
    see that, and every picture would be scaled by a column.
    """
    aspect = ratio(stream.sample_aspect_ratio)
    is_square = aspect <= 0 or abs(aspect - 1) < NEARLY_SQUARE
    return Fraction(1) if is_square else aspect


def _rounded(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


def _frame_rate(stream: Stream, track: Track) -> Fraction:
    """The header's rate where the packets bear it out, for it is exact; else the packets' own.

    An average may be a tenth off, for a truncated film lacks frames.
    """
    measured = track.packet_rate
    nominal, average = ratio(stream.r_frame_rate), ratio(stream.avg_frame_rate)
    if not track.is_irregular and abs(nominal - measured) < measured / 200:
        return _standard(nominal)
    is_borne_out = measured == 0 or abs(average - measured) <= measured / 10
    return _standard(average if is_borne_out else measured)


def _standard(rate: Fraction) -> Fraction:
    """The usual rate that is meant: Matroska's clock makes 19001/317 of 60000/1001."""
    return next((usual for usual in FRAME_RATES.values() if abs(rate / usual - 1) < 1e-4), rate)


def _audio(stream: Stream, track: Track, header: Header) -> AudioStream | None:
    if track.count == 0:
        return None
    # Opus and Vorbis begin before zero, to warm the decoder up. That is never heard.
    start_us = max(0, track.start_us)
    return AudioStream(
        index=stream.index,
        codec=stream.codec_name,
        sample_rate=stream.sample_rate,
        channels=stream.channels,
        start_us=start_us,
        duration_us=track.start_us + track.duration_us - start_us,
        header_duration_us=header.duration_us(stream),
    )
