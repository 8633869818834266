"""Which of FFmpeg's decoders may meet a stranger's bytes, and how every input is opened.

A white list, for the rare decoders are where the holes are: MagicYUV (CVE-2026-8461), the tracker
players of libopenmpt, librsvg, the terminal renderer and some 450 others stay shut.
"""

from collections.abc import Sequence
from pathlib import Path

from beatstitch.limits import MAX_IMAGE_PIXELS, MAX_VIDEO_PIXELS

DECODERS = (
    # what cameras, phones and the usual editors write
    *("h264", "hevc", "mpeg4", "h263", "vp8", "vp9", "av1", "libdav1d", "prores", "mjpeg"),
    *("mpeg1video", "mpeg2video", "dvvideo", "rawvideo", "ffv1", "theora"),
    # photos, and covers in songs
    *("png", "gif", "webp", "bmp"),
    # sound
    *("aac", "aac_latm", "mp3", "mp3float", "mp2", "mp2float", "ac3", "eac3", "opus", "vorbis"),
    *("flac", "alac", "amrnb", "amrwb", "adpcm_ima_wav", "adpcm_ms", "pcm_alaw", "pcm_mulaw"),
    *("pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le"),
    *("pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be"),
)
CODECS = frozenset((*DECODERS, "amr_nb", "amr_wb"))
"""The same as ffprobe names codecs, which is not always as it names their decoders."""

BESIDE_SOUND = ("dca", "truehd", "mlp", "wavpack", "wmav1", "wmav2", "wmapro")
SUBTITLES = (
    "srt",
    "subrip",
    "ass",
    "ssa",
    "mov_text",
    "webvtt",
    "text",
    "dvdsub",
    "dvbsub",
    "pgssub",
)
"""What may lie beside a picture that is used. ffprobe opens a decoder for every stream and gives up
if one is refused, so that a film with subtitles could not be probed; it hands them no data."""

MAX_STREAMS = 32
"""A phone's clip has up to ten: a picture, two sounds and tracks of metadata."""


def opened(path: Path, demuxer: str, options: Sequence[str] = ()) -> list[str]:
    """The arguments with which ffmpeg opens one file, and nothing that the file may name.

    The demuxer is forced and is the only one allowed, so that no probing picks a playlist; "file:"
    keeps a name with a colon from being a protocol. A "concat" list is ours and names our own mp4
    chunks.
    """
    demuxers = "concat,mov" if demuxer == "concat" else demuxer
    is_photo = demuxer == "gif" or demuxer.endswith("_pipe")
    pixels = MAX_IMAGE_PIXELS if is_photo else MAX_VIDEO_PIXELS
    return [
        *("-protocol_whitelist", "file", "-format_whitelist", demuxers),
        *("-codec_whitelist", ",".join(DECODERS), "-max_pixels", str(pixels)),
        *("-max_streams", str(MAX_STREAMS), "-f", demuxer),
        *(*options, "-i", f"file:{path.absolute()}"),
    ]


def probed(path: Path, demuxer: str) -> list[str]:
    """The same for ffprobe, which looks through 20 MB or 10 s: some streams begin late."""
    beside = ("-codec_whitelist:a", ",".join((*DECODERS, *BESIDE_SOUND)))
    subtitles = ("-codec_whitelist:s", ",".join(SUBTITLES))
    patience = ("-threads", "1", "-probesize", "20M", "-analyzeduration", "10M")
    return opened(path, demuxer, (*beside, *subtitles, *patience))
