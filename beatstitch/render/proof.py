"""What was measured of a file that FFmpeg made: its packets, its keyframes, and what went in.

A chunk is proved once, when it is rendered, and its proof is kept beside it; the finished film is
measured by FFmpeg and held against the proofs of its chunks (`sync`). What FFmpeg measures are
texts of its framehash muxer: https://ffmpeg.org/ffmpeg-formats.html#framehash
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from math import gcd
from typing import Literal

from pydantic import FiniteFloat, TypeAdapter

from beatstitch.documents import read_json
from beatstitch.errors import BeatstitchError
from beatstitch.render.chunk import Chunk
from beatstitch.render.command import Output
from beatstitch.render.graph import TINY_HEIGHT, TINY_WIDTH
from beatstitch.render.profile import Profile

TINY_BYTES = TINY_WIDTH * TINY_HEIGHT
# What packets are told apart by. Reports from before it was said in them used murmur3.
PacketHash = Literal["sha256", "murmur3"]
PACKET_HASH: PacketHash = "sha256"
# Copying shows every packet; decoding is asked for keyframes alone, at a twentieth of the cost.
MEASURE_INPUT = ("-threads", "1", "-skip_frame:v", "nokey")
HASHED = ("-f", "framehash", "-hash")
PACKETS_FILE, KEYFRAMES_FILE, SOUND_FILE = "packets.txt", "keyframes.txt", "sound.txt"
KEYFRAMES_OUTPUT = Output(
    ("-map", "0:v:0", "-vsync", "passthrough", *HASHED, "murmur3"), KEYFRAMES_FILE
)
# Every frame, shrunk like TINY; the first that doesn't decode ends it.
LOOK_INPUT = ("-threads", "1", "-err_detect", "explode")
LOOK_OUTPUT = Output(
    (
        *("-xerror", "-map", "0:v:0", "-vsync", "passthrough", "-vf"),
        f"scale={TINY_WIDTH}:{TINY_HEIGHT}:flags=neighbor,format=gray",
        *("-f", "rawvideo"),
    ),
    "look.gray",
)


class ChunkUnfit(BeatstitchError):
    """A rendered chunk isn't what its plan asked for, so it was not kept. `short_of` frames are
    missing at its end; 0 when something else is wrong."""

    def __init__(self, message: str, short_of: int = 0) -> None:
        super().__init__("chunk_unfit", message)
        self.short_of = short_of


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet as it lies in a file; times in ticks of the file's track."""

    dts: int
    pts: int
    size: int
    hash: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The packets of one stream, or its decoded pictures; `end` is when the last of them is over,
    in ticks."""

    tick_s: Fraction
    extradata: str
    packets: tuple[Packet, ...]
    end: int = 0

    @property
    def start_us(self) -> int:
        """When it is first seen or heard. What lies before 0 is only there to be decoded, as are
        the first 1024 samples of AAC."""
        first = min((packet.pts for packet in self.packets if packet.pts >= 0), default=0)
        return round(first * self.tick_s * 1_000_000)

    @property
    def duration_us(self) -> int:
        """From there to its end."""
        return round(self.end * self.tick_s * 1_000_000) - self.start_us

    def frames(self, rate: Fraction) -> list[int | Fraction]:
        """Which frame of the film each packet shows; whole numbers where it lies as it should."""
        return frames_of(self.packets, self.tick_s * rate)


@dataclass(frozen=True, slots=True)
class Proof:
    """A chunk as it was measured: `cuts` are the hashes of the keyframes' packets at its cuts, by
    frame number, `tiny` the pictures that went into the encoder at, and just before, each cut, in
    hex."""

    frames: int
    extradata: str
    packets: tuple[Packet, ...]
    cuts: dict[int, str]
    tiny: dict[int, str]

    def is_of(self, chunk: Chunk) -> bool:
        """Whether it can be this chunk's: as long, with cuts and pictures at its places."""
        return (
            self.frames == chunk.frames == len(self.packets)
            and self.cuts.keys() == set(chunk.cut_frames)
            and self.tiny.keys() == _looked_at(chunk)
        )


@dataclass(frozen=True, slots=True)
class AudioLag:
    """How much later than in the song a stretch of the film's sound is heard, by correlation."""

    at_ms: int
    lag_ms: FiniteFloat


@dataclass(frozen=True, slots=True)
class SongProof:
    """The encoded song as it was measured: all its packets in one hash (`packets_sha256`), and how
    far it is from its source."""

    packets_sha256: str
    lags: tuple[AudioLag, ...]


_PROOF: TypeAdapter[Proof] = TypeAdapter(Proof)
_SONG_PROOF: TypeAdapter[SongProof] = TypeAdapter(SongProof)


def proof_json(proof: Proof) -> bytes:
    """The proof's file."""
    return _PROOF.dump_json(proof)


def read_proof(document: bytes) -> Proof:
    """Read what `proof_json` wrote. Raises Invalid."""
    return read_json(_PROOF, document, "bad_proof")


