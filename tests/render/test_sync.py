"""The sync report says what was measured, and a film that is off never passes."""

from dataclasses import replace
from fractions import Fraction

import pytest

from beatstitch.documents import digest
from beatstitch.errors import Invalid
from beatstitch.render.chunk import Chunk, Layer, Piece
from beatstitch.render.plan import Cut, Plan
from beatstitch.render.profile import final
from beatstitch.render.proof import (
    TINY_BYTES,
    AudioLag,
    ChunkUnfit,
    Listing,
    Packet,
    Proof,
    SongProof,
    packets_sha256,
    proof_json,
    prove,
    read_listing,
    read_proof,
)
from beatstitch.render.source import Source
from beatstitch.render.sync import SyncReport, sync_report
from beatstitch.timeline.settings import read_settings

PROFILE = final(read_settings({}))
SOURCE = Source("p", "p", "aa", "image", "jpeg_pipe", 64, 36)
TICK = Fraction(1, 30)
FRAMES = 3


def piece(first: int) -> Piece:
    """A segment of three frames."""
    return Piece(first, FRAMES, (Layer(SOURCE),), cut_frame=0)


def listing(first: int, count: int, hashes: str) -> Listing:
    """Packets of consecutive frames, in the order of display."""
    packets = (Packet(first + i, first + i, 100, f"{hashes}{first + i}") for i in range(count))
    return Listing(TICK, "e", tuple(packets), first + count)


def proof_of(number: int) -> Proof:
    """The proof of the chunk with this number: its packets count from 0, as in its own file."""
    first = number * FRAMES
    packets = tuple(
        replace(packet, pts=packet.pts - first, dts=packet.dts - first)
        for packet in listing(first, FRAMES, "p").packets
    )
    return Proof(FRAMES, "e", packets, {0: f"p{first}"}, {0: f"{number}a", 2: f"{number}b"})


PLAN = Plan(
    PROFILE,
    tuple(Chunk((piece(n * FRAMES),)) for n in range(3)),
    (Cut(0, 0, 1), Cut(3, 100_000, 2), Cut(6, 210_000, 3)),
    0,
)
SOUND = Listing(Fraction(1, 1000), "a", (Packet(-23, -23, 4, "a0"), Packet(0, 0, 4, "a1")), 300)


def report(
    packets: Listing | None = None,
    keyframes: dict[int, str] | None = None,
    sound: Listing = SOUND,
    lags: tuple[AudioLag, ...] = (),
    song: Listing = SOUND,
    plan: Plan = PLAN,
) -> SyncReport:
    """The report of a film that is as planned but for what is given."""
    shown = keyframes or {0: "k0", 3: "k3", 6: "k6"}
    decoded = Listing(TICK, "", tuple(Packet(f, f, 9, h) for f, h in shown.items()))
    return sync_report(
        plan,
        [proof_of(n) for n in range(3)],
        packets or listing(0, 9, "p"),
        decoded,
        sound,
        SongProof(packets_sha256(song), lags),
        edl_hash="hash",
        film_sha256="film",
        made_with="tools",
    )


def test_a_film_as_planned_passes_with_its_worst_cut() -> None:
    good = report()

    assert good.ok
    assert good.worst_cut_error_ms == 10
    assert good.worst_cut_error_frames == 0.3
    assert [cut.first_frame_matches for cut in good.cuts] == [True, True, True]
    assert [cut.previous_frame_differs for cut in good.cuts] == [None, True, True]


def test_the_middle_of_a_transition_need_not_be_seen_as_a_cut() -> None:
    meets = replace(PLAN, cuts=(*PLAN.cuts[:2], replace(PLAN.cuts[2], is_midpoint=True)))

    differ = [cut.previous_frame_differs for cut in report(plan=meets).cuts]

    assert differ == [None, True, None]


def test_a_segment_found_a_frame_late_is_measured_there_and_fails() -> None:
    doubled = ("p0", "p1", "p2", "p2", "p3", "p4", "p6", "p7", "p8")
    packets = tuple(Packet(n, n, 100, name) for n, name in enumerate(doubled))

    late = report(Listing(TICK, "e", packets, 9), keyframes={0: "k0", 4: "k3", 6: "k6"})

    assert not late.ok
    assert (late.cuts[1].frame, late.cuts[1].error_frames) == (4, 1.0)
    assert "1 of 3 cuts don't begin with their segment's frame." in late.faults


def test_a_cut_planned_off_its_beat_fails() -> None:
    off = replace(PLAN, cuts=(PLAN.cuts[0], replace(PLAN.cuts[1], time_us=120_000), PLAN.cuts[2]))

    bad = report(plan=off)

    assert any("0.60 frames off its beat" in fault for fault in bad.faults)


