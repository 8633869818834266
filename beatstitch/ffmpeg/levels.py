"""How many pictures a decoder may have to keep of a stream, by its codec and level: what decoding
takes in memory is known by that before anything is decoded. Knows no file.
"""

MOST = 16
# Rec. ITU-T H.264 (2021), table A-1: MaxDpbMbs by level_idc, in macroblocks of 256 pixels.
_H264_BLOCKS = {
    **{9: 396, 10: 396, 11: 900, 12: 2_376, 13: 2_376, 20: 2_376, 21: 4_752, 22: 8_100},
    **{30: 8_100, 31: 18_000, 32: 20_480, 40: 32_768, 41: 32_768, 42: 34_816, 50: 110_400},
    **{51: 184_320, 52: 184_320, 60: 696_320, 61: 696_320, 62: 696_320},
}
# Rec. ITU-T H.265 (2021), table A.8: MaxLumaPs by level_idc, which is 30 times the level.
_H265_PIXELS = {
    **{30: 36_864, 60: 122_880, 63: 245_760, 90: 552_960, 93: 983_040, 120: 2_228_224},
    **{123: 2_228_224, 150: 8_912_896, 153: 8_912_896, 156: 8_912_896},
    **{180: 35_651_584, 183: 35_651_584, 186: 35_651_584},
}
# Eight places for references, of which encoders fill three to five, and dav1d holds one more (nine
# pictures of 4K in a wipe, with what it has in hand); one picture, and nothing before it.
_OTHERS = {"vp9": 5, "av1": 6, "prores": 1, "mjpeg": 1, "dvvideo": 1, "rawvideo": 1}
_USUAL = 4


def kept_pictures(codec: str, level: int, pixels: int) -> int:
    """The most that a stream of that codec, in ffprobe's words, may have its decoder keep of
    pictures with so many pixels. Where the level says nothing, the usual."""
    if codec == "h264" and level in _H264_BLOCKS:
        return max(1, min(MOST, _H264_BLOCKS[level] * 256 // max(1, pixels)))
    if codec == "hevc" and level in _H265_PIXELS:
        # Clause A.4.2: six of the largest that the level allows, more of smaller ones.
        share = pixels / _H265_PIXELS[level]
        return 16 if share <= 1 / 4 else 12 if share <= 1 / 2 else 8 if share <= 3 / 4 else 6
    return _OTHERS.get(codec, _USUAL)
