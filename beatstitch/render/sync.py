"""The sync report: what the finished film was measured to be, beside what it should be.

Every figure comes from the film's file: its packets against those of its proved chunks, the
keyframes that decode in it against the packets that begin its segments in the chunks, its streams'
lengths, and the sound against the song. The plan says only what was wanted.
"""

import itertools
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Annotated

from pydantic import Field, FiniteFloat, TypeAdapter

from beatstitch.documents import digest, read_json
from beatstitch.errors import Invalid
from beatstitch.render.plan import Cut, Plan
from beatstitch.render.proof import (
    PACKET_HASH,
    AudioLag,
    Listing,
    PacketHash,
    Proof,
    SongProof,
    frames_of,
    hashes_by_frame,
    packets_sha256,
)

# The product's promises: half a frame for a cut, a millisecond for the song.
WORST_CUT_FRAMES = 0.5
WORST_AUDIO_LAG_MS = 1.0
# No film has so many; who writes a report by hand may say anything.
Frames = Annotated[int, Field(ge=0, le=10**9)]


@dataclass(frozen=True, slots=True)
class Streams:
    """Where the film's two streams begin and how long they are, in µs, by their packets."""

    video_start_us: int
    video_duration_us: int
    audio_start_us: int
    audio_duration_us: int

    @classmethod
    def of(cls, packets: Listing, sound: Listing) -> "Streams":
        """Of the packets of both."""
        return cls(packets.start_us, packets.duration_us, sound.start_us, sound.duration_us)


@dataclass(frozen=True, slots=True)
class CutReport:
    """One cut. `frame` is where its segment's first frame was found, None if it wasn't.

    `previous_frame_differs` is null for the film's start and the middle of a transition, and may
    be false where two segments look alike where they meet.
    """

    segment_id: int
    time_ms: FiniteFloat
    planned_frame: Frames
    frame: Frames | None
    error_ms: FiniteFloat | None
    error_frames: FiniteFloat | None
    first_frame_matches: bool
    previous_frame_differs: bool | None
    first_frame_hash: str


@dataclass(frozen=True, slots=True)
class SyncReport:
    """How far the film is from its beats. `faults` is empty for a film that keeps its promises.

    `packet_hash` is what the packets' hashes, and with them the two `…_sha256` of streams, are
    made of; reports that don't say it are older than the field. So are those without a `seal`.
    """

    ok: bool
    faults: tuple[str, ...]
    worst_cut_error_ms: FiniteFloat
    worst_cut_error_frames: FiniteFloat
    frame_rate: str
    video_frames: Frames
    planned_frames: Frames
    video_duration_ms: FiniteFloat
    audio_duration_ms: FiniteFloat
    av_offset_ms: FiniteFloat
    audio_lags: tuple[AudioLag, ...]
    packets_changed: int
    irregular_timestamps: int
    decreasing_dts: int
    cuts: tuple[CutReport, ...]
    edl_hash: str
    packets_sha256: str
    sound_sha256: str
    film_sha256: str
    made_with: str
    packet_hash: PacketHash = "murmur3"
    seal: str = ""


_REPORT: TypeAdapter[SyncReport] = TypeAdapter(SyncReport)


def read_report(document: bytes) -> SyncReport:
    """Read what was written of `report_json`. Raises Invalid."""
    report = read_json(_REPORT, document, "bad_report")
    if re.fullmatch(r"[1-9]\d{0,6}/[1-9]\d{0,6}", report.frame_rate) is None:
        raise Invalid("bad_report", "frame_rate must be two whole numbers, such as 30000/1001.")
    return report


def seal_of(report: SyncReport) -> str:
    """A hash of all else that the report says. It tells an edited report and no forged one, for
    whoever writes a report anew can seal it."""
    said = asdict(report)
    del said["seal"]
    return digest(said)


def report_json(report: SyncReport) -> dict[str, object]:
    """The report as files and the API show it."""
    return asdict(report)


def sync_report(
    plan: Plan,
    proofs: Sequence[Proof],
    packets: Listing,
    keyframes: Listing,
    sound: Listing,
    song: SongProof,
    *,
    edl_hash: str,
    film_sha256: str,
    made_with: str,
) -> SyncReport:
    """Hold the measurements of a film against its plan and the proofs of its chunks, in order, and
    of its song, which lies in the film as it was measured if its packets do.

    `made_with` names the tools, for whoever looks at the film later.
    """
    rate = plan.profile.frame_rate
    starts = plan.chunk_starts
    streams = Streams.of(packets, sound)
    sound_sha256 = packets_sha256(sound)
    is_song = sound_sha256 == song.packets_sha256
    shown = _Shown.of(packets, keyframes, rate)
    cuts = tuple(_cut(cut, rate, starts, proofs, shown) for cut in plan.cuts)
    changed = _packets_changed(plan, proofs, packets)
    places = sorted(packets.frames(rate))
    irregular = sum(place != frame for frame, place in enumerate(places))
    stamps = [packet.dts for packet in packets.packets]
    decreasing = sum(later <= earlier for earlier, later in itertools.pairwise(stamps))
    found = [cut for cut in cuts if cut.error_ms is not None and cut.error_frames is not None]
    report = SyncReport(
        ok=True,
        faults=(),
        worst_cut_error_ms=max((abs(c.error_ms or 0.0) for c in found), default=0.0),
        worst_cut_error_frames=max((abs(c.error_frames or 0.0) for c in found), default=0.0),
        frame_rate=f"{rate.numerator}/{rate.denominator}",
        video_frames=len(packets.packets),
        planned_frames=plan.frames,
        video_duration_ms=streams.video_duration_us / 1000,
        audio_duration_ms=streams.audio_duration_us / 1000,
        av_offset_ms=(streams.audio_start_us - streams.video_start_us) / 1000,
        audio_lags=song.lags if is_song else (),
        packets_changed=changed,
        irregular_timestamps=irregular,
        decreasing_dts=decreasing,
        cuts=cuts,
        edl_hash=edl_hash,
        packets_sha256=packets_sha256(packets),
        sound_sha256=sound_sha256,
        film_sha256=film_sha256,
        made_with=made_with,
        packet_hash=PACKET_HASH,
    )
    faults = tuple(faults_of(report))
    if not is_song:
        faults += ("The packets of the sound differ from those of the song.",)
    report = replace(report, ok=not faults, faults=faults)
    return replace(report, seal=seal_of(report))