def test_a_segment_whose_first_packet_is_nowhere_in_the_film_fails() -> None:
    packets = tuple(
        replace(p, hash="other") if p.pts == 3 else p for p in listing(0, 9, "p").packets
    )

    lost = report(Listing(TICK, "e", packets, 9))

    assert lost.cuts[1].frame is None
    assert "1 of 3 cuts don't begin with their segment's frame." in lost.faults


def test_a_cut_whose_picture_does_not_decode_as_a_keyframe_fails() -> None:
    lost = report(keyframes={0: "k0", 6: "k6"})

    assert (lost.cuts[1].frame, lost.cuts[1].first_frame_hash) == (None, "")
    assert not lost.ok


@pytest.mark.parametrize(
    ("packets", "says"),
    [
        (listing(0, 8, "p"), "8 frames of 9"),
        (listing(0, 9, "x"), "9 packets differ"),
        (
            Listing(TICK, "e", (*listing(0, 8, "p").packets, Packet(9, 9, 100, "p8")), 9),
            "1 frames lie off their places",
        ),
        (
            Listing(TICK, "e", (*listing(0, 8, "p").packets, Packet(7, 8, 100, "p8")), 9),
            "1 decoding times don't rise",
        ),
    ],
)
def test_what_the_join_did_to_the_packets_is_seen(packets: Listing, says: str) -> None:
    assert any(says in fault for fault in report(packets=packets).faults)


def test_sound_and_picture_of_different_length_fail() -> None:
    bad = report(sound=replace(SOUND, end=340))

    assert any("differ in length" in fault for fault in bad.faults)


def test_a_song_that_is_late_fails_and_one_within_a_millisecond_passes() -> None:
    assert report(lags=(AudioLag(0, 0.9), AudioLag(100, -0.9))).ok
    assert not report(lags=(AudioLag(0, 0.0), AudioLag(100, 23.2))).ok


def test_a_sound_of_other_packets_than_the_songs_fails_and_tells_no_lags() -> None:
    other = replace(SOUND, packets=SOUND.packets[:1])

    bad = report(sound=replace(other, end=300), lags=(AudioLag(0, 0.0),))

    assert bad.faults == ("The packets of the sound differ from those of the song.",)
    assert bad.audio_lags == ()


def test_packets_in_one_hash_are_those_of_their_canonical_json() -> None:
    packets = Listing(
        Fraction(1, 44100), "", (Packet(0, -1024, 3, "aa"), Packet(0, 44100, 4, "bb"))
    )

    assert packets_sha256(packets) == digest([["-256/11025", 3, "aa"], ["1", 4, "bb"]])


# --- chunks ----------------------------------------------------------------------------------

CHUNK = Chunk((piece(0), piece(3)))
TINY = b"".join(bytes([n]) * TINY_BYTES for n in range(6))


def test_a_chunk_is_proved_with_its_cuts() -> None:
    proof = prove(CHUNK, PROFILE, listing(0, 6, "p"), {0, 3}, TINY)

    assert proof.cuts == {0: "p0", 3: "p3"}
    assert set(proof.tiny) == {0, 2, 3, 5}
    assert read_proof(proof_json(proof)) == proof


def test_a_chunk_that_came_short_says_by_how_much() -> None:
    with pytest.raises(ChunkUnfit) as unfit:
        prove(CHUNK, PROFILE, listing(0, 4, "p"), {0, 3}, TINY[: 4 * TINY_BYTES])

    assert unfit.value.short_of == 2


def test_a_chunk_without_a_keyframe_at_its_cut_is_unfit() -> None:
    with pytest.raises(ChunkUnfit, match="no keyframe at its cut in frame 3"):
        prove(CHUNK, PROFILE, listing(0, 6, "p"), {0}, TINY)


def test_a_chunk_whose_frames_lie_unevenly_is_unfit() -> None:
    uneven = Listing(TICK, "e", (*listing(0, 5, "p").packets, Packet(6, 6, 1, "p6")))

    with pytest.raises(ChunkUnfit, match="evenly"):
        prove(CHUNK, PROFILE, uneven, {0, 3}, TINY)


def test_a_listing_is_read_as_ffmpeg_writes_it() -> None:
    text = (
        "#format: frame checksums\n#extradata 0,   48, 858103b5\n#tb 0: 1/30000\n"
        "#stream#, dts,        pts, duration,     size, hash\n"
        "0,      -2002,          0,     1001,    10277, 719b99f6\n"
    )

    read = read_listing(text)

    assert read == Listing(
        Fraction(1, 30000), "858103b5", (Packet(-2002, 0, 10277, "719b99f6"),), 1001
    )


def test_a_proof_that_was_tampered_with_is_refused() -> None:
    with pytest.raises(Invalid):
        read_proof(b'{"frames": "many"}')
