"""What is committed belongs here: no big files, no traces of a machine, docs in step with code."""

import re
import subprocess
from pathlib import Path

import pytest

from beatstitch.settings import Settings

ROOT = Path(__file__).parents[2]
LARGEST_BYTES = 200_000
# Written so that this file does not hold what it looks for.
MACHINE = re.compile(rb"/(?:wor[k]|roo[t]|hom[e]/\w+|tmp/[v]env|Use[r]s)/")


def _committed() -> list[Path]:
    """The files under version control, and those that would be added to it."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = listing.stdout.decode().split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file()]


def test_no_file_is_large() -> None:
    large = {
        path.name: size for path in _committed() if (size := path.stat().st_size) > LARGEST_BYTES
    }

    assert not large


def test_nothing_names_a_place_on_somebodys_machine() -> None:
    traces = {
        str(path.relative_to(ROOT)): found.group().decode()
        for path in _committed()
        if (found := MACHINE.search(path.read_bytes()))
    }

    assert not traces


def test_the_lock_names_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()

    assert "--hash=sha256:" in lock
    assert not re.search(r"://|--index|--extra-index|--find-links", lock)


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    field = Settings.model_fields[name]
    page = (ROOT / "docs" / "settings.md").read_text()

    rows = [row for row in page.splitlines() if row.startswith(f"| `{field.validation_alias}` |")]

    assert len(rows) == 1
    assert rows[0].endswith(f"| {field.description} |")
    assert not field.default or field.default_factory or f"| `{field.default}` |" in rows[0]


def test_every_documented_setting_exists() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()

    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE))
    assert documented == {str(f.validation_alias) for f in Settings.model_fields.values()}
