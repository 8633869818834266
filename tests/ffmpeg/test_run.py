"""One confined FFmpeg: progress, faults as codes, and no path in what it says."""

import threading
from pathlib import Path
from typing import Any

import pytest

from beatstitch.errors import Cancelled, InsufficientStorage, Unavailable
from beatstitch.ffmpeg.faults import FFmpegFailed, said
from beatstitch.ffmpeg.run import Limits, Progress, Source, capture, run
from beatstitch.process import Finished, OutputTooLarge, ProcessTimeout, sandbox
from footage import coded_clip, read_codes

AMPLE = Limits(timeout_s=60)
FAST = ("-c:v", "libx264", "-preset", "ultrafast")


def to(folder: Path, *options: str) -> dict[str, Any]:
    """Options that end in a film in `folder`, and that film as the output."""
    film = folder / "film.mp4"
    return {"options": (*options, str(film)), "outputs": [film]}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_a_clip_becomes_a_film_with_every_frame(clips: tuple[Path, ...], out: Path) -> None:
    source = Source(clips[0], "mov", ("-ss", "1"))

    said = run([source], **to(out, *FAST, "-frames:v", "30"), limits=AMPLE)

    assert [code and code.frame for code in read_codes(out / "film.mp4")] == list(range(30, 60))
    assert said == ""


def test_progress_grows_and_ends_at_the_last_frame(clips: tuple[Path, ...], out: Path) -> None:
    heard: list[Progress] = []

    run([Source(clips[0], "mov")], **to(out, *FAST), limits=AMPLE, on_progress=heard.append)

    assert [p.frame for p in heard] == sorted({p.frame for p in heard})
    assert heard[-1].frame == 90
    assert heard[-1].out_time_us == pytest.approx(3_000_000, abs=100_000)


def test_what_is_not_known_yet_is_no_progress(out: Path) -> None:
    heard: list[Progress] = []
    silence = ("-filter_complex", "anullsrc", "-t", "0.2", "-c:a", "aac")

    run([], **to(out, *silence), limits=AMPLE, on_progress=heard.append)

    assert all(p.frame == 0 and p.out_time_us > 0 for p in heard)


def test_text_is_captured(clips: tuple[Path, ...]) -> None:
    options = ("-map", "0:v", "-f", "framehash", "pipe:1")

    text = capture([Source(clips[0], "mov")], options, limits=AMPLE).decode()

    assert len([line for line in text.splitlines() if not line.startswith("#")]) == 90


def test_our_own_list_of_chunks_is_joined(tmp_path: Path, out: Path) -> None:
    chunks = [coded_clip(tmp_path / f"{n}.mp4", n, frames=15) for n in (1, 2)]
    listing = tmp_path / "list.txt"
    listing.write_text("".join(f"file '{chunk.name}'\n" for chunk in chunks))
    source = Source(listing, "concat", parts=tuple(chunks))

    run([source], **to(out, "-c", "copy"), limits=AMPLE)

    assert [code and code.clip_id for code in read_codes(out / "film.mp4")] == [1] * 15 + [2] * 15


def test_thousands_of_chunks_are_joined(tmp_path: Path, out: Path) -> None:
    chunk = coded_clip(tmp_path / "chunk.mp4", 1, frames=1, size=(64, 64))
    parts = [tmp_path / f"{n}.mp4" for n in range(3000)]
    for part in parts:
        part.hardlink_to(chunk)
    listing = tmp_path / "list.txt"
    listing.write_text("".join(f"file {part.name}\n" for part in parts))
    heard: list[Progress] = []

    source = Source(listing, "concat", parts=tuple(parts))
    run([source], **to(out, "-c", "copy"), limits=AMPLE, on_progress=heard.append)

    assert heard[-1].frame == 3000


def test_a_wish_to_stop_ends_an_encode_in_the_middle(out: Path) -> None:
    stop = threading.Event()
    endless = ("-filter_complex", "testsrc=size=320x240", *FAST)

    with pytest.raises(Cancelled):
        run([], **to(out, *endless), limits=AMPLE, on_progress=lambda _: stop.set(), stop=stop)


def test_an_endless_film_ends_at_the_deadline(out: Path) -> None:
    with pytest.raises(ProcessTimeout):
        run([], **to(out, "-filter_complex", "testsrc", *FAST), limits=Limits(timeout_s=0.5))


