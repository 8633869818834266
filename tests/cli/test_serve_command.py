"""`beatstitch serve`, where it refuses to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from beatstitch.cli.main import BAD_USE, run
from beatstitch.settings import settings


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings of the test's own, for somebody who develops."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORAGE_PATH", str(tmp_path))
    monkeypatch.setenv("DEBUG", "true")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize("where", [("--host", "0.0.0.0"), ("--socket", "here.sock")])  # noqa: S104
def test_faults_are_not_shown_to_the_public(
    where: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["serve", *where])

    assert code == BAD_USE
    assert "DEBUG=false" in capsys.readouterr().err
