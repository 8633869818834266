"""`make bench-memory`: the largest process of a film, for the kinds of film that take most.

Every film is short and has a cut or a transition on each beat, for what counts is how many media
one FFmpeg opens at once; a longer film has more chunks and none that is larger.
"""

import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from beatstitch.render.profile import Profile, final
from beatstitch.render.target import AS_PLANNED, Target
from beatstitch.timeline.settings import TimelineSettings
from costs import say, taken
from films import made, ordered
from footage import ffmpeg
from reel import BT709, PHONE, Reel, reel, taken_in, timeline

SECONDS = 2
AIM_MB, AIM_LARGE_MB = 300, 600
LARGE = "scale=3840:2160,noise=alls=4:allf=t"
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-pix_fmt", "yuv420p10le")
# As many references as HEVC's level 5.1 allows in 4K, and a pyramid of B-frames.
DEEP = "log-level=error:ref=5:bframes=4:b-pyramid=1:keyint=30"
BT2100 = ("-colorspace", "bt2020nc", "-color_primaries", "bt2020")
CODED: Mapping[str, tuple[str, ...]] = {
    "4K": (*PHONE, *BT709),
    "4K PQ": (*X265, "-x265-params", DEEP, *BT2100, "-color_trc", "smpte2084"),
    "4K HLG": (*X265, "-x265-params", DEEP, *BT2100, "-color_trc", "arib-std-b67"),
}
IN_4K = {"output_width": 3840, "output_height": 2160}


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of film: of which footage, how it is cut and what it is delivered as."""

    footage: str
    transition: str = "cut"
    target: Target = AS_PLANNED
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is, in a few words."""
        size = " in 4K" if self.settings else ""
        return f"{self.footage}, {self.transition}, {self.target.codec} {self.target.quality}{size}"

    @property
    def aim_mb(self) -> int:
        """What its largest process may take."""
        return AIM_LARGE_MB if "4K" in self.name else AIM_MB


HIGH, H265 = Target(quality="high"), Target(codec="h265")
CASES = (
    *(Case(which, kind) for which in ("clips", "photos") for kind in ("cut", "wipe_left")),
    *(Case("clips", "wipe_left", target) for target in (HIGH, replace(HIGH, codec="h265"))),
    *(Case(which, kind) for which in CODED for kind in ("cut", "crossfade")),
    *(Case("4K", kind, settings=IN_4K) for kind in ("cut", "crossfade")),
    *(Case("4K", "cut", target, IN_4K) for target in (HIGH, H265)),
    Case("photos", "wipe_left", settings=IN_4K),
)


def main() -> None:
    """Make the footage and the films whose names hold what is asked for, or all of them."""
    with tempfile.TemporaryDirectory() as folder:
        footage = reel(Path(folder))
        kinds: dict[str, Reel] = {}
        say("largest process of a film", "MB", "aim MB")
        for case in CASES:
            if all(word in case.name for word in sys.argv[1:]):
                if case.footage not in kinds:
                    kinds[case.footage] = _footage(case.footage, footage)
                shown = kinds[case.footage]
                edl = timeline(
                    shown,
                    SECONDS,
                    beats_per_cut=1,
                    transition_type=case.transition,
                    **case.settings,
                )
                run = taken(partial(made, ordered(edl, shown, partial(_final, case.target)), shown))
                say(case.name, f"{run.peak_mb:.0f}", str(case.aim_mb))


def _final(target: Target, settings: TimelineSettings) -> Profile:
    return final(settings, target)


def _footage(which: str, footage: Reel) -> Reel:
    if which == "photos":
        return footage.photos_only()
    clips = {k: s for k, s in footage.sources.items() if s.media_type == "video"}
    if which == "clips":
        return replace(footage, sources=clips)
    folder = footage.folder / which
    folder.mkdir()
    frames = ("-frames:v", str(30 * SECONDS))
    first = next(iter(clips.values())).key
    ffmpeg("-i", first, "-vf", LARGE, *frames, *CODED[which], folder / "0.mp4")
    shutil.copyfile(folder / "0.mp4", folder / "1.mp4")
    paths = sorted(folder.glob("?.mp4"))
    large = {str(path): replace(taken_in(path, folder), id=str(path)) for path in paths}
    return replace(footage, sources=large)


if __name__ == "__main__":
    main()
