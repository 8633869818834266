"""Commands start light: what a film of kept parts, and a list of known beats, have no use for isn't
imported."""

import subprocess
import sys

HEAVY = {"numpy", "scipy", "librosa", "madmom", "PIL", "pillow_heif", "peewee", "psycopg", "flask"}


def test_commands_import_no_database_and_nothing_that_looks_at_media() -> None:
    program = """
import sys
import beatstitch.cli.beats
import beatstitch.cli.make
import beatstitch.cli.verify
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    imported = set(done.stdout.split())
    assert "click" in imported
    assert not imported & HEAVY
