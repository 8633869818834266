"""What was measured of a file that FFmpeg made: its packets, its keyframes, and what went in.

A chunk is proved once, when it is rendered, and its proof is kept beside it; the finished film is
measured the same way and held against the proofs of its chunks (`sync`). The measurements are
texts of FFmpeg's framehash muxer: https://ffmpeg.org/ffmpeg-formats.html#framehash
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from pydantic import TypeAdapter

from beatstitch.documents import read_json
from beatstitch.errors import BeatstitchError
from beatstitch.render.command import Output
from beatstitch.render.graph import TINY_HEIGHT, TINY_WIDTH
from beatstitch.render.plan import Chunk
from beatstitch.render.profile import Profile

TINY_BYTES = TINY_WIDTH * TINY_HEIGHT
PACKETS_FILE, KEYFRAMES_FILE = "packets.txt", "keyframes.txt"
# Copying shows every packet; decoding is asked for keyframes alone, at a twentieth of the cost.
MEASURE_INPUT = ("-threads", "1", "-skip_frame", "nokey")
_HASHED = ("-map", "0:v:0", "-f", "framehash", "-hash", "murmur3")
MEASURE_OUTPUTS = (
    Output(("-c:v", "copy", *_HASHED), PACKETS_FILE),
    Output(("-vsync", "passthrough", *_HASHED), KEYFRAMES_FILE),
)

SOUND_OPTIONS = ("-map", "0:a:0", "-c:a", "copy", "-f", "framehash", "-hash", "murmur3")
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
    """A packet of video as it lies in a file; times in ticks of the file's track."""

    dts: int
    pts: int
    size: int
    hash: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What the framehash muxer said of one stream."""

    tick_s: Fraction
    extradata: str
    packets: tuple[Packet, ...]

    def at(self, packet: Packet, rate: Fraction) -> Fraction:
        """Which frame of the film a packet shows; a whole number if it lies where it should."""
        return packet.pts * self.tick_s * rate


NOTHING = Listing(Fraction(1), "", ())


@dataclass(frozen=True, slots=True)
class Proof:
    """A chunk as it was measured: `keyframes` are hashes of decoded frames by frame number,
    `tiny` the pictures that went into the encoder at, and just before, each cut, in hex."""

    frames: int
    extradata: str
    packets: tuple[Packet, ...]
    keyframes: dict[int, str]
    tiny: dict[int, str]


_PROOF: TypeAdapter[Proof] = TypeAdapter(Proof)


def proof_json(proof: Proof) -> bytes:
    """The proof's file."""
    return _PROOF.dump_json(proof)


def read_proof(document: bytes) -> Proof:
    """Read what `proof_json` wrote. Raises Invalid."""
    return read_json(_PROOF, document, "bad_proof")


def read_listing(text: str) -> Listing:
    """Parse the framehash muxer's text. A file without a packet gives an empty listing."""
    tick_s, extradata, packets = Fraction(1), "", []
    for line in text.splitlines():
        if line.startswith("#tb 0:"):
            tick_s = Fraction(line.split(":")[1].strip())
        elif line.startswith("#extradata 0"):
            extradata = line.rsplit(",", 1)[1].strip()
        elif line and not line.startswith("#"):
            # Side data may follow, such as how much of AAC's first packet is not to be heard.
            _, dts, pts, _, size, digest = (field.strip() for field in line.split(",")[:6])
            packets.append(Packet(int(dts), int(pts), int(size), digest))
    return Listing(tick_s, extradata, tuple(packets))


def prove(
    chunk: Chunk, profile: Profile, packets: Listing, keyframes: Listing, tiny: bytes
) -> Proof:
    """The proof of a rendered chunk. Raises ChunkUnfit when frames are missing or doubled, lie
    off their places, or when a cut has no keyframe."""
    if len(packets.packets) != chunk.frames or len(tiny) != chunk.frames * TINY_BYTES:
        short_of = max(0, chunk.frames - len(packets.packets))
        why = f"A chunk of {chunk.frames} frames came out with {len(packets.packets)}."
        if short_of:
            why += (
                " A clip in it breaks off before its file says; it is being measured to its end. "
                "Build the timeline again then."
            )
        raise ChunkUnfit(why, short_of)
    places = sorted(packets.at(packet, profile.frame_rate) for packet in packets.packets)
    if places != list(range(chunk.frames)):
        raise ChunkUnfit("The frames of a chunk don't lie evenly from 0.")
    decoded = dict(_keyframes(keyframes, profile.frame_rate))
    missing = set(chunk.cut_frames) - decoded.keys()
    if missing:
        raise ChunkUnfit(f"A chunk has no keyframe at its cut in frame {min(missing)}.")
    wanted = {chunk.frames - 1, *(c for f in chunk.cut_frames for c in (f - 1, f) if c >= 0)}
    return Proof(
        frames=chunk.frames,
        extradata=packets.extradata,
        packets=packets.packets,
        keyframes={frame: decoded[frame] for frame in chunk.cut_frames},
        tiny={f: tiny[f * TINY_BYTES : (f + 1) * TINY_BYTES].hex() for f in sorted(wanted)},
    )


def _keyframes(listing: Listing, rate: Fraction) -> Iterator[tuple[int, str]]:
    for packet in listing.packets:
        place = listing.at(packet, rate)
        if place.denominator == 1:
            yield int(place), packet.hash


def keyframe_hashes(listing: Listing, rate: Fraction) -> dict[int, str]:
    """The hash of each decoded keyframe that lies on a frame of the film, by frame number."""
    return dict(_keyframes(listing, rate))
