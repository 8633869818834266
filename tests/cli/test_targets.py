"""Films as platforms want them: the shape, the codec and the sound of the finished file."""

import json
import subprocess
from pathlib import Path

from footage import ffmpeg, find_cuts, read_codes
from running import Run
from songs import Song

SHORT = ("--bpm", "120", "--offset", "0.5", "--duration", "6", "--quiet")


def test_a_square_film_in_h265_has_its_cuts_its_tag_and_its_loudness(
    beatstitch: Run, song: Song, clips: tuple[Path, ...], tmp_path: Path
) -> None:
    film = tmp_path / "f.mp4"

    said = beatstitch(
        "make", song.path, *clips, "-o", film, *SHORT, "--size", "640x360", "--fit", "contain",
        "--aspect", "1:1", "--codec", "h265", "--quality", "draft", "--loudness", "-16",
    )  # fmt: skip

    assert said.code == 0, said.err
    report = json.loads((tmp_path / "f.sync.json").read_bytes())
    assert report["ok"] and find_cuts(read_codes(film)) == [c["frame"] for c in report["cuts"][1:]]
    assert shown(film) == ("hevc", "hvc1", 360, 360, "yuv420p", "bt709")
    meter = "ebur128=metadata=1,ametadata=mode=print:key=lavfi.r128.I:file=-"
    measured = ffmpeg("-i", film, "-af", meter, "-vn", "-f", "null", "/dev/null").decode()
    assert abs(float(measured.rsplit("lavfi.r128.I=", 1)[1].split()[0]) + 16) < 1


def test_a_film_for_a_platform_has_its_size_and_can_be_heard_to_hold_its_clips(
    beatstitch: Run, song: Song, clips: tuple[Path, ...], tmp_path: Path
) -> None:
    clip, film = tmp_path / "loud.mp4", tmp_path / "f.mp4"
    tone = ("-f", "lavfi", "-i", "sine=frequency=3000:duration=8", "-map", "0:v", "-map", "1:a")
    ffmpeg("-i", clips[0], *tone, "-c:v", "copy", "-c:a", "aac", clip)

    said = beatstitch(
        "make", song.path, clip, "-o", film, *SHORT, "--profile", "tiktok", "--quality", "draft",
        "--clip-sound", "0", "--preview",
    )  # fmt: skip

    assert said.code == 0, said.err
    report = json.loads((tmp_path / "f.sync.json").read_bytes())
    assert max(abs(lag["lag_ms"]) for lag in report["audio_lags"]) <= 1
    assert shown(film)[2:4] == (360, 640)
    beep = ffmpeg("-i", film, "-vn", "-af", "bandpass=f=3000:w=50,volumedetect", "-f", "s16le", "-")
    assert max(abs(int.from_bytes(beep[i : i + 2], "little", signed=True)) for i in range(
        len(beep) // 2, len(beep) // 2 + 2000, 2)) > 500  # fmt: skip


def test_a_clip_that_drowns_the_song_makes_no_film_fail(
    beatstitch: Run, song: Song, clips: tuple[Path, ...], tmp_path: Path
) -> None:
    clip, film = tmp_path / "storm.mp4", tmp_path / "f.mp4"
    wind = ("-f", "lavfi", "-i", "anoisesrc=d=8:c=pink:a=0.9:seed=3", "-map", "0:v", "-map", "1:a")
    ffmpeg("-i", clips[0], *wind, "-c:v", "copy", "-c:a", "aac", clip)

    said = beatstitch(
        "make", song.path, clip, "-o", film, *SHORT, "--size", "320x180", "--clip-sound", "12"
    )

    assert said.code == 0, said.err
    report = json.loads((tmp_path / "f.sync.json").read_bytes())
    assert report["ok"] and all(abs(lag["lag_ms"]) <= 1 for lag in report["audio_lags"])


def shown(film: Path) -> tuple[str, str, int, int, str, str]:
    """What ffprobe says of the picture."""
    names = ("codec_name", "codec_tag_string", "width", "height", "pix_fmt", "color_space")
    said = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v", "-of", "json", "-show_entries",
         f"stream={','.join(names)}", film],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    stream = json.loads(said)["streams"][0]
    return tuple(stream[name] for name in names)  # type: ignore[return-value]