def song_proof_json(proof: SongProof) -> bytes:
    """The file of the song's proof."""
    return _SONG_PROOF.dump_json(proof)


def read_song_proof(document: bytes) -> SongProof:
    """Read what `song_proof_json` wrote. Raises Invalid."""
    return read_json(_SONG_PROOF, document, "bad_proof")


def packet_outputs(packet_hash: PacketHash) -> tuple[Output, ...]:
    """What the packets of a film are measured with."""
    return (
        Output(("-map", "0:v:0", "-c", "copy", *HASHED, packet_hash), PACKETS_FILE),
        Output(("-map", "0:a:0", "-c", "copy", *HASHED, packet_hash), SOUND_FILE),
    )


def packets_sha256(packets: Listing) -> str:
    """One hash of a stream's packets and their times, whatever container they lie in."""
    up, down = packets.tick_s.as_integer_ratio()
    # The canonical JSON of a list of lists, written out by hand: a film has thousands.
    rows = (f'["{_seconds(p.pts * up, down)}",{p.size},"{p.hash}"]' for p in packets.packets)
    return sha256(f"[{','.join(rows)}]".encode()).hexdigest()


def _seconds(up: int, down: int) -> str:
    """As a Fraction says it, in a tenth of the time."""
    common = gcd(up, down)
    whole = down == common
    return str(up // common) if whole else f"{up // common}/{down // common}"


def read_listing(text: str) -> Listing:
    """Parse the framehash muxer's text. A file without a packet gives an empty listing."""
    tick_s, extradata, packets, end = Fraction(1), "", [], 0
    for line in text.splitlines():
        if line.startswith("#tb 0:"):
            tick_s = Fraction(line.split(":")[1].strip())
        elif line.startswith("#extradata 0"):
            extradata = line.rsplit(",", 1)[1].strip()
        elif line and not line.startswith("#"):
            # Side data may follow, such as how much of AAC's first packet is not to be heard.
            _, dts, pts, ticks, size, digest = line.split(",", 6)[:6]
            packets.append(Packet(int(dts), int(pts), int(size), digest.strip()))
            end = max(end, packets[-1].pts + int(ticks))
    return Listing(tick_s, extradata, tuple(packets), end)


def prove(
    chunk: Chunk, profile: Profile, packets: Listing, keyframes: Collection[int], tiny: bytes
) -> Proof:
    """The proof of a rendered chunk; `keyframes` are the pts of packets that decoding may begin
    with. Raises ChunkUnfit when frames are missing or doubled, lie off their places, or when a cut
    has no keyframe."""
    if len(packets.packets) != chunk.frames or len(tiny) != chunk.frames * TINY_BYTES:
        short_of = max(0, chunk.frames - len(packets.packets))
        why = f"A chunk of {chunk.frames} frames came out with {len(packets.packets)}."
        if short_of:
            why += (
                " A clip in it breaks off before its file says; it is being measured to its end. "
                "Build the timeline again then."
            )
        raise ChunkUnfit(why, short_of)
    places = packets.frames(profile.frame_rate)
    if sorted(places) != list(range(chunk.frames)):
        raise ChunkUnfit("The frames of a chunk don't lie evenly from 0.")
    keys = {
        place: packet.hash
        for place, packet in zip(places, packets.packets, strict=True)
        if packet.pts in keyframes
    }
    missing = set(chunk.cut_frames) - keys.keys()
    if missing:
        raise ChunkUnfit(f"A chunk has no keyframe at its cut in frame {min(missing)}.")
    return Proof(
        frames=chunk.frames,
        extradata=packets.extradata,
        packets=packets.packets,
        cuts={frame: keys[frame] for frame in chunk.cut_frames},
        tiny={
            f: tiny[f * TINY_BYTES : (f + 1) * TINY_BYTES].hex() for f in sorted(_looked_at(chunk))
        },
    )


def _looked_at(chunk: Chunk) -> set[int]:
    """The frames whose pictures are kept: at, and just before, each cut, and the last."""
    return {chunk.frames - 1, *(c for f in chunk.cut_frames for c in (f - 1, f) if c >= 0)}


def frames_of(packets: Sequence[Packet], frames_a_tick: Fraction) -> list[int | Fraction]:
    """Which frame each packet shows."""
    # In integers, for this is asked of every frame of an hour's film; Fractions take 20 times that.
    up, down = frames_a_tick.as_integer_ratio()
    return [
        packet.pts * up // down if packet.pts * up % down == 0 else Fraction(packet.pts * up, down)
        for packet in packets
    ]


def hashes_by_frame(listing: Listing, rate: Fraction) -> dict[int, str]:
    """The hash of each packet, or decoded picture, that lies on a frame of the film."""
    return {
        frame: packet.hash
        for frame, packet in zip(listing.frames(rate), listing.packets, strict=True)
        if isinstance(frame, int)
    }
