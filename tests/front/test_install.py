"""What `make install` lays down: units that are sound and closed, a key, and nothing twice."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from beatstitch.settings import Settings

ROOT = Path(__file__).parents[2]
MOST_EXPOSED = {"beatstitch-web.service": 1.5, "beatstitch-worker.service": 2.0}


def _install(folder: Path) -> Path:
    """Stage the files in this folder, for a service whose programs are ours; gives its etc."""
    prefix = folder / "prefix"
    if not prefix.exists():
        prefix.mkdir()
        (prefix / "venv").symlink_to(sys.prefix)
    subprocess.run(
        ["make", "-s", "install-files", f"DESTDIR={folder}", f"PREFIX={prefix}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return folder / "etc"


@pytest.fixture(scope="module")
def etc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The staged /etc."""
    return _install(tmp_path_factory.mktemp("install"))


def test_systemd_finds_nothing_wrong_with_the_units(etc: Path) -> None:
    units = sorted((etc / "systemd" / "system").iterdir())

    done = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("unit", MOST_EXPOSED)
def test_a_unit_is_closed_as_far_as_its_work_allows(etc: Path, unit: str) -> None:
    done = subprocess.run(
        [
            *("systemd-analyze", "security", "--offline=true", "--no-pager"),
            etc / "systemd" / "system" / unit,
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    overall = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert overall, done.stderr
    assert float(overall[1]) <= MOST_EXPOSED[unit]


def test_the_worker_may_do_what_its_sandbox_needs() -> None:
    unit = (ROOT / "systemd" / "beatstitch-worker.service").read_text()

    assert "RestrictNamespaces=user mnt net pid ipc uts cgroup" in unit
    assert "@mount" in unit
    # numba writes machine code and runs it.
    assert "MemoryDenyWriteExecute" not in unit


def test_the_settings_are_for_the_service_alone_and_good(etc: Path) -> None:
    file = etc / "beatstitch" / "env"

    values = dict(
        line.split("=", 1) for line in file.read_text().splitlines() if not line.startswith("#")
    )

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(values["SECRET_KEY"]) >= 32
    assert set(values) <= {str(f.validation_alias) for f in Settings.model_fields.values()}
    assert f"alias {values['STORAGE_PATH']}/" in (ROOT / "nginx" / "beatstitch.conf").read_text()


def test_a_second_installation_keeps_the_key_and_the_site(tmp_path: Path) -> None:
    etc = _install(tmp_path)
    kept = [etc / "beatstitch" / "env", etc / "nginx" / "sites-available" / "beatstitch"]
    for file in kept:
        file.write_text("# mine\n")

    _install(tmp_path)

    assert [file.read_text() for file in kept] == ["# mine\n"] * 2
    assert (etc / "nginx" / "sites-enabled" / "beatstitch").read_text() == "# mine\n"
