"""What is imported is declared, and what is declared is locked."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def _name(requirement: str) -> str:
    """A distribution's name as the registries compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", requirement)[0]).lower()


def _imported() -> Iterator[str]:
    for path in sorted((ROOT / "beatstitch").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.split(".")[0]


def test_every_package_that_is_imported_is_declared() -> None:
    brought_by = importlib.metadata.packages_distributions()
    outside = set(_imported()) - sys.stdlib_module_names - {"beatstitch"}

    needed = {_name(brought_by[package][0]) for package in outside}

    optional = [r for name, extra in EXTRAS.items() if name != "dev" for r in extra]
    assert needed <= {_name(r) for r in [*PROJECT["dependencies"], *optional]}


def test_a_service_gets_all_that_it_needs_and_no_tools() -> None:
    parts = (ROOT / "requirements.lock").read_text().split("# For development and tests")

    service, tools = ({_name(line) for line in part.splitlines() if "==" in line} for part in parts)

    needed = [*PROJECT["dependencies"], *EXTRAS["postgresql"], *EXTRAS["build"]]
    assert {_name(r) for r in needed} <= service
    assert {"hypothesis", "mypy", "pytest", "ruff", "schemathesis"} <= tools
    assert service.isdisjoint(tools)


def test_everything_declared_is_locked() -> None:
    lock = (ROOT / "requirements.lock").read_text()

    locked = {_name(line) for line in lock.splitlines() if "==" in line}

    declared = [*PROJECT["dependencies"], *(r for extra in EXTRAS.values() for r in extra)]
    assert {_name(r) for r in declared} <= locked
