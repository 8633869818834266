"""What a film is delivered as, beside what its timeline says: for which platform, in which shape,
how well and how loud. Wishes only; `profile` makes settings of an encoder of them.
"""

from dataclasses import dataclass
from typing import Literal

PlatformName = Literal["youtube", "instagram_reel", "instagram_square", "tiktok"]
Codec = Literal["h264", "h265"]
Quality = Literal["draft", "medium", "high"]
Aspect = Literal["16:9", "9:16", "1:1", "4:5", "4:3"]
# Integrated loudness after ITU-R BS.1770, in LUFS: -23 is EBU R 128 (television), -16 is the usual
# target of podcasts and of Apple's "Sound Check", -14 what YouTube, Spotify and TikTok play at.
Loudness = Literal["none", "-14", "-16", "-23"]


@dataclass(frozen=True, slots=True)
class Target:
    """How the user wants this film delivered. What is None is as the timeline or platform say."""

    profile: PlatformName | None = None
    codec: Codec = "h264"
    quality: Quality = "medium"
    aspect: Aspect | None = None
    loudness: Loudness | None = None


AS_PLANNED = Target()


@dataclass(frozen=True, slots=True)
class Platform:
    """What a platform documents of the files that it takes. `width` and `height` are None where
    it takes any shape."""

    width: int | None
    height: int | None
    audio_bitrate: str
    max_bitrate_kbps: int | None
    loudness: Loudness


PLATFORMS: dict[PlatformName, Platform] = {
    # YouTube Help, "Recommended upload encoding settings": MP4 with the index in front, H.264
    # high profile, closed GOP, two B-frames, 4:2:0, BT.709, AAC-LC in stereo at 384 kbit/s. It
    # encodes anew, so its bit rates are no caps; it plays at -14 LUFS ("Stats for nerds").
    "youtube": Platform(None, None, "384k", None, "-14"),
    # Instagram Platform, "IG User Media", Reel specifications: 9:16 recommended, H.264 or HEVC,
    # closed GOP, 4:2:0, 23 to 60 frames a second, at most 25 Mbit/s, AAC at 128 kbit/s. It asks for
    # no edit lists either; they stay, for without them the song would be 23 ms late.
    "instagram_reel": Platform(1080, 1920, "128k", 25_000, "-14"),
    "instagram_square": Platform(1080, 1080, "128k", 25_000, "-14"),
    # TikTok for Developers, "Media Transfer Guide": H.264 recommended, 23 to 60 frames a second,
    # 360 to 4,096 pixels a side. It names no bit rate; twice what its own app uploads is plenty.
    "tiktok": Platform(1080, 1920, "192k", 20_000, "-14"),
}
