"""Whether a film is still what its sync report measured: the same packets, the same pictures at the
cuts, and, looked at frame by frame, nothing that doesn't play.

Knows the report and what was measured of the film anew; refuses to know its timeline, its media and
its chunks, which may be long gone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from beatstitch.render.proof import TINY_BYTES, Listing, hashes_by_frame, packets_sha256
from beatstitch.render.sync import Streams, SyncReport, faults_of, seal_of

# A picture whose brightest of 32 x 18 points is below this is black to the eye (16 is black in TV
# range; encoders leave it a few above).
BLACK = 24
# In frames; errors are reported to a ten-thousandth.
REPORTED = 0.001


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
        *_contradictions(report),
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
    found = len(packets.packets)
    if packets_sha256(packets) == report.packets_sha256:
        if found != report.video_frames:
            yield f"The report was changed: it says {report.video_frames} frames of {found}."
        return
    if found != report.video_frames:
        yield f"The film has {found} frames; the report measured {report.video_frames}."
    else:
        yield "The picture was changed: its packets are other ones than the report measured."


def _contradictions(report: SyncReport) -> Iterator[str]:
    """A seal of something else, figures that don't follow from the cuts, or faults that aren't
    said: written in later."""
    if report.seal and report.seal != seal_of(report):
        yield "The report was changed: it isn't any more what it was sealed as."
    rate = Fraction(report.frame_rate)
    found = [cut for cut in report.cuts if cut.frame is not None]
    off = [float(cut.frame or 0) - cut.time_ms * float(rate) / 1000 for cut in found]
    said = [cut.error_frames or 0.0 for cut in found]
    worst = max(map(abs, off), default=0.0)
    is_same = all(abs(a - b) < REPORTED for a, b in zip(off, said, strict=True))
    if not is_same or abs(worst - report.worst_cut_error_frames) >= REPORTED:
        yield "The report was changed: its errors aren't those of the cuts that it lists."
    worst_ms = worst * 1000 / float(rate)
    if abs(worst_ms - report.worst_cut_error_ms) >= 1000 * REPORTED / float(rate):
        yield "The report was changed: its worst error isn't that of its cuts."
    if report.ok != (not report.faults) or not set(faults_of(report)) <= set(report.faults):
        yield "The report was changed: its figures break promises of which its faults say nothing."


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
        and cut.planned_frame < len(look.frames)
        and look.frames[cut.planned_frame] == look.frames[cut.planned_frame - 1]
    ]
    if unseen:
        yield f"{len(unseen)} cuts can't be seen: the picture before is the same."