def test_a_film_grows_only_to_its_limit(out: Path) -> None:
    limits = Limits(timeout_s=60, file_bytes=50_000)

    with pytest.raises(OutputTooLarge):
        run([], **to(out, "-filter_complex", "mandelbrot", "-t", "60", *FAST), limits=limits)


@pytest.mark.parametrize(
    ("oddity_name", "demuxer", "code"),
    [
        ("cut_without_index.mp4", "mov", "corrupt_media"),
        ("text.mp4", "mov", "corrupt_media"),
        ("shorter_than_a_bar.wav", "wav", "no_such_stream"),
        ("bomb.png", "png_pipe", "too_many_pixels|corrupt_media"),
    ],
)
def test_a_bad_input_has_a_code_and_a_sentence_without_a_path(
    oddity: Any, out: Path, oddity_name: str, demuxer: str, code: str
) -> None:
    path = oddity(oddity_name)

    with pytest.raises(FFmpegFailed) as refused:
        run([Source(path, demuxer)], **to(out, "-map", "0:v", *FAST), limits=AMPLE, name="It")

    assert refused.value.code in code.split("|")
    assert refused.value.message.startswith("It ")
    for words in (refused.value.message, refused.value.tail):
        assert str(path.parent) not in words
        assert str(out) not in words


def test_too_little_memory_has_a_code(clips: tuple[Path, ...], out: Path) -> None:
    starved = Limits(timeout_s=60, memory_bytes=350 * 1024**2)
    huge = ("-vf", "scale=8000:8000", *FAST)

    with pytest.raises(FFmpegFailed) as refused:
        run([Source(clips[0], "mov")], **to(out, *huge), limits=starved)

    assert refused.value.code == "out_of_memory"


def test_an_encoder_that_is_not_there_is_not_the_files_fault(
    clips: tuple[Path, ...], out: Path
) -> None:
    with pytest.raises(Unavailable):
        run([Source(clips[0], "mov")], **to(out, "-c:v", "libnosuch"), limits=AMPLE)


@pytest.mark.skipif(sandbox() != "bubblewrap", reason="needs the sandbox's small disk")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    film = Path("/tmp/film.nut")  # noqa: S108  the sandbox's own, of 64 MiB
    raw = ("-filter_complex", "testsrc=size=1280x720,format=yuv420p", "-frames:v", "60")

    with pytest.raises(InsufficientStorage) as refused:
        run([], (*raw, "-c:v", "rawvideo", str(film)), [], limits=AMPLE)

    assert refused.value.code == "disk_full"


def test_a_full_disk_is_told_although_ffmpeg_ends_well() -> None:
    # As seen on a tmpfs of 20 kB: the film's index was lost and the exit code was 0.
    words = "Error writing trailer of /data/film.mp4: No space left on device\n"

    with pytest.raises(InsufficientStorage):
        said(Finished(0, b"", words), (), "film.mp4")


def test_a_crash_of_a_decoder_is_the_files_fault() -> None:
    with pytest.raises(FFmpegFailed) as refused:
        said(Finished(-11, b"", ""), (), "film.mp4")

    assert refused.value.code == "decoder_crashed"
    assert refused.value.message.startswith("film.mp4 ")


def test_cpu_time_that_ran_out_is_told_although_ffmpeg_catches_the_signal() -> None:
    with pytest.raises(FFmpegFailed) as refused:
        said(Finished(255, b"", ""), (), "film.mp4")

    assert refused.value.code == "timeout"


def test_no_path_stays_in_what_was_said() -> None:
    known = Path("/data/up loads/it's.mp4")
    words = f"{known}: odd\nfile:{known}: odder\n[mov @ 0x55] /etc/ssl/key: oddest\n"

    tail = said(Finished(0, b"", words), (known,), "It")

    assert tail == "<file>: odd\n<file>: odder\n[mov @ 0x55] <file>: oddest\n"


@pytest.mark.parametrize(
    ("out_time_us", "duration_us", "percent"),
    [(0, 10, 20), (5, 10, 50), (10, 10, 80), (30, 10, 80), (3, 0, 80), (0, 0, 20)],
)
def test_progress_stays_within_its_part_of_the_way(
    out_time_us: int, duration_us: float, percent: int
) -> None:
    assert Progress(0, out_time_us).percent(duration_us, 20, 80) == percent
