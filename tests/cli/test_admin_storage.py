"""`flask storage …`: files held against rows, from the command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import backstage
from beatstitch.cli.admin_storage import storage
from beatstitch.db import media
from beatstitch.storage.configured import configured
from callers import Caller, anna, app, deployment

__all__ = ["anna", "app", "deployment"]


@pytest.fixture
def project(anna: Caller) -> str:
    """The id of a project with a photo that has been looked at."""
    address = anna.project()
    backstage.looked_at(anna.medium(address))
    return address.rsplit("/", 1)[1]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(storage, arguments)


def test_files_that_are_as_their_rows_say_are_counted(project: str) -> None:
    verified = run("verify")

    assert verified.exit_code == 0
    assert verified.output == "2 files are named by rows; 0 are wrong, 0 are nobody's.\n"


def test_a_file_that_is_not_there_is_named_and_ends_with_1(project: str) -> None:
    (asset,) = media.of_project(project)
    configured().delete(asset.original_key)
    left = backstage.lay(f"uploads/{project}/media/left.jpg")

    verified = run("verify", "--quick")

    assert verified.exit_code == 1
    assert f"{asset.original_key} is not there (media_assets.original_key)" in verified.output
    assert f"{left} is named by no row (5 bytes)" in verified.output
    assert "1 are wrong, 1 are nobody's." in verified.output


def test_a_sweep_says_first_what_would_go(project: str, deployment: Path) -> None:
    left = backstage.lay(f"uploads/{project}/media/left.jpg")

    young = run("sweep")
    tried = run("sweep", "--dry-run", "--older-than", "0")
    done = run("sweep", "--older-than", "0")

    assert young.output == "0 files of 0 bytes have gone.\n"
    assert tried.output == f"{left} (5 bytes)\n1 files of 5 bytes would go.\n"
    assert done.output == "1 files of 5 bytes have gone.\n"
    assert not (deployment / left).exists()
    assert run("verify").exit_code == 0
