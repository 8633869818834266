"""`beatstitch serve`, where it refuses to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from beatstitch.cli.main import BAD_USE, FAILED, run
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


def test_a_file_that_is_no_socket_is_neither_replaced_nor_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEBUG", "false")
    monkeypatch.setenv("SECRET_KEY", "for tests only: 0123456789 0123456789")
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Anna")

    code = run(["serve", "--socket", str(letter)])

    assert code == FAILED
    assert "can't be listened on" in capsys.readouterr().err
    assert letter.read_text() == "Dear Anna"
