"""Whether a film is still what its sync report measured: the same packets, the same pictures at the
cuts, and, looked at frame by frame, nothing that doesn't play.

Knows the report and what was measured of the film anew; refuses to know its timeline, its media and
its chunks, which may be long gone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from beatstitch.render.proof import TINY_BYTES, Listing, hashes_by_frame, packets_sha256
from beatstitch.render.sync import Streams, SyncReport

# A picture whose brightest of 32 x 18 points is below this is black to the eye (16 is black in TV
# range; encoders leave it a few above).
BLACK = 24


@dataclass(frozen=True, slots=True)
class Look:
    """Every frame of a film, decoded and shrunk to 32 x 18 grey points."""

    frames: Sequence[bytes]

    @staticmethod
    def of(raw: bytes) -> "Look":
        """From FFmpeg's raw video."""
        return Look([raw[i : i + TINY_BYTES] for i in range(0, len(raw), TINY_BYTES)])

    @property
    def black_frames(self) -> int:
        """How many are black all over."""
        return sum(max(frame) < BLACK for frame in self.frames)

    @property
    def longest_still(self) -> int:
        """The most frames in a row that are the same picture, point by point."""
        longest = run = 1
        for before, frame in zip(self.frames, self.frames[1:], strict=False):
            run = run + 1 if frame == before else 1
            longest = max(longest, run)
        return longest


def differences(
    report: SyncReport,
    packets: Listing,
    keyframes: Listing,
    sound: Listing,
    look: Look | None = None,
) -> tuple[str, ...]:
    """What is not as it was measured, in sentences; nothing for a film that still is.

    With a `look` at every frame also whether all of them decode and each cut is seen where it was.
    """
    return (
        *_faults_then(report),
        *_packets(report, packets, sound),
        *_cuts(report, keyframes),
        *_lengths(report, Streams.of(packets, sound)),
        *(_seen(report, look) if look else ()),
    )


def _faults_then(report: SyncReport) -> Iterator[str]:
    for fault in report.faults:
        yield f"The report itself says: {fault}"


def _packets(report: SyncReport, packets: Listing, sound: Listing) -> Iterator[str]:
    if packets_sha256(sound) != report.sound_sha256:
        yield "The sound was changed: its packets are other ones than the report measured."
    if packets_sha256(packets) == report.packets_sha256:
        return
    found = len(packets.packets)
    if found != report.video_frames:
        yield f"The film has {found} frames; the report measured {report.video_frames}."
    else:
        yield "The picture was changed: its packets are other ones than the report measured."


def _cuts(report: SyncReport, keyframes: Listing) -> Iterator[str]:
    shown = hashes_by_frame(keyframes, Fraction(report.frame_rate))
    wrong = [cut for cut in report.cuts if shown.get(cut.planned_frame) != cut.first_frame_hash]
    if wrong:
        yield (
            f"{len(wrong)} of {len(report.cuts)} cuts don't show their segment's first frame, the "
            f"first of them at {wrong[0].time_ms / 1000:.2f} s."
        )


def _lengths(report: SyncReport, streams: Streams) -> Iterator[str]:
    for what, now_us, then_ms in (
        ("picture", streams.video_duration_us, report.video_duration_ms),
        ("sound", streams.audio_duration_us, report.audio_duration_ms),
    ):
        if abs(now_us / 1000 - then_ms) > 1:
            yield f"The {what} lasts {now_us / 1000:.0f} ms; the report measured {then_ms:.0f} ms."
    offset_ms = (streams.audio_start_us - streams.video_start_us) / 1000
    if abs(offset_ms - report.av_offset_ms) > 1:
        yield (
            f"The sound begins {offset_ms:.1f} ms after the picture; the report measured "
            f"{report.av_offset_ms:.1f} ms."
        )


def _seen(report: SyncReport, look: Look) -> Iterator[str]:
    if len(look.frames) != report.video_frames:
        yield (
            f"{len(look.frames)} frames can be decoded; the report measured {report.video_frames}."
        )
        return
    unseen = [
        cut
        for cut in report.cuts
        if cut.previous_frame_differs
        and look.frames[cut.planned_frame] == look.frames[cut.planned_frame - 1]
    ]
    if unseen:
        yield f"{len(unseen)} cuts can't be seen: the picture before is the same."
