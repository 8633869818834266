"""The versions that are part of every cache key."""

import re
import subprocess

from beatstitch.ffmpeg.fingerprint import fingerprint


def test_the_fingerprint_names_all_versions() -> None:
    installed = subprocess.run(["ffmpeg", "-version"], check=True, capture_output=True, text=True)

    assert fingerprint().startswith(f"ffmpeg {installed.stdout.split()[2]}, ")
    assert re.search(r", x264 \d{3}.*, x265 \d{3}", fingerprint())
