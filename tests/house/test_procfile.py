"""`make run` starts what the Procfile names, and those are commands that there are."""

from pathlib import Path

from beatstitch.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]


def test_the_procfile_starts_a_server_and_a_worker() -> None:
    lines = (ROOT / "Procfile").read_text().splitlines()

    processes = dict(line.split(": ") for line in lines)

    assert processes == {"web": "beatstitch serve", "worker": "beatstitch worker"}
    assert {command.split()[1] for command in processes.values()} <= set(COMMANDS)