@dataclass(frozen=True, slots=True)
class _Shown:
    """The film's keyframes that decode, by frame: their `packets`, and the `pictures` that came of
    them; `places` are the frames at which a packet is found, which may be several."""

    packets: dict[int, str]
    pictures: dict[int, str]
    places: dict[str, list[int]]

    @classmethod
    def of(cls, packets: Listing, keyframes: Listing, rate: Fraction) -> "_Shown":
        pictures = hashes_by_frame(keyframes, rate)
        all_packets = hashes_by_frame(packets, rate)
        shown = {frame: all_packets[frame] for frame in pictures if frame in all_packets}
        places: dict[str, list[int]] = {}
        for frame, packet in shown.items():
            places.setdefault(packet, []).append(frame)
        return cls(shown, pictures, places)


def _cut(
    cut: Cut, rate: Fraction, starts: Sequence[int], proofs: Sequence[Proof], shown: _Shown
) -> CutReport:
    """Where the segment's first frame, as its chunk was proved to hold it, is in the film."""
    place, start = _chunk_of(cut.frame, starts)
    kept = proofs[place].cuts[cut.frame - start]
    frame = min(shown.places.get(kept, ()), key=lambda f: abs(f - cut.frame), default=None)
    error_us = None if frame is None else frame * 1_000_000 / rate - cut.time_us
    return CutReport(
        segment_id=cut.segment_id,
        time_ms=cut.time_us / 1000,
        planned_frame=cut.frame,
        frame=frame,
        error_ms=None if error_us is None else round(float(error_us) / 1000, 3),
        error_frames=None if error_us is None else round(float(error_us * rate) / 1e6, 4),
        first_frame_matches=shown.packets.get(cut.frame) == kept,
        previous_frame_differs=_differs(cut, starts, proofs),
        first_frame_hash=shown.pictures.get(cut.frame, ""),
    )


def _differs(cut: Cut, starts: Sequence[int], proofs: Sequence[Proof]) -> bool | None:
    if cut.frame == 0 or cut.is_midpoint:
        return None
    pictures = []
    for frame in (cut.frame - 1, cut.frame):
        place, start = _chunk_of(frame, starts)
        pictures.append(proofs[place].tiny[frame - start])
    return pictures[0] != pictures[1]


def _chunk_of(frame: int, starts: Sequence[int]) -> tuple[int, int]:
    """Which chunk holds a frame of the film, and where that chunk begins."""
    place = bisect_right(starts, frame) - 1
    return place, starts[place]


def _packets_changed(plan: Plan, proofs: Sequence[Proof], packets: Listing) -> int:
    """Packets of the film that aren't, byte for byte and at their place, those of its chunks."""
    rate = plan.profile.frame_rate
    frames_a_tick = rate / plan.profile.timescale
    wanted = [
        (start + frame, packet.size, packet.hash)
        for start, proof in zip(plan.chunk_starts, proofs, strict=True)
        for frame, packet in zip(
            frames_of(proof.packets, frames_a_tick), proof.packets, strict=True
        )
    ]
    got = [
        (frame, packet.size, packet.hash)
        for frame, packet in zip(packets.frames(rate), packets.packets, strict=True)
    ]
    same = sum(a == b for a, b in zip(wanted, got, strict=False))
    return max(len(wanted), len(got)) - same


def faults_of(report: SyncReport) -> list[str]:
    """Which promises a film with these figures doesn't keep, in sentences."""
    frame_ms = float(1000 / Fraction(report.frame_rate))
    found = []
    lost = sum(not cut.first_frame_matches for cut in report.cuts)
    if lost:
        found.append(f"{lost} of {len(report.cuts)} cuts don't begin with their segment's frame.")
    if report.worst_cut_error_frames > WORST_CUT_FRAMES:
        found.append(
            f"A cut is {report.worst_cut_error_frames:.2f} frames off its beat "
            f"({report.worst_cut_error_ms:.1f} ms); {WORST_CUT_FRAMES} is the most."
        )
    if report.video_frames != report.planned_frames:
        found.append(f"The film has {report.video_frames} frames of {report.planned_frames}.")
    for count, what in (
        (report.packets_changed, "packets differ from those of the chunks"),
        (report.irregular_timestamps, "frames lie off their places"),
        (report.decreasing_dts, "decoding times don't rise"),
    ):
        if count:
            found.append(f"{count} {what}.")
    if abs(report.video_duration_ms - report.audio_duration_ms) > frame_ms:
        found.append(
            f"Picture and sound differ in length: {report.video_duration_ms:.1f} ms and "
            f"{report.audio_duration_ms:.1f} ms."
        )
    late = max((abs(lag.lag_ms) for lag in report.audio_lags), default=abs(report.av_offset_ms))
    if late > WORST_AUDIO_LAG_MS:
        found.append(f"The song is {late:.1f} ms off; {WORST_AUDIO_LAG_MS:g} ms is the most.")
    return found
