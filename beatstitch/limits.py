"""What a user may ask for. (What a job may take: `jobs.KINDS`; what a deployment may change:
`settings`.) The numbers are those of the product's limits table.
"""

from fractions import Fraction

FRAME_RATES: dict[str, Fraction] = {
    "23.976": Fraction(24000, 1001),
    "24": Fraction(24),
    "25": Fraction(25),
    "29.97": Fraction(30000, 1001),
    "30": Fraction(30),
    "50": Fraction(50),
    "59.94": Fraction(60000, 1001),
    "60": Fraction(60),
}
BEATS_PER_CUT = (1, 2, 4, 8, 16)
MAX_TRANSITION_MS = 2_000
MIN_CLIP_GAIN_DB, MAX_CLIP_GAIN_DB = -40, 12
MAX_PULSE = 0.25
MAX_SEGMENTS = 5_000
MAX_TIMELINE_VERSIONS = 100
MIN_SOURCE_RANGE_MS = 100

MAX_OUTPUT_SIDE_PX = 3_840
MIN_OUTPUT_SIDE_PX = 64

MAX_IMAGE_PIXELS = 120_000_000
MAX_IMAGE_SIDE_PX = 16_384
MAX_ANIMATION_PICTURES = 5_000
MAX_ANIMATION_PIXELS = 600_000_000
MAX_VIDEO_PIXELS = 36_000_000
MAX_VIDEO_SIDE_PX = 8_192
MAX_VIDEO_STREAMS = 8
MAX_VIDEO_S = 600
MAX_SONG_S = 90 * 60

MIN_BPM = 20.0
MAX_BPM = 400.0
# Beats in a bar that a detector can be asked to count.
MIN_METRE = 2
MAX_METRE = 12

MAX_MEDIA_PER_PROJECT = 50
MAX_RENDERS_PER_USER = 2
MAX_KEYS_PER_USER = 20
MAX_PRESETS_PER_USER = 50
MAX_PAGE = 100
