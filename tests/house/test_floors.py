"""The house stands: imports go down only, and floor 1 is a function of its arguments."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOOR_1 = ("beats", "timeline", "render")


def _modules() -> list[Path]:
    return [path for room in FLOOR_1 for path in sorted((ROOT / "beatstitch" / room).rglob("*.py"))]


def _calls(path: Path) -> Iterator[ast.Call]:
    return (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call))


def test_imports_go_down_only() -> None:
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_floor_1_draws_lots_from_a_given_seed_only(path: Path) -> None:
    from_random = {
        name.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom | ast.Import)
        for name in node.names
        if name.name == "random" or getattr(node, "module", None) == "random"
    }
    unseeded = [c for c in _calls(path) if ast.unparse(c.func) == "Random" and not c.args]

    assert from_random <= {"Random"}
    assert not unseeded


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_floor_1_reads_no_clock_and_no_file(path: Path) -> None:
    impure = ("now", "utcnow", "today", "open", "read_text", "read_bytes", "write_text")

    used = [ast.unparse(c) for c in _calls(path) if ast.unparse(c.func).split(".")[-1] in impure]

    assert not used
