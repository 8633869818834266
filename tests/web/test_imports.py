"""The web process is light: it never imports what decodes media."""

import subprocess
import sys

HEAVY = {"numpy", "scipy", "librosa", "madmom", "numba", "PIL", "pillow_heif", "soundfile"}


def test_the_app_and_every_kind_of_job_it_submits_import_nothing_heavy() -> None:
    program = """
import sys
import beatstitch.cli.serve
from beatstitch.jobs.kinds import KINDS
for kind in KINDS.values():
    kind.module("args")
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    imported = set(done.stdout.split())
    assert "flask" in imported
    assert not imported & HEAVY
