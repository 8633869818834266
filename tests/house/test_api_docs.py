"""docs/api.md is in step: every route stands in it, and every error with its words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from beatstitch import errors
from beatstitch.errors import BeatstitchError
from beatstitch.ffmpeg import strangers
from beatstitch.web import problems

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text()
ASKED = (
    "web/**/*.py",
    "beats/changes.py",
    "beats/edit.py",
    "beats/energy.py",
    "beats/given.py",
    "beats/grid.py",
    "beats/steady.py",
    "beats/taps.py",
    "db/[!s]*.py",
    "jobs/render_film/wanted.py",
    "inventory/partial.py",
    "queue/cancel.py",
    "queue/submit.py",
    "storage/*.py",
    "timeline/changes.py",
    "timeline/check.py",
    "timeline/cutting.py",
    "timeline/desk.py",
    "timeline/given.py",
    "timeline/showing.py",
    "ffmpeg/sniff.py",
)
"""Where a request can meet an error."""
OPERATORS = {"bad_setting"}
"""What only a wrong setting brings about."""
_OTHERWISE = {
    "bad_request": 400,
    "headers_too_large": 431,
    "internal_error": 500,
    "not_implemented": 501,
}
"""What the server refuses before the app is asked, and what nobody foresaw."""


def _vocabulary() -> dict[str, type[BeatstitchError]]:
    known = {**vars(errors), **vars(problems)}
    return {
        name: kind
        for name, kind in known.items()
        if isinstance(kind, type) and issubclass(kind, BeatstitchError)
    }


def _status(kind: type[BeatstitchError]) -> int:
    return next(problems.STATUS[base] for base in kind.__mro__ if base in problems.STATUS)


def _words(message: ast.expr) -> str:
    """The sentence as it stands in the source, with … for what is filled in."""
    if isinstance(message, ast.Constant):
        return str(message.value)
    if isinstance(message, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in message.values)
    if isinstance(message, ast.BinOp):
        return _words(message.left) + _words(message.right)
    return "…"


def _raised() -> Iterator[tuple[str, int, str]]:
    """(code, status, message) of every error that a request can meet."""
    vocabulary = _vocabulary()
    for pattern in ASKED:
        for path in sorted((ROOT / "beatstitch").glob(pattern)):
            for call in ast.walk(ast.parse(path.read_text())):
                name = ast.unparse(call.func).split(".")[-1] if isinstance(call, ast.Call) else ""
                if name not in vocabulary or not isinstance(call, ast.Call) or len(call.args) < 2:
                    continue
                if isinstance(call.args[0], ast.Attribute):
                    # Raised again with its place; the code is that of the first time.
                    continue
                code = ast.literal_eval(call.args[0])
                status = _OTHERWISE.get(code) or _status(vocabulary[name])
                shown = "insufficient_storage" if status == 507 else code
                yield shown, status, _words(call.args[1])
    for status, (code, message) in problems._HTTP.items():
        yield code, status, message
    for _, _, code, sentence in strangers._BINARY_KINDS:
        yield code, 415, f"… {sentence}"
    for _, code, sentence in strangers._TEXT_KINDS:
        yield code, 415, f"… {sentence}"
    yield "validation_error", 422, "…: …"


def table() -> list[str]:
    """The rows of the page's table of errors."""
    rows = {row for row in _raised() if row[0] not in OPERATORS}
    return [
        f"| `{code}` | {status} | {message} |"
        for code, status, message in sorted(rows, key=lambda row: (row[1], row[0], row[2]))
    ]


def test_every_error_is_documented_in_its_own_words() -> None:
    documented = [row for row in PAGE.splitlines() if re.match(r"\| `\w+` \| \d+ \|", row)]

    assert documented == table()


def test_every_route_is_documented(app: Flask) -> None:
    routes = {
        f"{method} {rule.rule.replace('<', '{').replace('>', '}')}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    documented = set(re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)` \|", PAGE, re.M))

    assert documented == routes
